"""Models as tasks of a Ray cluster: computed where there is room, and kept in a store that all its machines share."""

import platform
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depara_core.errors import DeparaError, ModelError, OptionError, StoreError
from depara_core.files import Progress, write_whole
from depara_core.pipeline.connection import connect
from depara_core.pipeline.keys import versions
from depara_core.pipeline.models import OnError, explained
from depara_core.probes import ProbeSet
from depara_core.store import Store
from depara_core.zoo.spec import ModelSpec

RETRIES = 3  # of a task whose worker or machine was lost
LOOK_S = 0.5  # between two looks at what is done
LIBRARIES = ("depara-explorer", "numpy", "torch", "torchvision")

Call = Callable[..., object]  # call(spec, probes, store=..., **options) keeps its results in the store


@dataclass(frozen=True)
class Task:
    """One call(spec, probes, device=..., store=..., **options) on the cluster.

    Attributes
    ----------
    call
        `build_graphs`, `build_features`, or a part of either.
    spec
        The model.
    options
        What `call` takes besides.
    after
        The places, in the same run, of tasks that must be done before; one of them that fails is this one's failure.
    """

    call: Call
    spec: ModelSpec
    options: Mapping[str, Any]
    after: tuple[int, ...] = ()


def spread(
    executor: str,
    tasks: Sequence[Task],
    probes: ProbeSet,
    store: Store,
    *,
    device: str,
    progress: Progress | None,
) -> dict[str, DeparaError]:
    """Do tasks on the cluster.

    Parameters
    ----------
    executor
        "ray", or the address of a cluster, "ray://host:10001".
    tasks
        Those of any number of models, in the order in which they are best begun.
    probes
        They are sent to each machine once.
    store
        Its folder must be the same one on every machine.
    device
        "auto" takes a GPU a task where the cluster has some.
    progress
        progress(done, total, message) counts probes of tasks; `Cancelled` stops what runs.

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
    ray = connect(executor)
    mark = store.path.resolve() / f".{uuid.uuid4().hex}"
    place = device_on(executor, device)
    gpus = place.startswith("cuda") and bool(ray.cluster_resources().get("GPU"))
    remote = ray.remote(num_cpus=1, num_gpus=int(gpus), max_retries=RETRIES)(_task)
    with _room(ray), _marked(mark):
        shared = ray.put(probes)
        sent: list[Any] = []
        failed: dict[str, DeparaError] = {}
        for task in tasks:
            given = {**task.options, "device": place, "store": store}
            before = [sent[earlier] for earlier in task.after]
            try:
                answer = remote.remote(task.call, task.spec, shared, given, mark, _versions(), *before)
            except (TypeError, ValueError, AttributeError) as error:
                reason = str(error).strip().splitlines()[0]
                answer = failed[task.spec.id] = ModelError(f"{task.spec.id} cannot be sent to the cluster: {reason}")
            sent.append(answer)
        told = {one: task.spec for one, task in zip(sent, tasks, strict=True) if not isinstance(one, DeparaError)}
        return failed | _gather(ray, told, len(probes), progress)


def device_on(executor: str, device: str) -> str:
    """Return where a cluster computes: "auto" is "cuda" where it has a GPU."""
    if device != "auto":
        return device
    return "cuda" if connect(executor).cluster_resources().get("GPU") else "cpu"


@contextmanager
def _marked(mark: Path) -> Iterator[None]:
    """Keep a file in the store, by which a worker tells that it sees the same one."""
    write_whole(mark, "")
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


@contextmanager
def _room(ray: Any) -> Iterator[None]:
    """Say what to do where the probes, or what a worker needs of them, find no room in Ray."""
    try:
        yield
    except (ray.exceptions.ObjectStoreFullError, ray.exceptions.OutOfDiskError) as error:
        raise StoreError(
            "Ray's object store is full. Start its nodes with a larger --object-store-memory, or free the disk that it "
            "spills to; what was finished is kept."
        ) from error


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
                done, left = len(tasks) - len(pending), {tasks[one].id for one in pending}
                models = len({spec.id for spec in tasks.values()})
                progress(done * count, len(tasks) * count, f"{models - len(left)} of {models} models, on the cluster")
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
    call: Call,
    spec: ModelSpec,
    probes: ProbeSet,
    options: dict[str, Any],
    mark: Path,
    told: dict[str, str],
    *before: DeparaError | None,
) -> DeparaError | None:
    """Work on one model in a worker, after other tasks; its failure is the answer, a raised one is the cluster's."""
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
    failed = next((error for error in before if error is not None), None)
    if failed is not None:
        return failed
    try:
        call(spec, probes, **options)
    except DeparaError as error:
        return error
    if options["store"].trouble:
        raise StoreError(options["store"].trouble)
    return None


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **versions(*LIBRARIES)}
