"""Where the files that come with the library are, and where a path that a user gave leads."""

import os
from pathlib import Path

from depara_core.errors import OptionError

PUBLIC = "DEPARA_PUBLIC"  # "1": strangers use this process, and only what lies below the roots is read for them
ROOTS = "DEPARA_ROOTS"  # folders, separated as in PATH


def assets_folder() -> Path:
    """Return the `assets` folder: beside the package in a checkout, inside it where a wheel packed it there."""
    package = Path(__file__).resolve().parent
    beside = package.parent / "assets"
    return beside if beside.is_dir() else package / "assets"


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with its "~" or "~user" replaced; raises OptionError of none, or where there is no such home."""
    if not os.fspath(path) or "\0" in os.fspath(path):
        raise OptionError(f"Expected a path; {os.fspath(path)!r} came.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise OptionError(
            f"Expected a path; the home folder in {os.fspath(path)!r} is unknown here. Give the full path."
        ) from None


def public() -> bool:
    """Tell whether strangers use this process: `depara app --public`."""
    return os.environ.get(PUBLIC) == "1"


def in_roots(path: Path) -> bool:
    """Tell whether a path lies in or below one of `ROOTS`, with all links followed."""
    roots = [root for root in os.environ.get(ROOTS, "").split(os.pathsep) if root]
    try:
        place = path.resolve()
        return any(place.is_relative_to(Path(root).resolve()) for root in roots)
    except (OSError, RuntimeError, ValueError):  # a ring of links, a null character
        return False


def require_allowed(path: Path) -> Path:
    """Return a path that may be read here; raises OptionError of any other, whether it exists or not."""
    if public() and not in_roots(path):
        raise OptionError("This server reads no such path. Choose the rooms, upload images, or ask who runs it.")
    return path
