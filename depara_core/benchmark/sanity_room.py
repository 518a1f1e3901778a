"""The sanity room: cases whose answer is known by design, and which scores see it (after ReSi; Klabunde et al., 2024).

A reference network stands beside itself, changed more and more in one way. A score sees the case if it says "less
alike" at every step. Where a network is trained on shuffled labels, and copies of its lesson are begun elsewhere, the
order is by design too: what learned the same thing is more alike than what learned less of it.

Symbols: M networks, N probes.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from depara_core.benchmark.benchmarks import Evidence, Labels
from depara_core.benchmark.scoring import score_pairs
from depara_core.benchmark.titles import title
from depara_core.files import Progress
from depara_core.formatting import number
from depara_core.paths import assets_folder
from depara_core.pipeline.features import build_features
from depara_core.pipeline.fields import build_fields
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet, load_probes
from depara_core.store import Store
from depara_core.zoo.fashion import student_spec
from depara_core.zoo.spec import ModelSpec, Network

REFERENCE, SEED = "dnn_target", 1
COLUMNS = ("case", "step", "network", "metric", "value")
SWAPS = (("conv9", "conv10"), ("conv5", "conv6"), ("conv2", "conv3"))  # layers of one shape, that can change places
NOISES = (0.1, 0.3, 1.0)  # in standard deviations of each parameter
TRAINED = {
    "labels50": "half of the labels shuffled",
    "labels100": "all labels shuffled",
    "longer3": "three times as long",
}


@dataclass(frozen=True)
class Case:
    """One way to change the reference: what it is, and the networks from the reference to the most changed one."""

    title: str
    expected: str
    networks: tuple[ModelSpec, ...]


def variant_folder(name: str) -> Path:
    """Return the zoo that holds a trained variant of the reference."""
    return assets_folder() / "zoo" / "sanity" / name


def table_path() -> Path:
    """Return where the committed scores are."""
    return assets_folder() / "benchmark" / "sanity-room.csv"


def cases() -> dict[str, Case]:
    """Return the cases by name, each from the reference itself to the most changed network."""
    first = replace(student_spec(REFERENCE, SEED), name="itself")
    noises = [_changed(first, f"noise {noise:.0%}", partial(_noisy, noise)) for noise in NOISES]
    swaps = [_changed(first, f"{k} pairs swapped", partial(_swapped, SWAPS[:k])) for k in (1, 2, 3)]
    half, none, longer = (_trained(name) for name in ("labels50", "labels100", "longer3"))
    other = replace(student_spec(REFERENCE, 2), name="another start")
    return {
        "noise": Case("Noise in its weights", "10 %, 30 %, 100 % of their spread", (first, *noises)),
        "swapped": Case("Layers permuted", "one, two, three pairs of layers change places", (first, *swaps)),
        "labels": Case("Shuffled labels", "half of its labels dealt anew, then all", (first, half, none)),
        "longer": Case(
            "Trained longer", "three times as long is nearer than all labels shuffled", (first, longer, none)
        ),
        "start": Case(
            "Another start", "the same task begun elsewhere is nearer than shuffled labels", (first, other, none)
        ),
    }


def score_room(
    probes: ProbeSet | None = None,
    *,
    names: Sequence[str] | None = None,
    store: Store | str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return every score of every network of every case with the reference as the target; higher is more alike.

    Parameters
    ----------
    probes
        N labelled images that the networks read; None: the 200 bundled photographs.
    names
        Some of `SCORES`; None: all.
    store, progress
        As in `gather`.

    Returns
    -------
    DataFrame
        The columns `COLUMNS`, a row a case, step (0 the reference itself), and metric.
    """
    chosen = load_probes("fashion") if probes is None else probes
    room = cases()
    specs = list({spec.id: spec for case in room.values() for spec in case.networks}.values())
    evidence = _evidence(specs, chosen, store, progress)
    reference = specs[0].id
    rows = [
        (key, step, spec.name, metric, float(frame[reference][spec.id]))
        for metric, frame in score_pairs(evidence, names, store=store, progress=progress).items()
        for key, case in room.items()
        for step, spec in enumerate(case.networks)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_room() -> pd.DataFrame:
    """Return the committed scores, as `score_room` gives them."""
    return pd.read_csv(table_path())


def seen(scores: pd.DataFrame) -> pd.DataFrame:
    """Return, metric x case, the share of pairs of steps that a score puts in the designed order; 1: it sees the case.

    A tie is half a pair: a score that does not change sees nothing, and gets 0.5.
    """
    found = {
        (metric, case): _in_order(rows.sort_values("step")["value"].to_numpy())
        for (metric, case), rows in scores.groupby(["metric", "case"], sort=False)
    }
    table = pd.Series(found).unstack(sort=False)
    return table.loc[scores["metric"].unique(), scores["case"].unique()]


def _in_order(values: np.ndarray) -> float:
    before, after = np.triu_indices(len(values), k=1)
    return float(((np.sign(values[before] - values[after]) + 1) / 2).mean())


def shown_rows(scores: pd.DataFrame) -> list[dict[str, str]]:
    """Return a row a score for people, those first that see most: the share of pairs of steps in order, by case."""
    found, room = seen(scores), cases()
    best = found.mean(axis=1).sort_values(ascending=False, kind="stable").index
    return [
        {"score": title(metric)} | {room[case].title: number(share) for case, share in found.loc[metric].items()}
        for metric in best
    ]


def _evidence(
    specs: Sequence[ModelSpec], probes: ProbeSet, store: Store | str | None, progress: Progress | None
) -> Evidence:
    features = build_features(specs, probes, store=store, progress=progress)
    build = partial(build_graphs, specs, probes, store=store, progress=progress)
    classes = np.unique(probes.labels or (), return_inverse=True)[1]
    fields = build_fields(specs, probes, store=store, progress=progress)
    return Evidence(
        tuple(build()),
        tuple(build(preset="released_models", center=False)),
        {one.model: one.values for one in features},
        {one.model: Labels(classes, None) for one in features} if len(classes) else {},
        {one.model: one.shape for one in features},
        {one.model: one.values for one in fields},
    )


def _trained(name: str) -> ModelSpec:
    spec = student_spec(REFERENCE, SEED, variant_folder(name))
    return replace(spec, id=f"sanity/{name}", name=TRAINED[name])


def _changed(spec: ModelSpec, name: str, change: Callable[[nn.Module], None]) -> ModelSpec:
    """Return a network whose module is a changed copy of another's."""

    def opened(progress: Progress | None) -> Network:
        network = spec.open(progress)
        module = deepcopy(network.module)
        with torch.no_grad():
            change(module)
        told = sha256(f"{network.digest} {name}".encode()).hexdigest()
        return replace(network, module=module, digest=told)

    return replace(spec, id=f"sanity/{name}", name=name, _open=opened, _identity=None)


def _noisy(share: float, module: nn.Module) -> None:
    """Add Gaussian noise to every parameter, a share of its standard deviation."""
    for name, parameter in module.named_parameters():
        own = int.from_bytes(sha256(name.encode()).digest()[:7], "big")
        noise = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(own))
        parameter.add_(share * parameter.std(correction=0) * noise)


def _swapped(pairs: Sequence[tuple[str, str]], module: nn.Module) -> None:
    """Let layers of one shape change places."""
    parts: Mapping[str, nn.Module] = dict(module.named_children())
    for one, other in pairs:
        kept = {name: value.clone() for name, value in parts[one].state_dict().items()}
        parts[one].load_state_dict(parts[other].state_dict())
        parts[other].load_state_dict(kept)
