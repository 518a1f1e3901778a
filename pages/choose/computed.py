"""What the Choose page waits for: the scores and costs of the candidates, and what frozen transfer reaches."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import depara_core as depara
from depara_core import choice as core
from depara_core.choice import Choice
from depara_core.files import Progress
from depara_core.pipeline.workload import workload
from pages.shared import comparisons, consent, text, uploads
from pages.shared.comparisons import Failed, Specs
from pages.shared.jobs import Computation
from pages.shared.parts import Data

TUNED = 3  # candidates that are fine-tuned


@dataclass(frozen=True, eq=False)
class Asked:
    """Which candidates are compared with what, on which images; `target` is None where it is no network."""

    data: Data
    candidates: Specs
    unknown: Failed
    labels: bool
    target: depara.ModelSpec | None
    lam: float
    table: str = ""  # an upload that tells of the images, in place of labels and networks
    known: str = ""  # which of its targets

    @property
    def key(self) -> str:
        """What its result is kept under."""
        models = [[spec.id for spec in self.candidates], [name for name, _ in self.unknown]]
        aim = self.target and [self.target.id, self.lam]
        content = json.dumps([models, self.labels, aim, self.table, self.known, comparisons.recipe(self.data)])
        return hashlib.sha256(content.encode()).hexdigest()[:24]


@dataclass(frozen=True, eq=False)
class Chosen:
    """A choice, the candidates that could not be computed with their reasons, and why nothing is kept, if so."""

    choice: Choice
    failed: Failed
    unkept: str = ""


def scores(asked: Asked) -> Computation:
    """Return what makes the table without a measurement."""
    every = (*asked.candidates, *([asked.target] if asked.target else ()))
    scored = asked.labels or asked.target or asked.table
    work = workload(every if scored else (), asked.data.count)
    asks = (
        *consent.of_probes(asked.data),
        *(ask for model, _ in asked.unknown for ask in consent.of_model_path(model)),
        *consent.of_opening(every),
        *consent.of_work(work, "attributions" if asked.target else "features"),
    )
    label = f"{len(asked.candidates)} candidates on {text.probes(asked.data)}"
    return Computation(f"choose-{asked.key}", label, partial(_choose, asked), asks)


def measurement(asked: Asked, chosen: Chosen) -> Computation:
    """Return what measures the frozen transfer of a choice's candidates too."""

    def work(progress: Progress) -> Chosen:
        return replace(chosen, choice=core.measured(chosen.choice, progress=progress))

    label = f"what {len(chosen.choice.specs)} linear heads reach on {text.probes(asked.data)}"
    return Computation(f"choose-measured-{asked.key}", label, work)


def stability(asked: Asked, chosen: Chosen, other: str = "") -> Computation:
    """Return what ranks a choice's candidates on parts of its images, and on another set of images where one is named.

    The other set is read as `Data.probes` is.
    """
    there = replace(asked.data, probes=other, split=None)

    def work(progress: Progress) -> Any:
        others = [uploads.load(there)] if other else []
        return core.stability(chosen.choice, others=others, progress=progress)

    key = f"choose-stability-{asked.key}"
    if not other:
        return Computation(key, "the ranking on parts of the images", work)
    digest = hashlib.sha256(comparisons.recipe(there).encode()).hexdigest()[:16]
    specs = chosen.choice.specs
    asks = (*consent.of_probes(there), *consent.of_work(workload(specs, there.count), "features"))
    return Computation(f"{key}-{digest}", "the ranking on parts of the images and on others", work, asks)


def fine_tuning(asked: Asked, chosen: Chosen) -> Computation:
    """Return what fine-tunes the best candidates by measured accuracy."""
    choice = chosen.choice
    known = {spec.id: spec for spec in choice.specs}
    best = [known[name] for name in choice.table["model"][:TUNED]]

    def work(progress: Progress) -> Any:
        return depara.fine_tune(best, choice.probes, progress=progress)

    return Computation(f"choose-tuned-{asked.key}", f"what {len(best)} fine-tuned networks reach", work)


def _choose(asked: Asked, progress: Progress) -> Chosen:
    data, failed, store = asked.data, list(asked.unknown), depara.Store()
    probes = uploads.load(
        data,
        lambda done, total, message: progress(0, 0, f"{message}: {done} of {total}" if total else message),
    ).require_comparable()
    images, aim = _asked_for(asked, probes)
    choice = depara.choose(
        asked.candidates,
        images,
        target=aim,
        lam=asked.lam,
        measure=False,
        store=store,
        progress=progress,
        on_error=lambda model, error: failed.append((model, str(error))),
    )
    return Chosen(choice, tuple(failed), store.trouble)


def _asked_for(
    asked: Asked, probes: depara.ProbeSet
) -> tuple[depara.ProbeSet, depara.ModelSpec | depara.AttributionGraph | None]:
    """Return the images with the labels that count, and what S compares with."""
    if asked.table:
        name, path = uploads.named(asked.table)
        return core.by_file(probes, path, target=asked.known, name=name)
    return probes if asked.labels else replace(probes, labels=None), asked.target
