"""The check on the closed-form read-outs: a decoder trained by gradient descent on some of the same cells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn.functional import mse_loss

from depara_core.files import Progress
from depara_core.rooms import TASKS
from depara_core.training.scene_pool import ScenePool
from depara_core.training.transfer import SplitReadouts, make_splits, open_source
from depara_core.zoo.rooms_network import Decoder

CHECKED_SOURCES = ("normal", "edge_texture", "autoencoding", "class_scene", "random")
CHECKED_TARGETS = ("depth_zbuffer", "keypoints2d", "vanishing_point")  # none of them corrupts the picture
STEPS, BATCH, RATE = 300, 32, 2e-3


def check_with_decoders(
    pool: ScenePool,
    *,
    folder: Path | None = None,
    seed: int = 0,
    sources: Sequence[str] = CHECKED_SOURCES,
    targets: Sequence[str] = CHECKED_TARGETS,
    steps: int = STEPS,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return for each target both losses of each source (first split, largest budget) and their rank correlation."""
    split = make_splits()[0]
    studies = {name: SplitReadouts(open_source(name, folder), pool, split, "") for name in sources}
    budget = len(next(iter(studies.values())).train)
    checked = []
    for number, target in enumerate(targets):
        task, trained, closed = TASKS[target], {}, {}
        for place, (name, study) in enumerate(studies.items()):
            if progress:
                progress(number * len(studies) + place, len(targets) * len(studies), f"Decoder of {target} on {name}")
            closed[name] = float(next(study.losses([task], budget))[2].mean())
            trained[name] = _train(study, target, steps, seed)
        agreement = float(spearmanr([closed[name] for name in sources], [trained[name] for name in sources]).statistic)
        checked.append({"target": target, "closed_form": closed, "trained": trained, "spearman": agreement})
    return checked


def _train(study: SplitReadouts, target: str, steps: int, seed: int) -> float:
    """Train the zoo's own decoder on the frozen codes and return its loss on the test scenes."""
    task = TASKS[target]
    rows = torch.arange(len(study.train)).numpy(), torch.arange(len(study.test)).numpy()
    learned, asked = study.targets(task, *rows)
    torch.manual_seed(seed)
    decoder = Decoder(task).train()
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        batch = torch.randint(len(learned), (BATCH,), generator=generator)
        loss = mse_loss(decoder(study.train[batch].clone()), learned[batch])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return float(mse_loss(_decode(decoder.eval(), study.test), asked))


@torch.inference_mode()
def _decode(decoder: Decoder, codes: Tensor) -> Tensor:
    return torch.cat([decoder(part) for part in codes.split(BATCH)])
