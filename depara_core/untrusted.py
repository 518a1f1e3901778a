"""Files that anybody may have written: read as data alone, and refused in words, whatever is wrong with them."""

import csv
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from depara_core.errors import DeparaError, OptionError
from depara_core.files import open_regular

# What readers of damaged tables, archives and arrays raise: each its own kind, few of them documented
DAMAGE = (
    OSError, ValueError, EOFError, LookupError, TypeError, AttributeError, RuntimeError, MemoryError, OverflowError,
    struct.error, zlib.error, zipfile.BadZipFile, csv.Error,
)  # fmt: skip


@contextmanager
def reading(refusal: str, raises: type[DeparaError] = OptionError) -> Iterator[None]:
    """Turn whatever a damaged file makes its reader raise into one error that begins with `refusal`."""
    try:
        yield
    except DeparaError:
        raise
    except DAMAGE as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise raises(f"{refusal}: {reason}.") from error


def read_csv(path: str | os.PathLike[str], what: str) -> pd.DataFrame:
    """Read a table, whichever character divides its cells; cells are text and numbers, whatever they look like.

    Raises OptionError where it is no CSV of `what`.
    """
    with reading(f"{os.fspath(path)!r} cannot be read as a CSV of {what}"):
        return pd.read_csv(path, sep=None, engine="python", encoding="utf-8-sig", skipinitialspace=True)


def require_unpacked(path: Path, most: int, raises: type[DeparaError] = OptionError) -> None:
    """Refuse an .npz whose arrays are larger together than `most` bytes: a small file may unpack to any size."""
    with open_regular(path) as file, zipfile.ZipFile(file) as packed:
        total = sum(member.file_size for member in packed.infolist())
    if total > most:
        raise raises(f"Expected at most {most // 2**20} MiB in {path.name}, unpacked; {total / 2**20:.0f} came.")
