"""Where the files that come with the library are."""

from pathlib import Path


def assets_folder() -> Path:
    """Return the `assets` folder: beside the package in a checkout, inside it where a wheel packed it there."""
    package = Path(__file__).resolve().parent
    beside = package.parent / "assets"
    return beside if beside.is_dir() else package / "assets"
