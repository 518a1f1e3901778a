"""Measured layer transfer, the paper's second experiment in small: a network cut at every layer.

DEPARA (Song et al., CVPR 2020, section 4.3): layers 1 .. k of a source are frozen, the rest is fine-tuned on 10 % and
on 1 % of the target's data, and the accuracy on fresh pictures of the target says how well layer k serves.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from depara_core.benchmark.layer_table import read_measured
from depara_core.errors import OptionError, StoreError
from depara_core.files import Progress, side_by_side, write_whole
from depara_core.paths import assets_folder
from depara_core.rooms import FORM_CLASSES
from depara_core.training.cards import origin
from depara_core.training.layer_networks import accuracy, apply, fresh, learn, train_network
from depara_core.training.layer_views import fresh_views, training_views
from depara_core.training.scene_pool import WORK
from depara_core.training.trainer import Recipe
from depara_core.zoo.rooms import SOURCE, card, study_folder, weights_path
from depara_core.zoo.rooms_study import CUTS, STUDY_NETWORKS, STUDY_SOURCES, STUDY_TARGET, StudyNetwork
from depara_core.zoo.rooms_vgg import Vgg
from depara_core.zoo.rooms_weights import load_vgg

NAME = "rooms-layers"
SCRATCH = "scratch"  # the control: nothing taken over, nothing frozen
COLUMNS = ("source", "layer", "k", "budget", "seed", "accuracy")
Measurement = dict[str, Any]


@dataclass(frozen=True)
class Budget:
    """A share of the target's labelled pictures, and how a network learns from them."""

    share: float
    recipe: Recipe


NETWORK = Recipe(steps=1500, rate=2e-3)
BUDGETS = (
    Budget(0.10, Recipe(steps=200, batch=24, rate=5e-3, warmup=20)),
    Budget(0.01, Recipe(steps=100, batch=12, rate=5e-3, warmup=10)),
)


@dataclass(frozen=True)
class Plan:
    """How the layer study is done: pictures a network learns from, fresh ones it is tested on, recipes, repetitions."""

    pictures: int = 6000
    target_pictures: int = 2400
    tests: int = 2000
    network: Recipe = NETWORK
    budgets: tuple[Budget, ...] = BUDGETS
    seeds: int = 3

    def count(self, study: StudyNetwork) -> int:
        """Return how many pictures a network of the study learns from."""
        return self.target_pictures if study.name == STUDY_TARGET else self.pictures


def record_layers(
    *,
    seed: int = 0,
    workers: int = 2,
    plan: Plan | None = None,
    force: bool = False,
    zoo: Path | None = None,
    folder: Path | None = None,
    work: Path = WORK,
    progress: Progress | None = None,
) -> Path:
    """Train the three networks into `zoo`, measure every cut, and write the table into `folder`; return its path.

    Networks and cells that are there already, made by the same plan, are kept unless `force`; the table is written as
    it grows, so that an interrupted run goes on where it stopped. `progress(done, total, message)` counts blocks of
    scenes, then networks, then cuts.
    """
    plan = plan or Plan()
    if workers < 1 or seed < 0 or plan.seeds < 1 or min(_counts(plan)) < 2:
        raise OptionError(
            "Expected workers >= 1, seed >= 0, one repetition or more and at least 2 pictures at every budget, "
            f"got {workers}, {seed}, {plan.seeds} and {min(_counts(plan))}."
        )
    zoo, path = zoo or study_folder(), (folder or assets_folder() / "benchmark") / f"{NAME}.csv"
    plan = replace(plan, network=replace(plan.network, seed=seed))
    train_networks(plan, seed, workers, force, zoo, work, progress)
    about = {
        "command": _command(seed),
        "seed": seed,
        "plan": json.loads(json.dumps(asdict(plan))),
        "weights": {name: card(name, zoo)["sha256"] for name in STUDY_NETWORKS},
    }
    rows = [] if force else _known(path, about)
    done = {(row["source"], row["k"]) for row in rows}
    cuts = [(SCRATCH, 0), *((f"{SOURCE}/{name}", k) for k in range(len(CUTS), 0, -1) for name in STUDY_SOURCES)]
    jobs = [(source, k, plan, seed, zoo, work) for source, k in cuts if (source, k) not in done]
    if jobs:
        _render(STUDY_NETWORKS[STUDY_TARGET], plan, seed, workers, work, progress)
    for number, part in enumerate(side_by_side(measure_cut, jobs, workers), len(cuts) - len(jobs) + 1):
        rows += part
        _write(path, rows, about)
        if progress:
            progress(number, len(cuts), f"Cut {part[0]['source']} after {part[0]['layer']}")
    return path


def train_networks(
    plan: Plan, seed: int, workers: int, force: bool, zoo: Path, work: Path, progress: Progress | None
) -> None:
    """Train those networks of the study that `zoo` does not hold yet."""
    wanted = [name for name in STUDY_NETWORKS if force or not _is_trained(name, plan, zoo)]
    for name in wanted:
        _render(STUDY_NETWORKS[name], plan, seed, workers, work, progress)
    jobs = [(name, plan, seed, zoo, work) for name in wanted]
    for done, name in enumerate(side_by_side(_train, jobs, workers), len(STUDY_NETWORKS) - len(wanted) + 1):
        if progress:
            progress(done, len(STUDY_NETWORKS), f"Trained {name}")


def _render(study: StudyNetwork, plan: Plan, seed: int, workers: int, work: Path, progress: Progress | None) -> None:
    """Render what a network learns from and is tested on, before processes side by side ask for the same pictures."""
    training_views(study, plan.count(study), seed, work, workers, progress)
    fresh_views(study.domain, plan.tests, seed, work, workers, progress)


