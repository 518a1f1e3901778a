"""What the reader's own results on the Evaluate page wait for: the table read, and every score of its models."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

import depara_core as depara
from depara_core.choice import own_benchmark, own_scores
from depara_core.choice.own_benchmark import OwnBenchmark
from depara_core.evaluation import Evaluation
from depara_core.exports.own_benchmark import own_document
from depara_core.files import Progress
from depara_core.pipeline.workload import workload
from pages.shared import cache, comparisons, consent, text, uploads
from pages.shared.consent import Ask
from pages.shared.jobs import Computation
from pages.shared.parts import Data

MOST_BYTES = 2**20  # of a table


@dataclass(frozen=True, eq=False)
class Mine:
    """A table of results, the scores of its models, and how well each follows its values."""

    own: OwnBenchmark
    frames: Mapping[str, pd.DataFrame]
    found: Evaluation
    document: dict[str, Any]


def keep(name: str, content: bytes | memoryview) -> str:
    """Keep an uploaded table, and return what the address calls it; raises DeparaError where it is too large."""
    if len(content) > MOST_BYTES:
        raise depara.OptionError(f"Expected a table of at most {MOST_BYTES // 2**20} MiB; {len(content):,} bytes came.")
    return uploads.keep([(name, content)])


def read(name: str) -> OwnBenchmark:
    """Read a table that was kept; it opens no path that nobody has agreed to."""
    return own_benchmark.read_benchmark(uploads.path(name), find=_model)


def _model(name: str) -> depara.ModelSpec:
    if consent.missing(consent.of_model_path(name)):
        raise depara.ModelError("it names a file on this machine, which nobody has agreed to read.")
    return cache.spec(name)


def scores(name: str, own: OwnBenchmark, data: Data, lam: float) -> Computation:
    """Return what scores the models of a table; networks are compared on the images chosen in Setup."""
    key = [name, lam, comparisons.recipe(data) if own.networks else [data.count, data.seed]]

    def load(place: str) -> depara.ProbeSet:
        chosen = data if place == data.probes else Data(probes=place, count=data.count, seed=data.seed)
        return uploads.load(chosen).require_comparable()

    def work(progress: Progress) -> Mine:
        left_out: list[str] = []
        frames = own_scores.score_benchmark(
            own,
            probes=load(data.probes) if own.networks else None,
            lam=lam,
            load=load,
            store=depara.Store(),
            progress=progress,
            warn=left_out.append,
        )
        found = own_scores.assess_benchmark(own, frames)
        return Mine(own, frames, found, own_document("mine.csv", own, frames, found, left_out))

    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]
    label = f"{len(own.specs)} models of your table on {text.probes(data)}"
    return Computation(f"own-benchmark-{digest}", label, work, _asks(own, data))


def _asks(own: OwnBenchmark, data: Data) -> tuple[Ask, ...]:
    places = [*own.images.values(), *([data.probes] if own.networks else [])]
    every = (*own.specs, *own.networks.values())
    return (
        *(ask for place in places for ask in consent.of_probes(replace(data, probes=place))),
        *consent.of_opening(every),
        *consent.of_work(workload(every, data.count * max(1, len(places)))),
    )
