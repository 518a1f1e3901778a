"""How a choice is made: features, costs and scores of every candidate, and what frozen transfer reaches.

Symbols: N images, M candidates.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from depara_core.choice.choice import Choice
from depara_core.choice.scores import DEPARA, LABELLED, Score, depara_score, labelled_scores, resamples_of
from depara_core.errors import ModelError, OptionError
from depara_core.files import Progress, Tell, counted_steps
from depara_core.graphs import AttributionGraph
from depara_core.grids import common_grid
from depara_core.pipeline.costs import Costs, measure_costs
from depara_core.pipeline.features import Features, build_features, computed_on
from depara_core.pipeline.fit import deal_probes, fitted, pooled
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import OnError, attempt
from depara_core.probes import ProbeSet
from depara_core.similarity import check_lam
from depara_core.store import Store, as_store
from depara_core.targets import graph_of_features, target_from_labels
from depara_core.zoo.spec import ModelSpec


def choose(
    specs: Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    target: AttributionGraph | ModelSpec | None = None,
    lam: float = 1.0,
    measure: bool = True,
    folds: int = 5,
    seed: int = 0,
    device: str = "auto",
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
    on_error: OnError | None = None,
    executor: str | None = None,
) -> Choice:
    """Compare candidates for the task of some images, from labels alone, or for a target.

    Parameters
    ----------
    specs
        M candidates.
    probes
        N images; with labels, all of the table is known.
    target
        What S compares with: a graph, such as `target_from_features`, or a model; None: the labels, where there are
        some.
    lam
        Weight of the edges in S = s_V + lam * s_E.
    measure
        Whether the frozen transfer of every candidate is measured too (see `fit`).
    folds
        Of the measurement.
    seed
        Of folds and resamples.
    device
        "auto", "cpu", "cuda", "mps": where features are computed.
    store
        Where features, graphs and costs are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache
        folder.
    progress
        progress(done, total, message) counts candidates, scores and heads; what it raises stops the work.
    on_error
        on_error(model id, error) takes the failure of one candidate, and the rest goes on; None: the first is raised.
    executor
        Where features and graphs are computed, as `build_graphs` takes it; costs are measured here.

    Returns
    -------
    Choice
        Its `table` holds, the best first: model; accuracy with accuracy_low and accuracy_high; consensus (mean of the
        ranks that the scores give, 1 the best) with its interval; by the name of each score ("depara", "logme", ...)
        its value, its rank and the rank's interval; parameters, gflops, input_size, imagenet (published top-1 accuracy,
        per cent), throughput (images a second here), pareto (no other is as good at less work). All intervals are 95 %
        over the images.

    Raises
    ------
    OptionError
        No candidate was given, all labels are one class, or an option is not valid.
    ModelError
        No candidate could be computed.
    """
    check_lam(lam)
    chosen, kept = list({spec.id: spec for spec in specs}.values()), as_store(store)
    if not chosen:
        raise OptionError("There is nothing to choose from: expected at least one candidate.")
    features: dict[str, Features] = {}
    costs: dict[str, Costs] = {}

    scored = target is not None or _classes(probes)[0] is not None
    if executor is not None and scored:
        chosen = computed_on(executor, chosen, probes, device=device, progress=progress, store=kept, on_error=on_error)

    def compute(spec: ModelSpec, some: ProbeSet) -> None:
        found = build_features(spec, some, device=device, store=kept) if scored else []
        costs[spec.id] = measure_costs(spec, device=device, store=kept)
        features.update({one.model: one for one in found})

    steps = len(chosen) * (2 if measure and probes.labels else 1) + (1 + len(LABELLED)) * scored
    tell = counted_steps(progress, steps)
    for spec in chosen:
        tell(f"{spec.name}: features" if scored else f"{spec.name}: costs")
        attempt(on_error, compute, spec, probes)
    specs = tuple(spec for spec in chosen if spec.id in costs)
    if not specs:
        raise ModelError("No candidate could be computed, so there is nothing to choose from.")
    means = {name: pooled(one) for name, one in features.items()}
    where = {"device": device, "store": kept, "executor": executor}
    choice = _judge(specs, probes, features, means, costs, target, lam, seed=seed, where=where, tell=tell)
    if not measure or _classes(probes)[0] is None:
        return choice
    return _with_transfer(choice, means, folds, seed, tell)


def measured(
    choice: Choice,
    *,
    folds: int = 5,
    seed: int = 0,
    device: str = "auto",
    store: str | os.PathLike[str] | Store | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Return a choice with the frozen transfer of its candidates measured on the images' labels, as `choose` does.

    Raises ProbeError where the images have no labels; the options are those of `choose`.
    """
    kept, tell = as_store(store), counted_steps(progress, 2 * len(choice.specs))
    means = {}
    for spec in choice.specs:
        tell(f"{spec.name}: features")
        means[spec.id] = pooled(build_features(spec, choice.probes, device=device, store=kept)[0])
    return _with_transfer(choice, means, folds, seed, tell)


