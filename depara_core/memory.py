"""How much memory a result takes."""

import mmap
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import pandas as pd


def resident_bytes(result: Any) -> int:
    """Return the memory that the arrays and tables in a result take.

    Parameters
    ----------
    result
        An array, a table, or dataclasses, mappings and sequences of them, to any depth. Anything else counts as 0.

    Returns
    -------
    int
        Bytes. An array that several parts share counts once; one that is mapped from a file counts as 0, as the system
        takes its pages back when it needs them.
    """
    seen: set[int] = set()

    def count(part: Any) -> int:
        owner = _owner(part) if isinstance(part, np.ndarray) else part
        if id(owner) in seen:
            return 0
        seen.add(id(owner))
        if isinstance(owner, np.ndarray):
            return owner.nbytes
        if isinstance(owner, pd.DataFrame | pd.Series):
            return int(np.sum(owner.memory_usage(deep=True)))
        return sum(map(count, _parts(owner)))

    return count(result)


def _owner(array: np.ndarray) -> Any:
    """Return what holds an array's numbers: the array itself, another one, or a mapped file."""
    owner: Any = array
    while True:
        base = owner.obj if isinstance(owner, memoryview) else getattr(owner, "base", None)
        if base is None or isinstance(owner, mmap.mmap):
            return owner
        owner = base


def _parts(whole: Any) -> Iterable[Any]:
    if isinstance(whole, Mapping):
        return whole.values()
    if isinstance(whole, list | tuple | set | frozenset):
        return whole
    return vars(whole).values() if is_dataclass(whole) and not isinstance(whole, type) else ()
