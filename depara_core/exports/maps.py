"""Attribution maps as numbers: one file that numpy opens, with its origin inside, and their agreement as a table."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from depara_core.agreement import agreement
from depara_core.errors import OptionError
from depara_core.formatting import printable
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, common_grid
from depara_core.probes import ProbeSet


def maps_file(graphs: Sequence[AttributionGraph], probes: ProbeSet, origin: Mapping[str, Any]) -> bytes:
    """Return every map of some graphs over N probes as an .npz for `numpy.load(file)`; no pickle is needed.

    "maps_0", "maps_1", ...: float32 (N, C, H, W), each probe's of Euclidean norm 1 (0 without attribution). "graphs":
    their labels, in this order; "probes": the probes' names; "provenance": JSON, see `provenance`.
    """
    if not graphs:
        raise OptionError("No maps to write: expected at least one graph, got none.")
    _require_same(graphs, probes)
    words = {
        "graphs": np.array([printable(graph.label) for graph in graphs]),
        "probes": np.array(list(map(printable, probes.names))),
        "provenance": np.array(json.dumps(dict(origin), allow_nan=False)),
    }
    arrays = {f"maps_{place}": graph.maps for place, graph in enumerate(graphs)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays, **words)
    return buffer.getvalue()


def agreement_table(
    graphs: Sequence[AttributionGraph], reference: AttributionGraph, probes: ProbeSet, *, grid: Grid | None = None
) -> pd.DataFrame:
    """Return one row a graph and probe: graph, probe, name, cosine of its map and the reference's; the mean is s_V.

    `grid`: (channels, height, width) that maps are compared on; None: the common grid of all these graphs.
    """
    _require_same([*graphs, reference], probes)
    grid = common_grid([*graphs, reference], grid)
    parts = [
        pd.DataFrame(
            {
                "graph": printable(graph.label),
                "probe": range(len(probes)),
                "name": list(map(printable, probes.names)),
                "cosine": cosines,
            }
        )
        for graph, cosines in zip(graphs, agreement(graphs, reference, grid).cosines, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _require_same(graphs: Sequence[AttributionGraph], probes: ProbeSet) -> None:
    for graph in graphs:
        if graph.probes != probes.digest:
            raise OptionError(
                f"{graph.label} was built over other probes ({graph.probes[:8]}) than those given "
                f"({probes.digest[:8]})."
            )
