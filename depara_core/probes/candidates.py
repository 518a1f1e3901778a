"""What may become a probe: a name, how to read it, perhaps a label; nothing is opened before it is drawn."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from PIL import Image

from depara_core.errors import ProbeError
from depara_core.probes.decoding import MAX_BYTES, SUFFIXES

Content = bytes | Image.Image


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

    def add(
        self, name: str, read: Callable[[], Content], *, label: str | None = None, any_suffix: bool = False
    ) -> None:
        """Take a file by its name; one that is no image by its suffix is left out unless `any_suffix`."""
        suffix = PurePosixPath(name).suffix.lower()
        if any_suffix or suffix in SUFFIXES:
            self.found.append(Candidate(name, read, label))
        else:
            self.skip(name, f"{suffix or 'no suffix'}: not an image type that is read here")

    def skip(self, name: object, reason: object) -> None:
        """Note what is left out."""
        self.skipped.append((str(name), str(reason)))


def read_file(path: Path) -> bytes:
    """Return a file's bytes, unless it is too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ProbeError(f"the file is larger than {MAX_BYTES // 2**20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ProbeError(f"the file cannot be read: {error.strerror or error}") from error


def is_hidden(name: str) -> bool:
    """Tell whether a file or one of its folders is hidden, or is what a Mac leaves in archives."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)
