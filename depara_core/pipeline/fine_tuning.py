"""The full transfer of a few candidates to labelled probes, measured: the whole network is fine-tuned, stopped early.

A new linear classifier reads the output averaged over its places; it learns ten times as fast as the network under it.
Of five folds three are learned from, one says when to stop, one tests. After every epoch all that a run needs is kept
in the store, so that one that was broken off goes on where it was, with the same result.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool

from depara_core.errors import OptionError
from depara_core.extraction.device import resolve_device
from depara_core.files import Progress
from depara_core.heads import Folds
from depara_core.jobs import give_way
from depara_core.pipeline.fit import INTERVAL, RESAMPLES, deal_probes
from depara_core.pipeline.keys import features_key
from depara_core.pipeline.models import OnError, attempt, open_network
from depara_core.pipeline.tuning_run import TuningRun
from depara_core.probes import ProbeSet
from depara_core.store import Store, as_store
from depara_core.zoo.spec import OUTPUT, ModelSpec

VERSION = 1
FOLDS = 5
PATIENCE = 4  # epochs without a better validation loss, after which it stops
EPOCHS = 20  # at most


@dataclass(frozen=True, eq=False)
class FineTuned:
    """What a fine-tuned network got right of the images that neither trained nor stopped it."""

    model: str
    right: Bool[np.ndarray, " n"]
    epochs: int  # after which it was best


def fine_tune(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
) -> pd.DataFrame:
    """Fine-tune whole networks on the probes' labels, each stopped early, and tell what they reach on fresh images.

    AdamW at 3e-4 (3e-3 for the new classifier), batches of 32, no augmentation; the epoch with the least validation
    loss counts. The networks that were given stay as they are.

    Parameters
    ----------
    specs
        One model or several: minutes each on a CPU.
    probes
        N labelled images; three folds of five train, one stops, one tests, the same for every model.
    epochs
        At most, 1 or more.
    seed
        Of the folds, the classifier's first weights and the order of the images.
    device
        "auto", "cpu", "cuda", "mps".
    progress
        progress(done, total, message) counts epochs; what it raises (`Cancelled`) stops within a batch, and the next
        call goes on after the last whole epoch.
    store
        Where runs and results are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    on_error
        on_error(model id, error) takes the failure of one model, and the rest goes on; None: the first one is raised.

    Returns
    -------
    DataFrame
        model (id), accuracy (0 to 1, of the images tested), low and high (95 % interval over them), epochs (after which
        it was best), images (tested), in the order given.

    Raises
    ------
    ProbeError
        The probes have no labels.
    OptionError
        `epochs` is not 1 or more, or a class has fewer than three pictures.
    ModelError
        A model cannot be opened or trained.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise OptionError(f"Expected epochs as a whole number, 1 or more; {epochs!r} came.")
    chosen, kept = [specs] if isinstance(specs, ModelSpec) else list(specs), as_store(store)
    folds = deal_probes(probes, folds=FOLDS, seed=seed)
    if folds.fold.max() < 2:
        raise OptionError("Fine-tuning trains, stops and tests on different images: give each class three or more.")
    rows = []
    for place, spec in enumerate(chosen):
        report = _of_one(progress, place, len(chosen), epochs, spec.name)

        def run(one: ModelSpec, some: ProbeSet, report: Callable[[int], None] = report) -> FineTuned:
            return _tuned(one, some, folds, epochs, seed, device, kept, report)

        found = attempt(on_error, run, spec, probes)
        rows += [] if found is None else [_row(found, seed)]
    return pd.DataFrame(rows, columns=["model", "accuracy", "low", "high", "epochs", "images"])


def _of_one(progress: Progress | None, place: int, count: int, epochs: int, name: str) -> Callable[[int], None]:
    def tell(epoch: int) -> None:
        give_way()
        if progress is not None:
            progress(place * epochs + epoch, count * epochs, f"{name}: epoch {epoch + 1} of at most {epochs}")

    return tell


def _row(found: FineTuned, seed: int) -> dict[str, object]:
    right, count = found.right.mean(), len(found.right)
    drawn = np.random.default_rng(seed).binomial(count, right, RESAMPLES) / count  # resampled images, each right or not
    low, high = np.percentile(drawn, INTERVAL)
    return {"model": found.model, "accuracy": float(right), "low": float(min(low, right))} | {
        "high": float(max(high, right)),
        "epochs": found.epochs,
        "images": count,
    }


def _tuned(
    spec: ModelSpec,
    probes: ProbeSet,
    folds: Folds,
    epochs: int,
    seed: int,
    device: str,
    store: Store,
    report: Callable[[int], None],
) -> FineTuned:
    network, place = open_network(spec), resolve_device(device)
    labels = hashlib.sha256(repr(probes.labels).encode()).hexdigest()
    about = [VERSION, features_key(spec, network.identity, OUTPUT, probes), labels, epochs, seed, place.type]
    key = hashlib.sha256(json.dumps(["fine-tuning", *about]).encode()).hexdigest()
    done = store.get(key, lambda kept: kept.arrays["right"].reshape(-1))
    if done is None:
        run = TuningRun(spec, network, probes, folds, seed, place)
        going = hashlib.sha256(f"{key} going".encode()).hexdigest()
        run.resume(store.get(going))
        while run.epoch < epochs and run.waited < PATIENCE:
            run.train(report)
            store.keep(going, run.arrays(), run.about())
        done = store.keep(key, {"right": run.test()}, {"model": spec.id, "epochs": run.best_epoch})
        store.keep(going, {"nothing": np.zeros(1)}, {"done": True})  # its weights are needed no longer
    return FineTuned(spec.id, done.arrays["right"].astype(bool), int(done.metadata["epochs"]))
