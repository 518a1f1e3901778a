"""Finished work, kept in memory up to a bound; the store on disk holds it all."""

from collections import OrderedDict
from threading import Lock
from typing import Any

from depara_core.comparison import Comparison

MAX_BYTES = 1_500_000_000


class Shelf:
    """Finished work, the least recently used dropped first, and how often each key was begun."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Any, str]] = OrderedDict()
        self._begun: dict[str, int] = {}
        self._lock = Lock()

    def get(self, key: str) -> Any:
        """Return what was finished under a key, or None."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key, (None, ""))[0]

    def like(self, recipe: str) -> list[Comparison]:
        """Return the comparisons made by one recipe, the latest used first."""
        with self._lock:
            return [made for made, own in reversed(self._kept.values()) if own == recipe]

    def put(self, key: str, made: Any, recipe: str = "") -> None:
        """Keep what was made, and drop old things over the bound."""
        with self._lock:
            self._kept[key] = (made, recipe)
            while len(self._kept) > 1 and sum(_size(made) for made, _ in self._kept.values()) > MAX_BYTES:
                self._kept.popitem(last=False)

    def job_key(self, key: str, *, again: bool = False) -> str:
        """Return the key of the job that makes `key`; `again` asks for a fresh job."""
        with self._lock:
            self._begun[key] = self._begun.get(key, 0) + again
            return f"{key}#{self._begun[key]}"


def _size(made: Any) -> int:
    images = made.probes.images.nbytes if isinstance(made, Comparison) else 0
    return images + sum(graph.nodes.nbytes + graph.edges.nbytes for graph in made.graphs)
