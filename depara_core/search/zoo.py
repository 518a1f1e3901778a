"""A zoo on disk: graphs of many models over the same probes, found again by how alike they are."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from depara_core.attribution.options import Options, resolve_options
from depara_core.errors import OptionError
from depara_core.files import Progress, written_aside
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid
from depara_core.paths import expanded
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import OnError
from depara_core.probes import ProbeSet
from depara_core.search.candidates import best_of
from depara_core.search.entries import Entries
from depara_core.search.graph_files import Provenance, entry_id
from depara_core.search.manifest import plan, read_manifest, read_probes, write_manifest
from depara_core.search.points import estimates, query
from depara_core.search.vectors import require_lancedb, vectors_of
from depara_core.similarity import check_lam
from depara_core.store import Store
from depara_core.zoo.spec import OUTPUT, ModelSpec

WIDTH = 512  # numbers a part of a point
AT_ONCE = 16  # models whose graphs are in memory before they are in the zoo
CANDIDATES = 200  # that may be scored exactly
BUNDLED_LICENCE = "MIT"
FORMATS = (".parquet", ".csv")
_LIST = ("model", "layer", "source", "family", "parameters", "licence", "added", "digest")


class Zoo:
    """A folder of graphs as searchable points.

    S is an inner product, so the graphs most like one are its nearest points: the index finds candidates by projections
    (see `points`), whose standard error is told, and the stored graphs score them exactly. Any number of processes may
    search, add and remove at once; an index that is damaged or behind is made again from the graphs.

    Parameters
    ----------
    path
        The folder, made by `create`.

    Raises
    ------
    OptionError
        There is no zoo, or lancedb is not installed.
    StoreError
        Its files cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = expanded(path)
        self._manifest = read_manifest(self.path)
        self._entries = Entries(self.path, self._manifest)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        probes: ProbeSet,
        *,
        preset: str = "paper",
        method: str | None = None,
        objective: str | None = None,
        channels: str | None = None,
        center: bool | None = None,
        resolution: int | None = None,
        grid: Grid | None = None,
        width: int = WIDTH,
        seed: int = 0,
    ) -> "Zoo":
        """Make an empty zoo; what is given here holds for all graphs that are ever added.

        Parameters
        ----------
        path
            A folder without a zoo.
        probes
            N >= 3 images, which are copied into the zoo.
        preset, method, objective, channels, center, resolution
            As `build_graphs` takes them.
        grid
            (channels, height, width) that all maps are compared on, no finer than any model's input; None: 64 x 64, or
            `resolution` where it is smaller, with the channels of the options.
        width
            Numbers a part of a point, 16 to 4096: it takes 4 x width bytes, and its standard error is about
            (1 - s) sqrt(2 / width) a part of similarity s.
        seed
            Of the projection, 0 or more.

        Returns
        -------
        Zoo
            Opened.

        Raises
        ------
        OptionError
            An option is not valid, or there is a zoo already.
        ProbeError
            There are fewer than 3 probes.
        StoreError
            The folder cannot be written.
        """
        options = resolve_options(
            preset, method=method, objective=objective, channels=channels, center=center, resolution=resolution
        )
        require_lancedb()
        write_manifest(expanded(path), plan(probes, options, grid, width, seed), probes)
        return cls(path)

    @property
    def options(self) -> Options:
        """How its graphs are made."""
        return self._manifest.options

    @property
    def grid(self) -> Grid:
        """(channels, height, width) that its maps are compared on."""
        return self._manifest.grid

    @property
    def origin(self) -> dict[str, Any]:
        """What every score of it rests on, ready for JSON: probes, options, grid."""
        told = asdict(self._manifest)
        probes = {"count": told["count"], "digest": told["probes"], "source": told["source"]}
        return {"probes": probes, "options": told["options"], "grid": list(told["grid"])}

    @cached_property
    def probes(self) -> ProbeSet:
        """Its N probes."""
        return read_probes(self.path, self._manifest.probes)

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self,
        specs: ModelSpec | AttributionGraph | Iterable[ModelSpec | AttributionGraph],
        *,
        layers: str | Sequence[str] = OUTPUT,
        licence: str = "",
        device: str = "auto",
        progress: Progress | None = None,
        store: str | os.PathLike[str] | Store | None = None,
        on_error: OnError | None = None,
        executor: str | None = None,
    ) -> int:
        """Build graphs and add them; a model and layer that is there is replaced.

        Parameters
        ----------
        specs
            Models, or graphs that were built over the zoo's probes with its options.
        layers
            As `build_graphs` takes them.
        licence
            Of these models, to filter by; "": unknown, but for the bundled ones.
        device, progress, store, on_error, executor
            As `build_graphs` takes them.

        Returns
        -------
        int
            Graphs added. What was added before an error or a cancellation stays.

        Raises
        ------
        OptionError
            A graph is of other probes or options, or coarser than the grid.
        ModelError, Cancelled
            As `build_graphs`.
        StoreError
            The zoo cannot be written.
        """
        given = [specs] if isinstance(specs, ModelSpec | AttributionGraph) else list(specs)
        models = [one for one in given if isinstance(one, ModelSpec)]
        graphs = [one for one in given if isinstance(one, AttributionGraph)]
        for graph in graphs:
            self._manifest.require_same(graph)
        if not given:
            raise OptionError("Nothing was given to add. Expected models or graphs.")
        told: dict[str, Any] = {"layers": layers, "device": device, "store": store, "on_error": on_error}
        told |= {"executor": executor}
        added = self._keep(graphs, {}, licence)
        for first in range(0, len(models), AT_ONCE):
            chosen, report = models[first : first + AT_ONCE], _further(progress, first, len(models))
            built = build_graphs(chosen, self.probes, **asdict(self.options), **told, progress=report)
            added += self._keep(built, {spec.id: spec for spec in chosen}, licence)
        self._entries.optimise()
        return added

    def remove(self, model: str, *, layer: str | None = None) -> int:
        """Remove a model, or one layer of it.

        Parameters
        ----------
        model
            Its id.
        layer
            None: all its layers.

        Returns
        -------
        int
            How many entries were removed.

        Raises
        ------
        OptionError
            It is not in the zoo.
        """
        rows = self.list()
        found = rows[(rows["model"] == model) & ((rows["layer"] == layer) if layer else True)]
        if found.empty:
            what = f"{model} · {layer}" if layer else model
            raise OptionError(f"{what} is not in the zoo in {self.path}; `list()` shows what is.")
        ids = [entry_id(model, one) for one in found["layer"].tolist()]
        self._entries.remove(ids)
        return len(ids)

    def list(self, where: str | None = None) -> pd.DataFrame:
        """Return what is in the zoo, by model and layer.

        Parameters
        ----------
        where
            SQL over model, layer, source, family, licence, parameters, weights, digest and added, such as
            "source = 'timm' AND parameters < 30e6"; None: everything.

        Returns
        -------
        DataFrame
            model, layer, source, family, parameters, licence, added, digest.

        Raises
        ------
        OptionError
            The filter cannot be read.
        """
        frame = self._entries.rows(where).select(list(_LIST)).to_pandas()
        return frame.sort_values(["model", "layer"], ignore_index=True)

    def graph(self, model: str, layer: str = OUTPUT) -> AttributionGraph:
        """Return a stored graph, its maps on the zoo's grid.

        Parameters
        ----------
        model
            Its id.
        layer
            The layer's name.

        Returns
        -------
        AttributionGraph
            The graph.

        Raises
        ------
        OptionError
            It is not in the zoo.
        """
        found = self._entries.get(entry_id(model, layer))
        if found is None:
            raise OptionError(f"{model} · {layer} is not in the zoo in {self.path}; `list()` shows what is.")
        return found[0]

    def search(
        self,
        asked: AttributionGraph | ModelSpec,
        lam: float = 1.0,
        *,
        k: int = 10,
        where: str | None = None,
        layer: str = OUTPUT,
        candidates: int = CANDIDATES,
        device: str = "auto",
        progress: Progress | None = None,
        store: str | os.PathLike[str] | Store | None = None,
    ) -> pd.DataFrame:
        """Find the graphs with the highest S = s_V + lam * s_E with one that need not be in the zoo.

        The index yields `candidates` by estimate; they are scored exactly in that order until none that is left can
        reach the first k within four standard errors.

        Parameters
        ----------
        asked
            A graph over the zoo's probes with its options, or a model, whose graph is built.
        lam
            Weight of the edges, 0 to 10^6.
        k
            How many, 1 or more.
        where
            As `list` takes it.
        layer
            Of a model that was given.
        candidates
            How many may be scored exactly, k or more.
        device, progress, store
            As `build_graphs` takes them.

        Returns
        -------
        DataFrame
            model, layer, score (exact S), estimate (S by the projections), error (the estimate's standard error), node
            and edge (exact s_V and s_E), source, family, parameters, licence; at most k rows, the highest score first.

        Raises
        ------
        OptionError
            The graph is of other probes, options or N, a number is not valid, or the filter cannot be read.
        ModelError
            The model's graph cannot be built.
        """
        lam = check_lam(lam)
        if k < 1 or candidates < k:
            raise OptionError(f"Expected k of 1 or more and as many candidates; k={k}, candidates={candidates} came.")
        graph = asked
        if isinstance(graph, ModelSpec):
            told: dict[str, Any] = {"layers": layer, "device": device, "progress": progress, "store": store}
            graph = build_graphs(graph, self.probes, **asdict(self.options), **told)[0]
        self._manifest.require_same(graph)
        mine = self._entries.point(graph)
        found, points = self._entries.nearest(query(mine, lam), candidates, where)
        return best_of(self._entries, graph, found, estimates(mine, points, lam), lam, k)

    def map(self, where: str | None = None, *, lam: float = 1.0) -> pd.DataFrame:
        """Place the zoo's points on a plane: the two principal axes of [Pv, sqrt(lam) Pe].

        Parameters
        ----------
        where
            As `list` takes it.
        lam
            Weight of the edges.

        Returns
        -------
        DataFrame
            What `list` returns, with x and y.
        """
        weight = np.sqrt(check_lam(lam))
        rows = self._entries.rows(where, vectors=True)
        width = self._manifest.width
        vectors = vectors_of(rows)
        places = np.hstack([vectors[:, : width - 1], weight * vectors[:, width:-1]]).astype(np.float64)
        places -= places.mean(axis=0) if len(places) else 0.0
        _, axes = np.linalg.eigh(places.T @ places)
        frame = rows.select(list(_LIST)).to_pandas()
        return frame.assign(x=places @ axes[:, -1], y=places @ axes[:, -2])

    def export(self, file: str | os.PathLike[str]) -> Path:
        """Write the whole table with its vectors to a .parquet file, or without them to a .csv.

        Parameters
        ----------
        file
            Its ending says which.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OptionError
            It has another ending.
        """
        path = expanded(file)
        if path.suffix not in FORMATS:
            raise OptionError(f"Expected a file that ends in {' or '.join(FORMATS)}; {path.name!r} came.")
        with_vectors = path.suffix == ".parquet"
        rows = self._entries.rows(vectors=with_vectors)
        with written_aside(path) as aside:
            if with_vectors:
                parquet.write_table(rows, aside)
            else:
                rows.to_pandas().to_csv(aside, index=False)
        return path

    def _keep(self, graphs: Sequence[AttributionGraph], specs: Mapping[str, ModelSpec], licence: str) -> int:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return self._entries.put((graph, _provenance(graph, specs.get(graph.model), licence, now)) for graph in graphs)


def _provenance(graph: AttributionGraph, spec: ModelSpec | None, licence: str, added: str) -> Provenance:
    told = licence or (BUNDLED_LICENCE if spec is not None and spec.bundled else "")
    return Provenance(graph.model.partition("/")[0], "" if spec is None else spec.group, told, added)


def _further(progress: Progress | None, done: int, total: int) -> Progress | None:
    """Return a progress callback for some of many models that says how many are behind."""
    if progress is None or total <= AT_ONCE:
        return progress
    return lambda now, all_, message: progress(now, all_, f"{message} ({done} of {total} models are in the zoo)")
