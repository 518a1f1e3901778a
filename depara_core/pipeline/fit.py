"""The frozen transfer of many candidates to labelled probes, measured: a linear head on each one's features."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from depara_core.errors import ProbeError
from depara_core.files import Progress
from depara_core.heads import Folds, deal, hits
from depara_core.jobs import give_way
from depara_core.metrics.codes import as_code
from depara_core.pipeline.features import Features, build_features, computed_on
from depara_core.pipeline.models import OnError, attempt
from depara_core.probes import ProbeSet
from depara_core.store import Store, as_store
from depara_core.zoo.spec import OUTPUT, ModelSpec

RESAMPLES = 1000
INTERVAL = (2.5, 97.5)  # percentiles: a 95 % interval


@dataclass(frozen=True, eq=False)
class FrozenTransfer:
    """Which of the same images each candidate's head got right."""

    models: tuple[str, ...]
    right: Bool[np.ndarray, "M N"]
    folds: Folds

    def accuracies(self, *, resamples: int = RESAMPLES, seed: int = 0) -> Float[np.ndarray, "B M"]:
        """Return every accuracy on B resamples of the images, the same for all candidates."""
        count = self.right.shape[1]
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
        return drawn @ self.right.T / count

    def to_frame(self, *, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
        """Return a row a candidate, in the order given: model, accuracy, low, high; notes in `attrs`."""
        accuracy = self.right.mean(axis=1)
        low, high = np.percentile(self.accuracies(resamples=resamples, seed=seed), INTERVAL, axis=0)
        frame = pd.DataFrame(
            {"model": self.models, "accuracy": accuracy, "low": np.minimum(low, accuracy)}
            | {"high": np.maximum(high, accuracy)}
        )
        frame.attrs["notes"] = list(self.folds.notes)
        return frame


def fit(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    folds: int = 5,
    seed: int = 0,
    head: str = "ridge",
    device: str = "auto",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
    executor: str | None = None,
) -> pd.DataFrame:
    """Measure what each candidate's frozen features reach on the probes' labels: a linear head, cross-validated.

    The output is averaged over places, standardised, and read by a linear head whose penalty is chosen inside the
    training part. Nothing of a fold is seen before it is tested; a picture that occurs twice stays in one fold.

    Parameters
    ----------
    specs
        One model or several.
    probes
        N labelled images, the same for every model.
    folds
        Parts of the images, each tested by a head that the others trained; fewer where a class is smaller.
    seed
        Of the parts.
    head
        "ridge" (closed form) or "logistic" (multinomial): an entry of `HEADS`.
    device
        "auto", "cpu", "cuda", "mps": where features are computed.
    progress
        progress(done, total, message) counts models twice, their features and their heads; raising `Cancelled` from
        it stops before the next one.
    store
        Where features are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    on_error
        on_error(model id, error) takes the failure of one model, and the rest goes on; None: the first one is raised.
    executor
        Where features are computed, as `build_graphs` takes it; heads are fitted here.

    Returns
    -------
    DataFrame
        model (id), accuracy (0 to 1, of all images, each tested once), low and high (95 % interval over resampled
        images), in the order given. `attrs["notes"]` tells what could not be done as asked, such as classes left out.

    Raises
    ------
    ProbeError
        The probes have no labels.
    OptionError
        An option is not valid, or fewer than two classes have two different pictures each.
    ModelError
        A model cannot be opened or run.
    """
    return measure(
        specs,
        probes,
        folds=folds,
        seed=seed,
        head=head,
        device=device,
        progress=progress,
        store=store,
        on_error=on_error,
        executor=executor,
    ).to_frame(seed=seed)


def measure(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    folds: int = 5,
    seed: int = 0,
    head: str = "ridge",
    device: str = "auto",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
    executor: str | None = None,
) -> FrozenTransfer:
    """Do what `fit` says, and return which images each candidate's head got right."""
    chosen = [specs] if isinstance(specs, ModelSpec) else list(specs)
    dealt, kept = deal_probes(probes, folds=folds, seed=seed), as_store(store)
    features: dict[str, Float[np.ndarray, "N C"]] = {}
    if executor is not None:
        chosen = computed_on(executor, chosen, probes, device=device, progress=progress, store=kept, on_error=on_error)
    total = 2 * len(chosen)
    for done, spec in enumerate(chosen):
        if progress is not None:
            progress(done, total, f"{spec.name}: features")
        built = attempt(
            on_error, lambda one, some: build_features(one, some, layer=OUTPUT, device=device, store=kept), spec, probes
        )
        features |= {one.model: pooled(one) for one in built or ()}
    steps = iter(range(total - len(features), total))
    tell = (lambda message: progress(next(steps), total, message)) if progress is not None else lambda _: None
    return fitted(features, dealt, head=head, tell=tell)


def fitted(
    features: Mapping[str, Float[np.ndarray, "N C"]],
    folds: Folds,
    *,
    head: str = "ridge",
    tell: Callable[[str], None] = lambda _: None,
) -> FrozenTransfer:
    """Return which images a head on each model's pooled features gets right; `tell` hears whose head is next."""
    right = []
    for name, values in features.items():
        give_way()
        tell(f"{name}: head")
        right.append(hits(values, folds, head=head))
    return FrozenTransfer(tuple(features), np.array(right, dtype=bool).reshape(len(features), len(folds.kept)), folds)


def deal_probes(probes: ProbeSet, *, folds: int, seed: int) -> Folds:
    """Deal labelled probes into folds; equal pictures, whatever their names, are one group."""
    if probes.labels is None:
        raise ProbeError(
            f"The images of {probes.source} have no labels, so no transfer can be measured on them. Put them into a "
            "folder a class, or into a CSV with the columns path and label."
        )
    return deal(np.array(probes.labels), same_pictures(probes), folds=folds, seed=seed)


def same_pictures(probes: ProbeSet) -> Int[np.ndarray, " N"]:
    """Number the different pictures of a set: equal numbers, equal pixels."""
    held = probes.originals or tuple(probes.images)
    digests = [hashlib.sha256(repr(one.shape).encode() + np.ascontiguousarray(one).tobytes()).digest() for one in held]
    places = {digest: place for place, digest in enumerate(dict.fromkeys(digests))}
    return np.array([places[digest] for digest in digests])


def pooled(features: Features) -> Float[np.ndarray, "N C"]:
    """Return a layer's output averaged over its places."""
    return as_code(features.code).astype(np.float64).mean(axis=(2, 3))