def _train(name: str, plan: Plan, seed: int, zoo: Path, work: Path) -> str:
    study = STUDY_NETWORKS[name]
    views = training_views(study, plan.count(study), seed, work, 1, None)
    tests = fresh_views(study.domain, plan.tests, seed, work, 1, None)
    train_network(study, views, tests, plan.network, _command(seed), zoo)
    return name


def _is_trained(name: str, plan: Plan, zoo: Path) -> bool:
    """Return whether `zoo` holds the network, trained as planned."""
    if not (weights_path(name, zoo).exists() and weights_path(name, zoo).with_suffix(".json").exists()):
        return False
    known = card(name, zoo)
    scenes = {"training": plan.count(STUDY_NETWORKS[name]), "held_out": plan.tests}
    recipe = {key: getattr(plan.network, key) for key in ("steps", "batch", "rate", "seed")}
    return known.get("scenes") == scenes and all(known.get(key) == value for key, value in recipe.items())


def measure_cut(source: str, k: int, plan: Plan, seed: int, zoo: Path, work: Path) -> list[Measurement]:
    """Return the accuracy of one cut at every budget and repetition, as rows of the table.

    What the frozen layers make of the pictures is computed once: only the rest is run while it learns.
    """
    views = training_views(STUDY_NETWORKS[STUDY_TARGET], plan.target_pictures, seed, work, 1, None)
    tests = fresh_views(STUDY_NETWORKS[STUDY_TARGET].domain, plan.tests, seed, work, 1, None)
    base = None if source == SCRATCH else load_vgg(source.partition("/")[2], zoo)
    prefix = None if base is None else base.split(k)[0]
    seen = tests.images if prefix is None else apply(prefix, tests.images)
    rows = []
    for budget, count in zip(plan.budgets, _counts(plan), strict=True):
        for repetition in range(plan.seeds):
            chosen = labelled(plan.target_pictures, count, repetition)
            inputs = views.images[chosen] if prefix is None else apply(prefix, views.images[chosen])
            _, rest = student(base, repetition).split(k)
            learn(rest, inputs, views.form[chosen], replace(budget.recipe, seed=repetition))
            score = round(accuracy(rest, seen, tests.form), 5)
            layer = CUTS[k - 1] if k else "none"
            rows.append(dict(zip(COLUMNS, (source, layer, k, budget.share, repetition, score), strict=True)))
    return rows


def labelled(pictures: int, count: int, repetition: int) -> torch.Tensor:
    """Return which pictures have labels in a repetition; a smaller budget's are among a larger one's."""
    return torch.randperm(pictures, generator=torch.Generator().manual_seed(1000 + repetition))[:count]


def student(base: Vgg | None, repetition: int) -> Vgg:
    """Return a network with the weights of `base` and a new classifier; without `base` all of it is new."""
    module = fresh(len(FORM_CLASSES), repetition)
    if base is not None:
        taken = {name: value for name, value in base.state_dict().items() if not name.startswith("head.")}
        module.load_state_dict(module.state_dict() | taken)
    return module


def read_layer_table(folder: Path | None = None) -> pd.DataFrame:
    """Return the measured accuracies, one row a source, cut, budget and repetition, of the cuts measured so far.

    Columns: source (model id, or "scratch"), layer and k (the last frozen layer, 0 = none), budget (share of the
    target's labels), seed, accuracy, scratch (mean accuracy of a network trained from nothing at this budget; NaN while
    that is not measured) and negative (whether the cut does worse than that: negative transfer; False without it).
    """
    path = (folder or assets_folder() / "benchmark") / f"{NAME}.csv"
    table = read_measured(path, COLUMNS, "depara rooms layers")
    scratch = table[table["source"] == SCRATCH].groupby("budget")["accuracy"].mean()
    table["scratch"] = table["budget"].map(scratch)
    table["negative"] = table["accuracy"] < table["scratch"]
    return table


def is_measured(folder: Path | None = None) -> bool:
    """Tell whether every cut of both sources is measured, and learning from nothing too."""
    try:
        found = read_layer_table(folder).groupby("source")["k"].nunique()
    except StoreError:
        return False
    return SCRATCH in found and all(found.get(f"{SOURCE}/{name}") == len(CUTS) for name in STUDY_SOURCES)


def _counts(plan: Plan) -> list[int]:
    return [round(budget.share * plan.target_pictures) for budget in plan.budgets]


def _command(seed: int) -> str:
    return f"depara rooms layers --seed {seed}"


def _known(path: Path, about: Mapping[str, Any]) -> list[Measurement]:
    """Return the rows of a table that was made by the same plan from the same weights; none otherwise."""
    try:
        before = json.loads(path.with_suffix(".json").read_text())
        rows = pd.read_csv(path, keep_default_na=False).to_dict("records")
    except (OSError, ValueError):
        return []
    if any(before.get(key) != about[key] for key in ("plan", "weights")):
        return []
    return [{str(key): value for key, value in row.items()} for row in rows]


def _write(path: Path, rows: list[Measurement], about: Mapping[str, Any]) -> None:
    """Write table and description; notes that people added to the description stay."""
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.sort_values(["source", "k", "budget", "seed"], ascending=[True, True, False, True])
    scratch = table[table["source"] == SCRATCH].groupby("budget")["accuracy"]
    described = {
        **about,
        "scratch": {str(share): {"mean": round(part.mean(), 5), "seeds": part.tolist()} for share, part in scratch},
        **origin(),
    }
    notes = path.with_suffix(".json")
    if notes.exists():
        described["tried"] = json.loads(notes.read_text()).get("tried", [])
    write_whole(path, table.to_csv(index=False))
    write_whole(notes, json.dumps(described, indent=2) + "\n")
