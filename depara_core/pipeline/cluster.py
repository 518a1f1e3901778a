"""Models as tasks of a Ray cluster: computed where there is room, and kept in a store that all its machines share."""

import importlib
import importlib.util
import os
import platform
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from depara_core.errors import DeparaError, ModelError, OptionError, StoreError
from depara_core.files import Progress, write_whole
from depara_core.pipeline.keys import versions
from depara_core.pipeline.models import OnError, explained
from depara_core.probes import ProbeSet
from depara_core.store import Store
from depara_core.zoo.spec import ModelSpec

LOCAL = "ray"  # the cluster that RAY_ADDRESS names, else one on this machine
RETRIES = 3  # of a task whose worker or machine was lost
LOOK_S = 0.5  # between two looks at what is done
LIBRARIES = ("depara-explorer", "numpy", "torch", "torchvision")

Call = Callable[..., object]  # call(spec, probes, store=..., **options) keeps its results in the store


def spread(
    executor: str,
    call: Call,
    specs: Sequence[ModelSpec],
    probes: ProbeSet,
    store: Store,
    *,
    options: Sequence[Mapping[str, Any]],
    device: str,
    progress: Progress | None,
) -> dict[str, DeparaError]:
    """Do call(spec, probes, device=..., store=..., **options) of each model on the cluster.

    Parameters
    ----------
    executor
        "ray", or the address of a cluster, "ray://host:10001".
    call
        `build_graphs` or `build_features`.
    specs
        M models.
    probes
        They are sent to each machine once.
    store
        Its folder must be the same one on every machine.
    options
        What `call` takes besides, one a model.
    device
        "auto" takes a GPU a task where the cluster has some.
    progress
        progress(done, total, message) counts probes; `Cancelled` stops what runs.

    Returns
    -------
    dict
        Model id -> error of those that failed; the results of all others are in the store.

    Raises
    ------
    OptionError
        Ray is not installed, cannot be reached, or runs other versions.
    StoreError
        A worker does not see the store, or the object store is full.
    """
    ray = _connect(executor)
    mark = store.path.resolve() / f".{uuid.uuid4().hex}"
    gpus = device.startswith(("auto", "cuda")) and bool(ray.cluster_resources().get("GPU"))
    place = "cuda" if device == "auto" and gpus else "cpu" if device == "auto" else device
    remote = ray.remote(num_cpus=1, num_gpus=int(gpus), max_retries=RETRIES)(_task)
    try:
        write_whole(mark, "")
        shared = ray.put(probes)
        tasks: dict[Any, ModelSpec] = {}
        failed: dict[str, DeparaError] = {}
        for spec, more in zip(specs, options, strict=True):
            given = {**more, "device": place, "store": store}
            try:
                tasks[remote.remote(call, spec, shared, given, mark, _versions())] = spec
            except (TypeError, ValueError, AttributeError) as error:
                reason = str(error).strip().splitlines()[0]
                failed[spec.id] = ModelError(f"{spec.id} cannot be sent to the cluster: {reason}")
        return failed | _gather(ray, tasks, len(probes), progress)
    except ray.exceptions.ObjectStoreFullError as error:
        raise StoreError("Ray's object store is full: start its nodes with a larger --object-store-memory.") from error
    finally:
        mark.unlink(missing_ok=True)


def left_after(
    failed: Mapping[str, DeparaError], specs: Sequence[ModelSpec], on_error: OnError | None
) -> list[ModelSpec]:
    """Hand failures to `on_error`, or raise the first one, and return the models without them."""
    for model, error in failed.items():
        if on_error is None:
            raise error
        on_error(model, error)
    return [spec for spec in specs if spec.id not in failed]


def _gather(ray: Any, tasks: dict[Any, ModelSpec], count: int, progress: Progress | None) -> dict[str, DeparaError]:
    pending, failed = list(tasks), {}
    try:
        while pending:
            if progress is not None:
                done = len(tasks) - len(pending)
                progress(done * count, len(tasks) * count, f"{done} of {len(tasks)} models, on the cluster")
            ready, pending = ray.wait(pending, num_returns=len(pending), timeout=LOOK_S)
            for one in ready:
                error = _outcome(ray, one, tasks[one])
                if error is not None:
                    failed[tasks[one].id] = error
    except BaseException:  # `Cancelled` from the progress callback as well
        for one in pending:
            ray.cancel(one, force=True)
        raise
    return failed


def _outcome(ray: Any, one: Any, spec: ModelSpec) -> DeparaError | None:
    """Return why a model failed, or None; raise what is wrong with the cluster, which would stop the others too."""
    try:
        answer: DeparaError | None = ray.get(one)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, DeparaError):
            raise error.cause from None
        return explained(spec, error.cause)
    except ray.exceptions.RayError as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return ModelError(f"{spec.id}: its worker was lost {RETRIES + 1} times, or it could not be sent: {reason}")
    return answer


def _task(
    call: Call, spec: ModelSpec, probes: ProbeSet, options: dict[str, Any], mark: Path, told: dict[str, str]
) -> DeparaError | None:
    """Work on one model in a worker; its failure is the answer, a raised one is the cluster's."""
    mine = _versions()
    if mine != told:
        differing = [f"{name} {mine[name]} instead of {told[name]}" for name in told if mine[name] != told[name]]
        raise OptionError(
            f"The worker on {platform.node()} has {', '.join(differing)}. Install the same versions on every machine."
        )
    if not mark.exists():
        raise StoreError(
            f"The worker on {platform.node()} does not see the store in {mark.parent}. Give a folder that all machines "
            "share."
        )
    try:
        call(spec, probes, **options)
    except DeparaError as error:
        return error
    if options["store"].trouble:
        raise StoreError(options["store"].trouble)
    return None


def _connect(executor: str) -> Any:
    if executor != LOCAL and not executor.startswith("ray://"):
        raise OptionError(f"Expected executor='ray', 'ray://host:port' or None; {executor!r} came.")
    if importlib.util.find_spec("ray") is None:
        raise OptionError("This needs Ray, which is not installed. Run: pip install 'depara-explorer[cluster]'")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to the outside
    ray = importlib.import_module("ray")
    if not ray.is_initialized():
        address = None if executor == LOCAL else executor
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise OptionError(f"Ray at {executor!r} cannot be reached: {reason}. Start it first: ray start.") from error
    return ray


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **versions(*LIBRARIES)}
