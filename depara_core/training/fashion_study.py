"""Measured layer transfer on photographs: two networks cut at every layer, the rest begun anew on a few labels.

Yosinski et al. (NeurIPS 2014): layers 1 .. k of a source are frozen and what follows starts from random weights, so
that a cut is worth what its features are worth; fine-tuning what follows, as DEPARA's own experiment did, gives early
cuts a head start. Labels and random weights are shared over the cuts of a repetition: cuts are compared in pairs. The
design was settled by accuracies alone, on seed 0, before any score was looked at; scores are reported on others.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from depara_core.benchmark.layer_table import ANEW, COLUMNS, DEVELOPMENT, SCRATCH, TUNED, layer_table_path
from depara_core.errors import OptionError
from depara_core.files import Progress, write_whole
from depara_core.training.cards import GATE, origin, rounded, write_weights
from depara_core.training.fashion_data import FOLDER, Parts, Photographs, as_inputs, drawn, load_parts, turned
from depara_core.training.layer_networks import accuracy, apply, constant_accuracy, learn, mirrored
from depara_core.training.trainer import HeldOutScore, Recipe
from depara_core.zoo import fashion
from depara_core.zoo.fashion import CUTS, FASHION_NETWORKS, FASHION_SOURCES, SOURCE, TARGET, seed_folder
from depara_core.zoo.fashion_network import fresh, load_network
from depara_core.zoo.rooms import card, weights_path
from depara_core.zoo.rooms_vgg import Vgg

Row = dict[str, Any]


@dataclass(frozen=True)
class FashionPlan:
    """How the study is done: photographs a network learns from, to test on and to probe with, recipes, repetitions."""

    learned: int = 12_000
    tests: int = 1500
    probes: int = 200
    labelled: int = 1000  # photographs of the target that labels are drawn from: 100 and 10 are 10 % and 1 % of them
    network: Recipe = field(default_factory=lambda: Recipe(steps=450, batch=64, rate=4e-3, warmup=50))
    students: dict[int, Recipe] = field(
        default_factory=lambda: {
            100: Recipe(steps=100, batch=32, rate=4e-3, warmup=10),
            10: Recipe(steps=100, batch=10, rate=4e-3, warmup=10),
        }
    )
    repetitions: int = 8


def record_fashion(
    seeds: Sequence[int] = (0, 1, 2, 3),
    *,
    way: str = ANEW,
    plan: FashionPlan | None = None,
    photographs: Path = FOLDER,
    zoo: Path | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train each seed's three networks, measure every cut, write the table as it grows, and return its path.

    Networks and rows that are there already, made by the same plan, are kept: an interrupted run goes on where it
    stopped. `progress(done, total, message)` counts cuts.
    """
    plan = plan or FashionPlan()
    if way not in (ANEW, TUNED) or not seeds or min(seeds) < 0 or plan.repetitions < 1:
        raise OptionError(
            f"Expected seeds >= 0, at least one repetition and the way {ANEW!r} or {TUNED!r}; got {list(seeds)}, "
            f"{plan.repetitions} and {way!r}."
        )
    path = layer_table_path(folder)
    rows = _known(path, plan)
    done = {(row["seed"], row["way"], row["source"], row["k"], row["repetition"]) for row in rows}
    cuts = [
        *((name, k) for name in FASHION_SOURCES for k in range(1, len(CUTS) + 1)),
        *([(SCRATCH, 0)] if way == ANEW else []),
    ]
    for number, seed in enumerate(seeds):
        missing = {
            (name, k): [r for r in range(plan.repetitions) if (seed, way, _id(name, seed), k, r) not in done]
            for name, k in cuts
        }
        if not any(missing.values()):
            continue
        parts = load_parts(seed, plan.learned, plan.tests, plan.probes, photographs)
        _train(parts, seed, plan, zoo)
        for place, ((name, k), repetitions) in enumerate(missing.items(), 1):
            if repetitions:
                rows += measure_cut(name, k, repetitions, way, parts, seed, plan, zoo)
                _write(path, rows, plan)
            if progress:
                progress(number * len(cuts) + place, len(seeds) * len(cuts), f"Seed {seed}: {name} cut at {k}")
    return path


def _id(name: str, seed: int) -> str:
    return SCRATCH if name == SCRATCH else f"{SOURCE}/{name}@seed{seed}"


def _train(parts: Parts, seed: int, plan: FashionPlan, zoo: Path | None) -> None:
    """Train those networks of a seed that are not there yet."""
    recipe = replace(plan.network, seed=seed)
    for name in FASHION_NETWORKS:
        if _is_trained(name, recipe, plan, seed_folder(seed, zoo)):
            continue
        own, fresh_ones = _lesson(name, parts)
        module = fresh(FASHION_NETWORKS[name].outputs, seed)
        learn(module, as_inputs(own.images), own.labels, recipe, vary=None if name == "dnn_rich" else mirrored)
        _keep(name, rounded(module), own, fresh_ones, recipe, plan, seed_folder(seed, zoo))


