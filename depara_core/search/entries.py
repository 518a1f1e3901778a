"""The entries of a zoo: each a graph in a file and a row in the index, which is made again where it is lost."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from jaxtyping import Float32

from depara_core.errors import DeparaError, StoreError
from depara_core.graphs import AttributionGraph
from depara_core.search.graph_files import GraphFiles, Provenance
from depara_core.search.manifest import Manifest
from depara_core.search.points import point
from depara_core.search.vectors import DAMAGE, TABLE, PointTable

T = TypeVar("T")
INDEX = "index"  # the folder of the rows
AT_ONCE = 64  # rows that are written together
PATIENCE_S = 600  # for another writer


def last_change(folder: Path) -> int:
    """Return when a zoo's index was last written, in nanoseconds; 0 where there is none."""
    versions = folder / INDEX / f"{TABLE}.lance" / "_versions"
    return versions.stat().st_mtime_ns if versions.is_dir() else 0


class Entries:
    """Graphs and their rows; the graphs are the truth, and a row follows from its graph."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self._files = GraphFiles(folder / "graphs", manifest)
        self._table = PointTable(folder / INDEX, 2 * manifest.width)
        self._lock = FileLock(folder / "zoo.lock")
        self._mend()

    def __len__(self) -> int:
        return self._sound(lambda: len(self._table))

    def point(self, graph: AttributionGraph) -> Float32[np.ndarray, " two_W"]:
        """Return a graph's point by the zoo's projection."""
        return point(graph, self.manifest.grid, width=self.manifest.width, seed=self.manifest.seed)

    def get(self, entry: str) -> tuple[AttributionGraph, Provenance] | None:
        """Read an entry; None where it is gone or damaged."""
        return self._files.get(entry)

    def name(self, entry: str) -> str:
        """Return the model and the layer that an entry was added as; "" where it was removed."""
        rows = self.rows(f"id = '{entry}'").select(["model", "layer"]).to_pylist()
        return " · ".join(rows[0].values()) if rows else ""

    def put(self, graphs: Iterable[tuple[AttributionGraph, Provenance]]) -> int:
        """Write graphs, then their rows: a row without its graph is worth nothing, a graph without its row is found."""
        with self._alone():
            rows = [self._row(self._files.put(graph, provenance), graph, provenance) for graph, provenance in graphs]
            self._sound(lambda: self._table.put(rows))
        return len(rows)

    def remove(self, ids: Sequence[str]) -> None:
        """Remove graphs, then their rows."""
        with self._alone():
            for one in ids:
                self._files.remove(one)
            self._sound(lambda: self._table.remove(ids))

    def rows(self, where: str | None = None, *, vectors: bool = False) -> pa.Table:
        """Return the rows that a filter lets pass."""
        return self._sound(lambda: self._table.rows(where, vectors=vectors))

    def nearest(
        self, asked: Float32[np.ndarray, " two_W"], count: int, where: str | None
    ) -> tuple[list[str], Float32[np.ndarray, "K two_W"]]:
        """Return the entries with the largest inner products with `asked`, and their points."""
        return self._sound(lambda: self._table.nearest(asked, count, where))

    def optimise(self) -> None:
        """Join small files of the index, and index the points once they are many."""
        with self._alone():
            self._sound(self._table.optimise)

    def _row(self, entry: str, graph: AttributionGraph, provenance: Provenance) -> dict[str, Any]:
        about = {"id": entry, "model": graph.model, "layer": graph.layer, "weights": graph.weights}
        numbers = {"digest": graph.digest, "parameters": graph.parameters, "vector": self.point(graph)}
        return about | numbers | asdict(provenance)

    def _mend(self) -> None:
        """Bring the index to what the files hold: a writer may have been stopped between the two."""
        if self._differing() == (set(), set()):
            return
        with self._alone():  # else a writer may be between the two right now
            missing, orphaned = self._differing()
            self._fill(missing)
            self._sound(lambda: self._table.remove(orphaned))

    def _differing(self) -> tuple[set[str], set[str]]:
        """Return the entries without a row, and the rows without a graph."""
        files, rows = self._files.ids(), set(self.rows().column("id").to_pylist())
        return files - rows, rows - files

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other process or thread writes."""
        try:
            with self._lock.acquire(timeout=PATIENCE_S):
                yield
        except Timeout:
            raise StoreError(
                f"Another writer has held the zoo in {self.folder} for {PATIENCE_S} seconds. Try again later."
            ) from None

    def _fill(self, entries: set[str]) -> None:
        found = self._files.graphs(entries)
        while several := [self._row(*one) for one in islice(found, AT_ONCE)]:
            self._table.put(several)

    def _sound(self, work: Callable[[], T]) -> T:
        """Return work(), after the index was made again from the graphs where LanceDB cannot read it."""
        try:
            return work()
        except DeparaError:
            raise
        except DAMAGE as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            warnings.warn(
                f"The index of {self.folder} is damaged and made again from its graphs: {reason}", stacklevel=3
            )
            with self._alone():
                self._table.start_again()
                self._fill(self._files.ids())
            return work()