def _judge(
    specs: tuple[ModelSpec, ...],
    probes: ProbeSet,
    features: Mapping[str, Features],
    means: Mapping[str, Float[np.ndarray, "N C"]],
    costs: Mapping[str, Costs],
    target: AttributionGraph | ModelSpec | None,
    lam: float,
    *,
    seed: int,
    where: Mapping[str, Any],
    tell: Tell,
) -> Choice:
    classes, notes = _classes(probes)
    drawn = resamples_of(np.zeros(len(probes), dtype=int) if classes is None else classes, seed=seed)
    scores: dict[str, Score] = {}
    aim = target
    if isinstance(aim, ModelSpec):
        aim = build_graphs(aim, probes, **where)[0]
    elif aim is None and classes is not None:
        aim = target_from_labels(probes)
    if aim is None:
        notes.append("Without labels or a target only costs and published accuracy are known: no score is given.")
    else:
        tell("DEPARA")
        graphs = _graphs(specs, probes, features, aim, where)
        with threadpool_limits(1):
            scores[DEPARA] = depara_score(graphs, aim, common_grid([*graphs, aim]), lam, drawn)
    if classes is not None:
        with threadpool_limits(
            1
        ):  # thousands of small steps: threads that wait for each other take five times the time
            scores |= dict(labelled_scores(means, classes, drawn, tell=tell))
    network = target if isinstance(target, ModelSpec) else None
    by_labels = target is None and aim is not None
    return Choice(probes, aim, lam, specs, scores, None, costs, tuple(notes), network, by_labels)


def _classes(probes: ProbeSet) -> tuple[Int[np.ndarray, " N"] | None, list[str]]:
    """Number the classes of the images; None, and a note, where labels tell nothing apart."""
    if probes.labels is None:
        return None, []
    classes = np.unique(probes.labels, return_inverse=True)[1]
    if np.bincount(classes).max() < 2 or classes.max() < 1:
        note = f"The labels tell nothing: {len(classes)} images in {classes.max() + 1} classes. They are not used."
        return None, [note]
    return classes, []


def _with_transfer(
    choice: Choice, means: Mapping[str, Float[np.ndarray, "N C"]], folds: int, seed: int, tell: Tell
) -> Choice:
    try:
        dealt = deal_probes(choice.probes, folds=folds, seed=seed)
    except OptionError as error:
        return replace(choice, notes=(*choice.notes, f"No accuracy was measured. {error}"))
    transfer = fitted(means, dealt, tell=tell)
    return replace(choice, transfer=transfer, notes=(*choice.notes, *dealt.notes))


def _graphs(
    specs: tuple[ModelSpec, ...],
    probes: ProbeSet,
    features: Mapping[str, Features],
    target: AttributionGraph,
    where: Mapping[str, Any],
) -> list[AttributionGraph]:
    """Return the candidates' graphs; for a target of edges alone their features say all, and no gradient is needed."""
    if target.edges_only:
        return [
            graph_of_features(one.values, probes, model=one.model, weights=one.weights) for one in features.values()
        ]
    return build_graphs(specs, probes, **asdict(target.options), **where)
