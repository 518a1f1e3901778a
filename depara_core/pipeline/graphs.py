"""From models and images to graphs: nothing is computed twice, and what is finished is never lost."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import torch

from depara_core.attribution.options import Options, resolve_options
from depara_core.errors import OptionError
from depara_core.extraction.device import release, resolve_device
from depara_core.extraction.numerics import check_precision
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.jobs import Tally, give_way
from depara_core.pipeline import shards
from depara_core.pipeline.builder import Builder, Execution
from depara_core.pipeline.cluster import Task, device_on, left_after, spread
from depara_core.pipeline.models import OnError, attempt, existing_layers, open_network, require_different_names
from depara_core.probes import ProbeSet
from depara_core.store import Store, as_store, check_bytes
from depara_core.zoo.spec import OUTPUT, ModelSpec


def build_graphs(
    specs: ModelSpec | Iterable[ModelSpec],
    probes: ProbeSet,
    *,
    layers: str | Sequence[str] = OUTPUT,
    preset: str = "paper",
    method: str | None = None,
    objective: str | None = None,
    channels: str | None = None,
    center: bool | None = None,
    resolution: int | None = None,
    device: str = "auto",
    memory_budget: int | str | None = None,
    precision: str = "float32",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
    on_error: OnError | None = None,
    executor: str | None = None,
) -> list[AttributionGraph]:
    """Build the graph of each model's layers over the probes (DEPARA, Song et al. 2020, section 3.2).

    Finished layers stay in the store whatever follows, so that nothing is computed twice.

    Parameters
    ----------
    specs
        One model or several, of different names.
    probes
        N >= 3 images, the same for every model.
    layers
        "output", "all", or names of layers, which every model must have; a dotted module path is a layer too.
    preset
        "paper", "released_models" or "released_layers": see `PRESETS`. What is given beside it wins.
    method
        An entry of `METHODS`; None: the preset's.
    objective
        What is attributed of a feature F: "l2_norm", ||F||_2 (Eq. 3), or "mean", mean(F); None: the preset's.
    channels
        The map's colour channels: "none" keeps all 3, "mean" averages them, "abs_mean" their absolute values; None: the
        preset's.
    center
        Whether the mean feature of the probes is subtracted before the cosines of Eq. 4; None: the preset's.
    resolution
        Side of the square grid, in pixels, that maps are averaged to; None: each model's input size.
    device
        "auto", "cpu", "cuda", "cuda:1", "mps": where it is computed; "auto" takes a GPU where there is one.
    memory_budget
        Bytes, or text such as "2GB", that features, maps and one batch may take of the host's memory beside the model;
        None: a quarter of the machine's, 0.5 to 3 GiB, beside a GPU to 32. What does not fit lies in temporary files;
        the numbers are the same, up to rounding.
    precision
        "float32", or "fast": bfloat16 or TF32 on a device that has them, where maps and features of 8 probes keep a
        cosine of 0.99 or more to float32. `AttributionGraph.versions` tells which it was, and the cosine.
    progress
        progress(done, total, message) counts probes of models that must be computed; raising `Cancelled` from it stops
        within a batch.
    store
        Where graphs are kept: a `Store`, a path, or None: $DEPARA_STORE, else the platform's cache folder.
    on_error
        on_error(model id, error) takes the failure of one model, and the rest goes on; None: the first one is raised.
    executor
        None: this process. "ray" or "ray://host:10001": each model is a task of that Ray cluster, which keeps its
        graphs in the store, a folder that all its machines share; a lost worker's models are done again. More than
        2,000 probes are divided among several tasks; the numbers are the same, up to rounding.

    Returns
    -------
    list of AttributionGraph
        One a model and layer, in the order given, without the models that failed.

    Raises
    ------
    OptionError
        An option is not among the valid ones, two models share a name, no model was given, or the cluster cannot be
        reached or has other versions.
    StoreError
        The cluster does not see the store.
    ProbeError
        There are fewer than 3 probes.
    ModelError
        A model cannot be opened, lacks a layer, or cannot be run and attributed.
    Cancelled
        `progress` asked for it.
    """
    chosen = [specs] if isinstance(specs, ModelSpec) else list(specs)
    require_different_names(chosen)
    options = resolve_options(
        preset, method=method, objective=objective, channels=channels, center=center, resolution=resolution
    )
    if not chosen:
        raise OptionError(
            "No model was given. Expected one or more ModelSpec, such as depara.model('rooms/curvature')."
        )
    probes.require_comparable()
    check_precision(precision)
    place = resolve_device(device).type if device == "auto" else device
    if executor is not None and precision != "float32":
        place = device_on(executor, device)  # what "fast" means, and so what is read here, depends on it
    budget = None if memory_budget is None else check_bytes(memory_budget, "memory_budget")
    execution = Execution(place, budget, precision)
    named = [(spec, attempt(on_error, existing_layers, spec, layers)) for spec in chosen]
    wanted = [(spec, names) for spec, names in named if names is not None]
    kept = as_store(store)
    if executor is not None:
        tasks = _tasks(wanted, len(probes), options, execution, on_error)
        failed = spread(executor, tasks, probes, kept, device=device, progress=progress)
        left = left_after(failed, [task.spec for task in tasks], on_error)
        wanted = [(spec, names) for spec, names in wanted if spec in left]
    tally = Tally(progress, len(wanted) * len(probes))
    builder = Builder(probes, options, execution, kept, tally)
    graphs: list[AttributionGraph] = []
    try:
        for spec, names in wanted:
            give_way()
            built = attempt(on_error, builder.build, spec, names)
            if built is None:
                tally.close(len(probes), computed=False, message=f"{spec.name}: failed")
            graphs += built or []
    finally:
        _give_back()
    return graphs


def _tasks(
    wanted: Sequence[tuple[ModelSpec, tuple[str, ...]]],
    count: int,
    options: Options,
    execution: Execution,
    on_error: OnError | None,
) -> list[Task]:
    """Return a task a model, or several where there are very many probes; a model that cannot be opened has none."""
    tasks: list[Task] = []
    told: dict[str, Any] = {"memory_budget": execution.memory_budget, "precision": execution.precision}

    def add(spec: ModelSpec, layers: tuple[str, ...]) -> None:
        if count <= shards.SHARD_PROBES:
            tasks.append(Task(build_graphs, spec, {**asdict(options), **told, "layers": layers}))
            return
        identity = spec.identity() or open_network(spec).identity
        plan = shards.Plan(identity, layers, options, **told, shards=shards.divide(count))
        tasks.extend(shards.shard_tasks(spec, plan, len(tasks)))

    for spec, layers in wanted:
        attempt(on_error, add, spec, layers)
    return tasks


def _give_back() -> None:
    """Let go of the GPU's memory that torch holds for what comes next: other programs may need it."""
    if torch.cuda.is_initialized():
        with contextlib.suppress(RuntimeError):  # of a device that was lost
            release(torch.device("cuda"))
