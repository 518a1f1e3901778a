"""What may become a probe: a name, how to read it, perhaps a label; nothing is opened before it is drawn."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from PIL import Image

from depara_core.errors import OptionError, ProbeError
from depara_core.files import Progress, open_regular
from depara_core.paths import require_allowed
from depara_core.probes.decoding import MAX_BYTES, SUFFIXES

Content = bytes | Image.Image
LABELS = ("label", "labels", "class", "category", "target", "class_name", "fine_label", "species")  # of columns
TICK = 500  # files between two reports


@dataclass(frozen=True)
class Candidate:
    """An image that may be a probe."""

    name: str  # with folders, separated by slashes
    read: Callable[[], Content]
    label: str | None = None  # told by a table; None: the folder may tell


@dataclass
class Candidates:
    """Images in order, and what cannot be one, with the reason; `opened` holds archives until the end."""

    opened: ExitStack
    found: list[Candidate] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    progress: Progress | None = None
    seen: int = 0  # files and folders that were looked at

    def tick(self) -> None:
        """Count what is looked at, and report it now and then: who wants to stop says so there."""
        self.seen += 1
        if self.progress is not None and self.seen % TICK == 0:
            self.progress(0, 0, f"Looking for images: {self.seen:,} files and folders seen")

    def add(
        self, name: str, read: Callable[[], Content], *, label: str | None = None, any_suffix: bool = False
    ) -> None:
        """Take a file by its name; one that is no image by its suffix is left out unless `any_suffix`."""
        self.tick()
        suffix = PurePosixPath(name).suffix.lower()
        if any_suffix or suffix in SUFFIXES:
            self.found.append(Candidate(name, read, label))
        else:
            self.skip(name, f"{suffix or 'no suffix'}: not an image type that is read here")

    def skip(self, name: object, reason: object) -> None:
        """Note what is left out."""
        self.skipped.append((str(name), str(reason)))


def read_file(path: Path) -> bytes:
    """Return the bytes of a regular file, unless it is too large."""
    try:
        with open_regular(path) as opened:
            if os.fstat(opened.fileno()).st_size > MAX_BYTES:
                raise ProbeError(f"the file is larger than {MAX_BYTES // 2**20} MiB")
            return opened.read(MAX_BYTES)
    except OSError as error:
        raise ProbeError(f"the file cannot be read: {error.strerror or error}") from error


def read_allowed(path: Path) -> bytes:
    """Return a file's bytes where it may be read: a link or a table may name any."""
    try:
        return read_file(require_allowed(path))
    except OptionError as error:
        raise ProbeError(str(error)) from error


def is_hidden(name: str) -> bool:
    """Tell whether a file or one of its folders is hidden, or is what a Mac leaves in archives."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)