def _lesson(name: str, parts: Parts) -> tuple[Photographs, Photographs]:
    """Return what a network learns from, and fresh pictures of the same kind."""
    if name == "dnn_rich":
        return turned(parts.rich), turned(parts.rich_tests)
    if name == TARGET:
        return parts.target, parts.tests
    return Photographs(drawn(parts.source.images), parts.source.labels), Photographs(
        drawn(parts.tests.images), parts.tests.labels
    )


def _keep(
    name: str, module: Vgg, own: Photographs, tests: Photographs, recipe: Recipe, plan: FashionPlan, folder: Path
) -> None:
    """Score a trained network on fresh pictures of its own kind, and write weights and card."""
    wrong = 1 - accuracy(module, as_inputs(tests.images), tests.labels)
    score = HeldOutScore("share of wrong classes", wrong, 1 - constant_accuracy(own.labels, tests.labels))
    about = {
        "task": name,
        "group": "layers",
        "summary": FASHION_NETWORKS[name].summary,
        "architecture": fashion.ARCHITECTURE,
        "data": "Fashion-MNIST (Xiao, Rasul & Vollgraf 2017), MIT licence; Debian's package dataset-fashion-mnist",
        "parameters": sum(value.numel() for value in module.parameters()),
        **asdict(recipe),
        "pictures": {"training": len(own), "held_out": len(tests)},
        "learned": plan.learned,
        "command": f"depara layers study --seeds {recipe.seed}",
        "measure": score.measure,
        "held_out": round(score.error, 5),
        "constant_predictor": round(score.constant_error, 5),
        "skill": round(score.skill, 5),
        "gate": GATE,
    }
    write_weights(module, name, about, folder)


def _is_trained(name: str, recipe: Recipe, plan: FashionPlan, folder: Path) -> bool:
    if not (weights_path(name, folder).exists() and weights_path(name, folder).with_suffix(".json").exists()):
        return False
    known, wanted = card(name, folder), asdict(recipe) | {"learned": plan.learned}
    return all(known.get(key) == value for key, value in wanted.items())


def measure_cut(
    name: str,
    k: int,
    repetitions: Sequence[int],
    way: str,
    parts: Parts,
    seed: int,
    plan: FashionPlan,
    zoo: Path | None = None,
) -> list[Row]:
    """Return the accuracy of one cut for every number of labels and repetition, as rows of the table.

    What the frozen layers make of the pictures is computed once: only the rest is run while it learns.
    """
    base = None if name == SCRATCH else load_network(name, seed, zoo)
    prefix = None if base is None else base.split(k)[0]
    pool, tests = parts.target[: plan.labelled], as_inputs(parts.tests.images)
    seen = tests if prefix is None else apply(prefix, tests)
    layer = CUTS[k - 1] if k else "none"
    rows = []
    for count, recipe in plan.students.items():
        for repetition in repetitions:
            chosen = labelled(pool.labels, count, repetition)
            inputs = as_inputs(pool.images[chosen])
            inputs = inputs if prefix is None else apply(prefix, inputs)
            _, rest = student(base if way == TUNED else None, repetition).split(k)
            learn(rest, inputs, pool.labels[chosen], replace(recipe, seed=repetition))
            score = round(accuracy(rest, seen, parts.tests.labels), 5)
            values = (seed, way, _id(name, seed), k, layer, count, repetition, score)
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def labelled(labels: Tensor, count: int, repetition: int) -> Tensor:
    """Return which photographs have labels in a repetition, equally many a class; fewer labels are among more."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1000 + repetition))
    classes = int(labels.max()) + 1
    return torch.cat([order[labels[order] == kind][: count // classes] for kind in range(classes)])


def student(base: Vgg | None, repetition: int) -> Vgg:
    """Return a network of random weights but, with a `base`, all of its layers before the classifier."""
    module = fresh(FASHION_NETWORKS[TARGET].outputs, 77 + repetition)
    if base is not None:
        taken = {name: value for name, value in base.state_dict().items() if not name.startswith("head.")}
        module.load_state_dict(module.state_dict() | taken)
    return module


def _known(path: Path, plan: FashionPlan) -> list[Row]:
    """Return the rows of a table that was made by the same plan, with as many repetitions or others; none otherwise."""
    try:
        before = json.loads(path.with_suffix(".json").read_text())["plan"]
        rows = pd.read_csv(path, keep_default_na=False).to_dict("records")
    except (OSError, ValueError, KeyError):
        return []
    if before != _described(plan):
        return []
    return [{str(key): value for key, value in row.items()} for row in rows]


def _described(plan: FashionPlan) -> dict[str, Any]:
    """Return the plan as JSON gives it back, without what the table itself says."""
    return {key: value for key, value in json.loads(json.dumps(asdict(plan))).items() if key != "repetitions"}


def _write(path: Path, rows: Sequence[Row], plan: FashionPlan) -> None:
    """Write table and description."""
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(list(COLUMNS[:-1]))
    about = {
        "title": "Measured layer transfer on photographs (Fashion-MNIST)",
        "command": "depara layers study",
        "plan": _described(plan),
        "development": DEVELOPMENT,
        **origin(),
    }
    write_whole(path, table.to_csv(index=False))
    write_whole(path.with_suffix(".json"), json.dumps(about, indent=2) + "\n")
