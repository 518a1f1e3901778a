"""How long a choice takes, and how often each score picks a candidate within 1 % of the best measured accuracy.

Time: the bundled 20 networks on 500 rooms labelled by scene, features kept: the whole table with its intervals, and
what 20 linear heads reach; the wall's seconds, and the processor's, which other work on the machine stretches less,
beside the machine's load: on two cores, a load above 2 says that the wall's seconds are an upper bound.

Picks: n labelled images are drawn, every score names its best candidate, and a linear head on each candidate's frozen
features learns from the same n and is tested on images that nothing saw. A pick is right where its accuracy is within
one point of the best candidate's; what is lost is the difference. Tied scores pick at random, in expectation.

Rooms: 20 targets (the classes of each task, or its labels' clusters), the network trained on the target left out, so 19
candidates; intervals over the targets. Clothes: 12 networks trained on line drawings, on other clothes and on rooms,
for five kinds of photographs (Debian's dataset-fashion-mnist, or a folder that holds its files); intervals over draws.
Without them the 200 bundled photographs stand in, with fewer labels.

Baselines: size, published ImageNet accuracy (none of these networks has any), DDS, and what a candidate is
worth for the other targets.

    python benchmarks/choose.py [--folder FOLDER] [--draws 8] [--skip time rooms clothes]
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import getloadavg
from pathlib import Path
from time import process_time

import numpy as np
import torch
from report import headline, measure, report
from threadpoolctl import threadpool_limits

import depara_core as depara
from depara_core.benchmark import benchmarks
from depara_core.benchmark.titles import title
from depara_core.choice import example
from depara_core.choice.scores import DEPARA, depara_score, labelled_scores, resamples_of
from depara_core.graphs import AttributionGraph, subgraph
from depara_core.grids import common_grid
from depara_core.heads import HEADS, standardised_pair
from depara_core.pipeline.costs import measure_costs, published_accuracy
from depara_core.pipeline.fit import pooled
from depara_core.rooms import labels as room_labels
from depara_core.targets import graph_of_features
from depara_core.training.fashion_data import EVEN, FOLDER, KINDS, read_fashion
from depara_core.training.fashion_study import FashionPlan

NEAR = 0.01  # of the best accuracy
BUDGETS = (50, 250, 1000)
POOL, POOL_AND_TESTS = 1500, 4500  # photographs of clothes to draw labels from, and those to test on too
STATICS = ("size", "worth for other targets")


@dataclass(frozen=True, eq=False)
class World:
    """Candidates seen on N images: their pooled features and their graphs, by id."""

    probes: depara.ProbeSet
    features: Mapping[str, np.ndarray]  # (N, C)
    graphs: Mapping[str, AttributionGraph]
    size: Mapping[str, float]

    @classmethod
    def of(cls, specs: Sequence[depara.ModelSpec], probes: depara.ProbeSet) -> "World":
        """Run the candidates over the images; none of them is kept."""
        features, graphs, size = {}, {}, {}
        for spec in specs:
            (found,) = depara.build_features(spec, probes)
            features[spec.id] = pooled(found)
            graphs[spec.id] = graph_of_features(found.values, probes, model=spec.id, weights=found.weights)
            size[spec.id] = float(measure_costs(spec).parameters)
            if published_accuracy(spec) is not None:
                raise SystemExit(f"{spec.id} has a published accuracy: it belongs into the table.")
        return cls(probes, features, graphs, size)


@dataclass(frozen=True, eq=False)
class Trial:
    """What every score said of the candidates from n labels, and what each candidate then reached."""

    target: str
    scores: Mapping[str, np.ndarray]  # (M,)
    names: Sequence[str]
    accuracy: np.ndarray  # (M,)

    def result(self, score: str) -> tuple[float, float]:
        """Return whether the pick is near the best, and what it loses."""
        values = self.scores[score]
        picked = self.accuracy[values == values.max()]
        best = self.accuracy.max()
        return float((picked >= best - NEAR).mean()), float(best - picked.mean())


def trial(
    world: World, names: Sequence[str], target: str, classes: np.ndarray, learn: np.ndarray, test: np.ndarray
) -> Trial:
    """Score the candidates on the images `learn`, and measure them on the images `test`."""
    known = [one for one in np.unique(classes[learn]) if (classes[learn] == one).sum() > 1]
    learn, test = (rows[np.isin(classes[rows], known)] for rows in (learn, test))
    labelled = replace(world.probes, labels=tuple(map(str, classes)))
    aim = subgraph(depara.target_from_labels(labelled), learn)
    graphs = [subgraph(world.graphs[name], learn) for name in names]
    once = resamples_of(classes[learn], count=1)
    scores = {DEPARA: depara_score(graphs, aim, common_grid([*graphs, aim]), 1.0, once).values}
    features = {name: world.features[name][learn] for name in names}
    own = np.unique(classes[learn], return_inverse=True)[1]
    scores |= {name: score.values for name, score in labelled_scores(features, own, once)}
    scores["size"] = np.array([world.size[name] for name in names])
    reached = []
    for name in names:
        train, asked = standardised_pair(world.features[name][learn], world.features[name][test])
        head = HEADS["ridge"]().fit(train, classes[learn])
        reached.append((head.predict(asked) == classes[test]).mean())
    return Trial(target, scores, tuple(names), np.array(reached))


def with_worth(trials: Sequence[Trial]) -> list[Trial]:
    """Add what each candidate is worth for the other targets: its mean rank by accuracy there."""
    ranks = [{n: (t.accuracy < a).mean() for n, a in zip(t.names, t.accuracy, strict=True)} for t in trials]
    told = []
    for one in trials:
        others = [rank for other, rank in zip(trials, ranks, strict=True) if other.target != one.target]
        worth = [np.mean([rank[name] for rank in others if name in rank]) for name in one.names]
        told.append(replace(one, scores={**one.scores, STATICS[1]: np.array(worth)}))
    return told


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a mean over its resampled terms."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (4000, len(values))).mean(axis=1)
    return tuple(np.percentile(means, [2.5, 97.5]))


def rows_of(by_budget: Mapping[int, Sequence[Trial]]) -> list[dict[str, object]]:
    """Return a row a score: how often it picks well, with an interval, and what its picks lose."""
    names = list(next(iter(by_budget.values()))[0].scores)
    rows = []
    for name in names:
        row: dict[str, object] = {"score": f"static: {name}" if name in STATICS else title(name)}
        for budget, trials in by_budget.items():
            units = list(dict.fromkeys(one.target for one in trials))
            found = np.array([one.result(name) for one in trials])
            near = np.array([found[[t.target == unit for t in trials], 0].mean() for unit in units])
            low, high = interval(near)
            row[f"{budget} labels: within 1 %"] = f"{near.mean():.2f} [{low:.2f}, {high:.2f}]"
            row[f"{budget}: lost"] = f"{100 * found[:, 1].mean():.1f}"
        rows.append(row)
    chance = {"score": "a random candidate"}
    for budget, trials in by_budget.items():
        near = [(one.accuracy >= one.accuracy.max() - NEAR).mean() for one in trials]
        chance[f"{budget} labels: within 1 %"] = f"{np.mean(near):.2f}"
        chance[f"{budget}: lost"] = f"{100 * np.mean([t.accuracy.max() - t.accuracy.mean() for t in trials]):.1f}"
    most = f"{max(by_budget)} labels: within 1 %"
    return [*sorted(rows, key=lambda row: str(row[most]), reverse=True), chance]


def times() -> None:
    """Time the table and the heads from kept features."""
    probes = depara.load_probes("rooms", count=500)
    labels = room_labels(500, 0, tasks=["class_scene"])["class_scene"]
    probes = replace(probes, labels=tuple(map(str, labels)))
    specs = [spec for spec in depara.list_models("rooms") if spec.bundled][:20]
    depara.build_features(specs, probes)
    for spec in specs:
        measure_costs(spec)
    told = {
        "20 candidates x 500 labelled images, features kept: the table with intervals": (
            lambda: depara.choose(specs, probes, measure=False),
            "10 s",
        ),
        "20 linear heads on the same, five folds": (lambda: depara.fit(specs, probes), "30 s"),
    }
    for what, (run, target) in told.items():
        start, before = process_time(), getloadavg()[0]
        with measure() as watch:
            run()
        used = process_time() - start
        found = f"{watch.seconds:.1f} s on the wall, {used:.1f} s of processor time, load {before:.1f} before"
        headline(what, f"{found}, {getloadavg()[0]:.1f} after", target)


def rooms(draws: int) -> None:
    """Print the picks among the bundled networks."""
    probes = depara.load_probes("rooms", count=2 * max(BUDGETS), seed=1)
    specs = [spec for spec in depara.list_models("rooms") if spec.bundled]
    known = benchmarks.BENCHMARKS["rooms"].labels(probes, 1, [spec.id for spec in specs])
    world = World.of(specs, probes)
    every, tests = np.arange(max(BUDGETS)), np.arange(max(BUDGETS), len(probes))
    by_budget = {}
    for budget in BUDGETS:
        trials = []
        for target, labels in known.items():
            names = [spec.id for spec in specs if spec.id != target]
            for seed in range(max(1, min(draws // 4, max(BUDGETS) // budget // 2))):
                learn = np.random.default_rng(seed).choice(every, budget, replace=False)
                trials.append(trial(world, names, target, labels.classes, learn, tests))
        by_budget[budget] = with_worth(trials)
    sizes = len(set(world.size.values()))
    notes = [
        f"19 candidates for each of {len(known)} targets in the rooms. Intervals over the targets.",
        f"The candidates have {sizes} size{'s' * (sizes > 1)}, and none has a published ImageNet accuracy: where all "
        "are equal a static fact picks at random.",
    ]
    report("Picks among the bundled networks", rows_of(by_budget), notes)


def photographs(folder: Path) -> tuple[depara.ProbeSet, np.ndarray, int, str]:
    """Return clothes that no candidate has seen, their kinds, how many of them are for learning, and what they are."""
    try:
        images, kinds = read_fashion(folder)
    except depara.ProbeError as error:
        print(error)
        bundled = depara.load_probes(example.IMAGES)
        return bundled, np.unique(bundled.labels, return_inverse=True)[1], 100, "the 200 bundled photographs"
    seen = np.concatenate([learned(kinds.numpy(), seed) for seed in range(4)])
    fresh = np.setdiff1d(np.flatnonzero(np.isin(kinds.numpy(), EVEN)), seen)
    chosen = np.random.default_rng(0).permutation(fresh)[:POOL_AND_TESTS]
    colour = np.repeat(images.numpy()[chosen][..., None], 3, axis=3)
    named = ", ".join(KINDS[kind] for kind in EVEN)
    return depara.ProbeSet.from_arrays(colour), kinds.numpy()[chosen], POOL, f"Fashion-MNIST: {named}"


def learned(kinds: np.ndarray, seed: int) -> np.ndarray:
    """Return the places of the photographs whose line drawings a seed's network learned from (see `load_parts`)."""
    order = torch.randperm(len(kinds), generator=torch.Generator().manual_seed(seed)).numpy()
    return order[np.isin(kinds[order], EVEN)][: FashionPlan().learned]


