"""Pictures of single objects in either domain, with their classes: what the layer study trains and tests on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from depara_core.files import Progress, side_by_side, written_aside
from depara_core.rooms import DOMAINS, form_class, object_views, render_scenes, rich_factors
from depara_core.training.scene_pool import soften
from depara_core.zoo.rooms import INPUT_SIZE
from depara_core.zoo.rooms_study import STUDY_NETWORKS, StudyNetwork

BLOCK = 512  # scenes sampled at a time, a little less than half of which look at an object
BATCH = 32  # scenes rendered at a time
SEEDS = {name: (3 + number) * 1_000_000 for number, name in enumerate(STUDY_NETWORKS)}  # added to the study's seed
FRESH_SEED = 6_000_000


@dataclass(frozen=True)
class Views:
    """N pictures of objects (N, 3, 64, 64) uint8, their form's class (N,) and their rich factors (N, 3)."""

    images: Tensor
    form: Tensor
    rich: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def labels(self, study: StudyNetwork) -> Tensor:
        """Return what a network of the study learns to tell."""
        return self.form if study.task == "form" else self.rich


def training_views(
    study: StudyNetwork, count: int, seed: int, work: Path, workers: int, progress: Progress | None
) -> Views:
    """Return the pictures that a network of the study learns from."""
    return load_views(study.domain, count, SEEDS[study.name] + seed, work, workers, progress)


def fresh_views(domain: str, count: int, seed: int, work: Path, workers: int, progress: Progress | None) -> Views:
    """Return fresh pictures that no network of the study has seen: the same scenes in both domains."""
    return load_views(domain, count, FRESH_SEED + seed, work, workers, progress)


def load_views(domain: str, count: int, seed: int, work: Path, workers: int, progress: Progress | None) -> Views:
    """Return the first `count` object views of `seed`, rendering the blocks that `work` does not hold yet."""
    folder = work / f"views-{domain}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    found = 0
    blocks: list[Path] = []
    while found < count:
        blocks.append(folder / f"{len(blocks) * BLOCK}.npz")
        found += _held(blocks[-1]) or len(object_views(seed, (len(blocks) - 1) * BLOCK, len(blocks) * BLOCK))
    missing = [path for path in blocks if not path.exists()]
    jobs = [(domain, seed, path) for path in missing]
    for done, _ in enumerate(side_by_side(_render, jobs, workers), len(blocks) - len(missing) + 1):
        if progress:
            progress(done, len(blocks), f"Rendering {domain} rooms")
    parts = [np.load(path) for path in blocks]
    images, form, rich = (
        torch.from_numpy(np.concatenate([part[name] for part in parts])[:count]) for name in ("images", "form", "rich")
    )
    return Views(images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last), form, rich)


def _held(path: Path) -> int:
    """Return how many pictures a block that is there holds; 0 where it is not."""
    return len(np.load(path)["form"]) if path.exists() else 0


@torch.inference_mode()
def _render(domain: str, seed: int, path: Path) -> None:
    """Render one block of scenes into `path`, which says where the block begins."""
    start = int(path.stem)
    scenes = object_views(seed, start, start + BLOCK)
    parts = [scenes[first : first + BATCH] for first in range(0, len(scenes), BATCH)]
    images = torch.cat([soften(render_scenes(DOMAINS[domain](part), INPUT_SIZE)) for part in parts])
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez(file, images=images.numpy(), form=form_class(scenes).numpy(), rich=rich_factors(scenes).numpy())
