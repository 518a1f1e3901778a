"""Images in tar files, WebDataset shards among them: nothing touches the disk, everything is bounded."""

import io
import json
import tarfile
from functools import partial
from pathlib import Path

from depara_core.errors import ProbeError
from depara_core.probes.archives import MAX_MEMBERS, MAX_TOTAL
from depara_core.probes.candidates import Candidates, is_hidden
from depara_core.probes.decoding import MAX_BYTES, SUFFIXES

SIDECARS = (".cls", ".json", ".txt", ".cap", ".caption", ".id", ".index")  # what a WebDataset keeps beside an image
SMALL = 2**20  # bytes of a sidecar that is read


def add_tar(candidates: Candidates, content: Path | bytes, name: str) -> None:
    """Add the images of a tar; of a WebDataset, the label is what its .cls says, or "label" or "cls" of its .json."""
    try:
        source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
        candidates.opened.callback(source.close)
        archive = candidates.opened.enter_context(tarfile.open(fileobj=source))  # noqa: SIM115  closed with the others
        members = _members(candidates, archive, name)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise ProbeError(f"{name} cannot be read: {error}. Expected a .tar of images.") from error
    files = {member.name: member for member in members if member.isfile() and not is_hidden(member.name)}
    for path in sorted(files):
        stem, dot, suffix = path.rpartition(".")
        if f"{dot}{suffix}".lower() in SIDECARS and any(f"{stem}{kind}" in files for kind in SUFFIXES):
            continue
        if files[path].size > MAX_BYTES:
            candidates.skip(
                path, f"unpacks to {files[path].size / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} are read"
            )
            continue
        candidates.add(path, partial(_member, archive, files[path]), label=_label(archive, files, stem))


def _members(candidates: Candidates, archive: tarfile.TarFile, name: str) -> list[tarfile.TarInfo]:
    """Read the headers one by one: what is packed must be unpacked to reach the next, which may be far."""
    found = []
    packed = not isinstance(archive.fileobj, io.BytesIO | io.BufferedReader)
    for member in archive:
        candidates.tick()
        found.append(member)
        if len(found) > 4 * MAX_MEMBERS:
            raise ProbeError(f"{name} has more than {4 * MAX_MEMBERS:,} members. Split it.")
        if packed and member.offset_data + member.size > MAX_TOTAL:
            raise ProbeError(f"{name} unpacks to more than {MAX_TOTAL // 2**30} GiB. Unpack it to a folder.")
    return found


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    try:
        file = archive.extractfile(member)
        return b"" if file is None else file.read()
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise ProbeError(f"cannot be unpacked ({error})") from error


def _label(archive: tarfile.TarFile, files: dict[str, tarfile.TarInfo], stem: str) -> str | None:
    text = _text(archive, files.get(f"{stem}.cls"))
    if text:
        return text
    try:
        told = json.loads(_text(archive, files.get(f"{stem}.json")) or "{}")
    except ValueError:
        return None
    found = next((told[key] for key in ("label", "cls", "class", "class_name") if key in told), None)
    return None if found is None else str(found)


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> str:
    if member is None or member.size > SMALL:
        return ""
    return _member(archive, member).decode("utf-8", "replace").strip()
