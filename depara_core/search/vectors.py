"""The points of a zoo in LanceDB: rows of provenance with a vector each, added, removed, filtered, searched."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float32

from depara_core.errors import OptionError, StoreError
from depara_core.files import remove

TABLE, INDEX = "points", "vector_idx"
INDEXED_FROM = 20_000  # rows, by a graph of neighbours (Malkov and Yashunin, 2016) over numbers of a byte each; fewer
# are compared one by one, without a miss
UNINDEXED = 0.1  # share of the rows that may be outside the index before it takes them in
EXPLORED = 2  # times as many neighbours as are asked for are kept in sight while the index is walked
KEPT = timedelta(hours=1)  # how long an outdated version stays for who still reads it

TEXTS = ("id", "model", "layer", "source", "family", "licence", "weights", "digest", "added")
COLUMNS = (*TEXTS, "parameters")  # what a filter may name
DAMAGE = (RuntimeError, ValueError, OSError)  # what LanceDB raises of files that are not what they should be


class PointTable:
    """Rows of `COLUMNS` and a point each, in a folder; any number of processes may read it, one at a time write it.

    What LanceDB raises of a damaged table, among `DAMAGE`, comes through.

    Parameters
    ----------
    folder
        Where it lies.
    length
        Numbers a point has.
    """

    def __init__(self, folder: Path, length: int) -> None:
        require_lancedb()
        self.folder, self.length = folder, length
        texts = [pa.field(name, pa.string()) for name in TEXTS]
        vector = pa.field("vector", pa.list_(pa.float16(), length))
        self.schema = pa.schema([*texts, pa.field("parameters", pa.int64()), vector])
        self._connect()

    def _connect(self) -> None:
        lancedb = importlib.import_module("lancedb")
        self._connection = lancedb.connect(self.folder, read_consistency_interval=timedelta(0))
        self._table: Any = None

    @property
    def table(self) -> Any:
        """LanceDB's table, made where it is missing."""
        if self._table is None:
            self._table = self._connection.create_table(TABLE, schema=self.schema, exist_ok=True)
        return self._table

    def start_again(self) -> None:
        """Remove the table; it is empty when it is next used."""
        remove(self.folder)
        self._connect()

    def __len__(self) -> int:
        return int(self.table.count_rows())

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; one of an id that is there takes its place."""
        if rows:
            columns = {name: [row[name] for row in rows] for name in COLUMNS}
            table = self._arrow(columns, np.stack([row["vector"] for row in rows]))
            merge = self.table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            self._write(lambda: merge.execute(table))

    def append(self, columns: Mapping[str, Sequence[Any]], vectors: Float32[np.ndarray, "K two_W"]) -> None:
        """Add many rows of new ids at once."""
        self._write(lambda: self.table.add(self._arrow(columns, vectors)))

    def remove(self, ids: Iterable[str]) -> None:
        """Take rows away by id, which is letters and digits."""
        if wanted := ", ".join(f"'{one}'" for one in ids):
            self._write(lambda: self.table.delete(f"id IN ({wanted})"))

    def rows(self, where: str | None = None, *, vectors: bool = False) -> pa.Table:
        """Return all rows that a filter lets pass."""
        return self._answer(self.table.search().select([*COLUMNS, *(["vector"] if vectors else [])]), where)

    def nearest(
        self, asked: Float32[np.ndarray, " two_W"], count: int, where: str | None = None
    ) -> tuple[list[str], Float32[np.ndarray, "K two_W"]]:
        """Return the ids and the points with the largest inner products with `asked`, the largest first."""
        found = self.table.search(asked, vector_column_name="vector", query_type="vector").distance_type("dot")
        found = found.limit(count).ef(EXPLORED * count).select(["id", "vector", "_distance"])
        rows = self._answer(found, where)
        return rows.column("id").to_pylist(), vectors_of(rows)

    def optimise(self) -> None:
        """Join small files, and index the points once they are many."""
        count, indexed = len(self), self.table.index_stats(INDEX)
        if indexed is None and count >= INDEXED_FROM:
            kind = importlib.import_module("lancedb.index").HnswSq
            config = kind(distance_type="dot", num_partitions=1)
            self._write(lambda: self.table.create_index("vector", config=config, name=INDEX))
        elif indexed is not None and indexed.num_unindexed_rows < UNINDEXED * count:
            return
        self._write(lambda: self.table.optimize(cleanup_older_than=KEPT))

    def _arrow(self, columns: Mapping[str, Sequence[Any]], vectors: Float32[np.ndarray, "K two_W"]) -> pa.Table:
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), self.length)
        arrays = [pa.array(columns[name], self.schema.field(name).type) for name in COLUMNS]
        return pa.Table.from_arrays([*arrays, flat], schema=self.schema)

    def _answer(self, found: Any, where: str | None) -> pa.Table:
        if where is None:
            return found.to_arrow()
        try:
            return found.where(where, prefilter=True).to_arrow()
        except DAMAGE as error:
            self._require_sound()
            reason = str(error).splitlines()[0]
            raise OptionError(
                f"The filter {where!r} cannot be read: {reason}. Expected SQL over {', '.join(COLUMNS)}, such as "
                "\"source = 'timm' AND parameters < 30e6\"."
            ) from error

    def _write(self, write: Callable[[], object]) -> None:
        """Write; raises StoreError where that fails and the table is sound, as on a full disk."""
        try:
            write()
        except DAMAGE as error:
            self._require_sound()
            raise StoreError(f"The index in {self.folder} cannot be written: {error}") from error

    def _require_sound(self) -> None:
        """Read a row, which raises what LanceDB raises where the table is damaged."""
        self.table.search().limit(1).to_arrow()


def require_lancedb() -> None:
    """Refuse to go on without the package that holds the points."""
    if importlib.util.find_spec("lancedb") is None:
        raise OptionError("A zoo needs lancedb, which is not installed. Run: pip install 'depara-explorer[zoo]'")


def vectors_of(rows: pa.Table) -> Float32[np.ndarray, "K two_W"]:
    """Return the points of rows as an array."""
    column = rows.column("vector").combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    return flat.reshape(len(rows), column.type.list_size)