def clothes(folder: Path, draws: int) -> None:
    """Print the picks among the small networks for photographs of clothes."""
    probes, classes, pool, what = photographs(folder)
    world = World.of([depara.model(name) for name in example.CANDIDATES], probes)
    tests = np.arange(pool, len(probes))
    by_budget = {}
    for budget in BUDGETS if pool > max(BUDGETS) else (50, pool):
        by_budget[budget] = [
            trial(
                world,
                example.CANDIDATES,
                f"draw {seed}",
                classes,
                np.random.default_rng(seed).choice(pool, budget, replace=False),
                tests,
            )
            for seed in range(draws if budget < pool else 1)
        ]
    note = f"{len(example.CANDIDATES)} candidates, {what}; {len(tests):,} images for testing."
    report("Picks for photographs of clothes", rows_of(by_budget), [note, f"Intervals over {draws} draws of labels."])


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of Fashion-MNIST's four files")
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--skip", nargs="*", default=[], choices=["time", "rooms", "clothes"])
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "time": times,
        "rooms": lambda: rooms(given.draws),
        "clothes": lambda: clothes(given.folder, given.draws),
    }
    for name, run in parts.items():
        if name not in given.skip:
            with threadpool_limits(1 if name != "time" else None):  # the steps are small
                run()


if __name__ == "__main__":
    main()
