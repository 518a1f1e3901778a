"""What numbers rest on, written beside them: models, weights, probes, options, lambda, versions."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import torch

from depara_core.errors import OptionError
from depara_core.formatting import printable
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid
from depara_core.probes import ProbeSet
from depara_core.zoo import split_view


def provenance(
    graphs: Sequence[AttributionGraph],
    *,
    probes: ProbeSet | None = None,
    lam: float | None = None,
    grid: Grid | None = None,
) -> dict[str, Any]:
    """Return the origin of what was computed from graphs over the same probes with the same options, ready for JSON.

    Keys: models (id, what they are shown of an image: "common" or "own", layers, sha256 of the weights), probes (count,
    sha256 of the pixels, and the source where the set is given), options, lam, grid (channels, height and width that
    maps were compared on), versions (of what writes), computed_with (the versions that built the graphs).
    """
    if not graphs:
        raise OptionError("Nothing has no origin: expected at least one graph, got none.")
    first = next((graph for graph in graphs if not graph.edges_only), graphs[0])  # labels have no options
    for graph in graphs:
        same = graph.edges_only or graph.options == first.options
        if graph.probes != first.probes or not same:
            raise OptionError(
                f"One record describes graphs of one set of probes and options: {graph.label} differs from "
                f"{first.label}. Write them to files of their own."
            )
    if probes is not None and probes.digest != first.probes:
        raise OptionError(
            f"The graphs were built over other probes ({first.probes[:8]}) than those given ({probes.digest[:8]})."
        )
    models: dict[tuple[str, str], list[str]] = {}
    for graph in graphs:
        layers = models.setdefault((graph.model, graph.weights), [])
        layers += [] if graph.layer in layers else [graph.layer]
    return {
        "models": [
            {
                "model": printable(model),
                "view": split_view(model)[1],
                "layers": list(map(printable, layers)),
                "weights": weights,
            }
            for (model, weights), layers in models.items()
        ],
        "probes": {"count": len(first), "digest": first.probes}
        | ({} if probes is None else {"source": printable(probes.source)}),
        "options": asdict(first.options),
        "lam": lam,
        "grid": None if grid is None else list(grid),
        "versions": versions(),
        "computed_with": computed_with(graphs),
    }


def computed_with(graphs: Sequence[AttributionGraph]) -> list[dict[str, str]]:
    """Return the distinct versions and numerics that graphs were computed with."""
    known = [dict(graph.versions) for graph in graphs if graph.versions]
    return [versions for place, versions in enumerate(known) if versions not in known[:place]]


def versions() -> dict[str, str]:
    """Return the versions of this library and of what its numbers depend on."""
    try:
        own = version("depara-explorer")
    except PackageNotFoundError:  # run from a folder that was never installed
        own = "unknown"
    return {"depara": own, "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
