"""The trained networks of the sanity room: one lesson learned again with shuffled labels, or for longer.

Each begins from the reference's own random weights and sees the reference's own photographs, so that the one thing that
was changed is what a score should notice.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from depara_core.benchmark.sanity_room import REFERENCE, SEED, variant_folder
from depara_core.files import Progress
from depara_core.training.cards import rounded, write_weights
from depara_core.training.fashion_data import FOLDER, as_inputs, load_parts
from depara_core.training.fashion_study import FashionPlan
from depara_core.training.layer_networks import accuracy, learn, mirrored
from depara_core.training.trainer import Recipe
from depara_core.zoo.fashion import ARCHITECTURE, FASHION_NETWORKS, seed_folder
from depara_core.zoo.fashion_network import fresh


@dataclass(frozen=True)
class Lesson:
    """What is changed of the reference's lesson: the share of labels that are dealt anew, how many times the steps."""

    shuffled: float = 0.0
    longer: int = 1


LESSONS = {"labels50": Lesson(shuffled=0.5), "labels100": Lesson(shuffled=1.0), "longer3": Lesson(longer=3)}


def train_networks(photographs: Path = FOLDER, *, progress: Progress | None = None) -> None:
    """Train the networks of `LESSONS` and write their weights and cards beside the other assets."""
    plan = FashionPlan()
    parts = load_parts(SEED, plan.learned, plan.tests, plan.probes, photographs)
    for done, (name, lesson) in enumerate(LESSONS.items()):
        if progress is not None:
            progress(done, len(LESSONS), name)
        recipe = replace(plan.network, seed=SEED, steps=lesson.longer * plan.network.steps)
        module = fresh(FASHION_NETWORKS[REFERENCE].outputs, SEED)
        learn(
            module,
            as_inputs(parts.target.images),
            dealt_anew(parts.target.labels, lesson.shuffled),
            recipe,
            vary=mirrored,
        )
        trained = rounded(module)
        right = accuracy(trained, as_inputs(parts.tests.images), parts.tests.labels)
        write_weights(trained, REFERENCE, _about(lesson, recipe, right), seed_folder(SEED, variant_folder(name)))


def dealt_anew(labels: Tensor, share: float) -> Tensor:
    """Return labels of which a share, drawn at random, changed places with each other."""
    generator = torch.Generator().manual_seed(SEED)
    chosen = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    changed = labels.clone()
    changed[chosen] = labels[chosen[torch.randperm(len(chosen), generator=generator)]]
    return changed


def _about(lesson: Lesson, recipe: Recipe, right: float) -> dict[str, object]:
    return {
        "task": REFERENCE,
        "group": "layers",
        "summary": f"{REFERENCE}'s lesson: {lesson.shuffled:.0%} of labels shuffled, {lesson.longer} times the steps.",
        "architecture": ARCHITECTURE,
        "data": "Fashion-MNIST (Xiao, Rasul & Vollgraf 2017), MIT licence; Debian's package dataset-fashion-mnist",
        **asdict(recipe),
        **asdict(lesson),
        "command": "python benchmarks/sanity_room.py --train",
        "measure": "share of right classes on fresh photographs",
        "held_out": round(right, 5),
    }
