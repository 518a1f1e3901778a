"""Weight files from the web, kept in a folder and trusted only as far as their name's checksum goes."""

import hashlib
import re
from pathlib import Path, PurePosixPath
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import torch

from depara_core.errors import ModelError
from depara_core.files import Progress, written_aside
from depara_core.paths import public

CHUNK = 2**20  # bytes
TIMEOUT = 10  # seconds without a byte


def fetch(url: str, folder: Path, instead: str, progress: Progress | None = None) -> Path:
    """Return the file of `url` in `folder`, downloaded if it is not there yet; `instead` says what else a user can do.

    A name like resnet18-f37072fd.pth carries the start of the content's sha256, which is checked on every call;
    `progress(done, total, message)` counts bytes.
    """
    name = PurePosixPath(urlparse(url).path).name
    path = folder / name
    if not path.is_file():
        _download(url, path, instead, progress)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(_expected(name)):
        raise ModelError(
            f"The weights {str(path)!r} are damaged: expected sha256 {_expected(name)}..., it is {digest[:8]}... ."
            " Delete the file and open the model again."
        )
    return path


def check_safe(path: Path) -> None:
    """Refuse a weight file that holds anything but tensors, without running it."""
    try:
        torch.load(path, map_location="meta", weights_only=True)
    except Exception as error:
        raise ModelError(
            f"The weights {str(path)!r} are no plain tensors saved by torch.save, or are damaged; they were not run."
            " Delete the file and open the model again."
        ) from error


def _expected(name: str) -> str:
    """Return the start of the sha256 that a file name carries; empty if it carries none."""
    found = re.search(r"-([0-9a-f]{8,})\.", name)
    return found.group(1) if found else ""


def _download(url: str, path: Path, instead: str, progress: Progress | None) -> None:
    if public():
        raise ModelError(f"{path.name} is not on this server, and it downloads nothing: {instead}.")
    try:
        with written_aside(path) as partial:
            _stream(url, path.name, partial, progress)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(
            f"{path.name} is not in {str(path.parent)!r} and cannot be downloaded ({reason})."
            f" Download {url} on a machine with a network and put the file in that folder, or {instead}."
        ) from error


def _stream(url: str, name: str, partial: Path, progress: Progress | None) -> None:
    request = Request(url, headers={"User-Agent": "depara"})
    with urlopen(request, timeout=TIMEOUT) as answer, partial.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, max(total, done), f"Downloading {name}")
    if total and done != total:
        raise OSError(f"the connection broke after {done} of {total} bytes")
