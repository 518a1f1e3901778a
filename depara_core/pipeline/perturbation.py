"""Does a map show what a feature rests on? Its pixels are taken away, or put in, from the strongest on.

Deletion and insertion curves (Petsiuk et al. 2018, section 4.2), read at the feature that the map explains.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from depara_core.attribution.hooks import at_rest
from depara_core.attribution.options import Options, resolve_options
from depara_core.attribution.passes import Run, reading
from depara_core.errors import OptionError
from depara_core.extraction.batches import Batches
from depara_core.extraction.device import on_device, resolve_device
from depara_core.extraction.numerics import exact_float32
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import open_network
from depara_core.probes import ProbeSet
from depara_core.store import Store
from depara_core.zoo.spec import OUTPUT, ModelSpec

BATCH = 4  # images at once
CURVES = ("deletion", "insertion", "random_deletion", "random_insertion")


@dataclass(frozen=True, eq=False)
class PerturbationCurves:
    """How much of a layer's feature is left while pixels are taken from the image, or put into a grey one.

    What is left is the cosine of the feature to that of the whole image. Pixels go by the map's absolute value, summed
    over colours, the strongest first; beside them stands the same in a random order.

    Attributes
    ----------
    model, layer
        Whose maps.
    options
        How they were computed.
    fractions
        (K + 1,) shares of the pixels, from 0 to 1.
    deletion, insertion, random_deletion, random_insertion
        (N, K + 1) cosines in [-1, 1], a row a probe.
    """

    model: str
    layer: str
    options: Options
    fractions: Float[np.ndarray, " K1"]
    deletion: Float[np.ndarray, "N K1"]
    insertion: Float[np.ndarray, "N K1"]
    random_deletion: Float[np.ndarray, "N K1"]
    random_insertion: Float[np.ndarray, "N K1"]

    def areas(self) -> dict[str, float]:
        """Return the mean area under each curve: a good map's deletion lies below the random one, its insertion above.

        Returns
        -------
        dict
            By the names of the curves, each in [-1, 1].
        """
        return {name: float(np.trapezoid(getattr(self, name), self.fractions, axis=1).mean()) for name in CURVES}

    def to_frame(self) -> pd.DataFrame:
        """Return the curves' means over the probes.

        Returns
        -------
        pandas.DataFrame
            A row a fraction: `fraction` and the four curves.
        """
        means = {name: getattr(self, name).mean(axis=0) for name in CURVES}
        return pd.DataFrame({"fraction": self.fractions} | means)


def perturbation_curves(
    spec: ModelSpec,
    probes: ProbeSet,
    *,
    layer: str = OUTPUT,
    steps: int = 10,
    seed: int = 0,
    preset: str = "paper",
    method: str | None = None,
    objective: str | None = None,
    channels: str | None = None,
    center: bool | None = None,
    resolution: int | None = None,
    device: str = "auto",
    memory_budget: int | None = None,
    precision: str = "float32",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
) -> PerturbationCurves:
    """Take pixels away from the strongest of a map on, and put them into a grey image, and read the feature.

    Four forward passes of all probes a step; only the maps are kept.

    Parameters
    ----------
    spec
        The model.
    probes
        N >= 3 images.
    layer
        "output" or another layer.
    steps
        K >= 2 steps from no pixel to all.
    seed
        Of the random order.
    preset, method, objective, channels, center, resolution, device, memory_budget, precision
        As in `build_graphs`, which makes the maps.
    progress
        progress(done, total, message) counts probes, of the maps and then of the curves; raising `Cancelled` from it
        stops within a batch.
    store
        Where the graph is kept, as in `build_graphs`.

    Returns
    -------
    PerturbationCurves
        The curves of every probe.

    Raises
    ------
    OptionError
        An option is not among the valid ones.
    ModelError
        The model cannot be opened, lacks the layer, or cannot be run and attributed.
    Cancelled
        `progress` asked for it.
    """
    options = resolve_options(
        preset, method=method, objective=objective, channels=channels, center=center, resolution=resolution
    )
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 2:
        raise OptionError(f"Expected steps as a whole number, 2 or more; {steps!r} came.")
    (graph,) = build_graphs(
        spec, probes, layers=[layer], **asdict(options), device=device, memory_budget=memory_budget,
        precision=precision, progress=progress, store=store,
    )  # fmt: skip
    curves: dict[str, list[np.ndarray]] = {name: [] for name in CURVES}
    network, place = open_network(spec), resolve_device(device)
    with at_rest(network.module), on_device(network.module, place):
        batches = Batches(spec, probes, place, exact_float32)
        with reading(network, [layer]) as run:
            for start in range(0, len(probes), BATCH):
                x = batches.images(start, BATCH)
                shuffled = np.random.default_rng([seed, start]).random((len(x), x[0, 0].numel()))
                orders = {"": _places(_strength(graph, start, x)), "random_": _places(shuffled)}
                for kind, order in orders.items():
                    for name, left in _left(batches, run, layer, x, order, steps):
                        if progress is not None:
                            progress(start, len(probes), f"{spec.name}: pixels in and out")
                        curves[kind + name].append(left)
    whole = {name: np.concatenate(parts) for name, parts in curves.items()}
    return PerturbationCurves(spec.id, layer, options, np.linspace(0, 1, steps + 1), **whole)


def _strength(graph: AttributionGraph, start: int, x: Tensor) -> Float[np.ndarray, "B p"]:
    """Return each pixel's absolute attribution, summed over colours, on the network's input."""
    maps = torch.from_numpy(np.abs(graph.maps[start : start + len(x)]).sum(axis=1, keepdims=True))
    return torch.nn.functional.interpolate(maps, x.shape[2:], mode="nearest-exact").flatten(1).numpy()


def _places(strength: Float[np.ndarray, "B p"]) -> Int[np.ndarray, "B p"]:
    """Return each pixel's place in the order from the strongest on; equals in the order of the pixels."""
    order = np.argsort(-strength, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(order.shape[1])[None], axis=1)
    return places


def _left(
    batches: Batches, run: Run, layer: str, x: Tensor, places: np.ndarray, steps: int
) -> Iterator[tuple[str, Float[np.ndarray, "B K1"]]]:
    """Yield the curves of a batch: cosines to the whole image's feature while pixels go out, and come in."""

    def read(image: Tensor) -> Tensor:
        return batches.require(run, image)[0][layer].flatten(1).double()

    rank = torch.from_numpy(places).view(len(x), 1, *x.shape[2:]).to(x.device)
    whole = read(x)
    for name, comes_in in (("deletion", False), ("insertion", True)):
        columns = []
        for step in range(steps + 1):
            first = rank < round(step * rank[0].numel() / steps)
            columns.append(torch.nn.functional.cosine_similarity(read(x * (first == comes_in)), whole, dim=1))
        yield name, torch.stack(columns, dim=1).cpu().numpy()
