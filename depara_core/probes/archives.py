"""Reading images out of a zip file that nobody vouches for: nothing touches the disk, everything is bounded."""

import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from depara_core.errors import ProbeError
from depara_core.probes.decoding import MAX_BYTES

MAX_MEMBERS = 50_000
MAX_TOTAL = 8 * 2**30  # bytes unpacked from one archive; one member at a time is held
MAX_RATIO = 200  # unpacked to packed bytes; photographs hardly pack at all
LOCAL_HEADER = 30  # bytes before a member's name, at least
OVERLAPS = "overlaps another member, like a decompression bomb"
SMALL = 2**20  # bytes; a member that unpacks to no more is harmless at any ratio


def open_zip(content: Path | bytes) -> zipfile.ZipFile:
    """Open an archive from a path or from its bytes."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ProbeError(f"The zip file cannot be read: {error}. Expected a .zip of images.") from error
    if len(archive.infolist()) > MAX_MEMBERS:
        archive.close()
        raise ProbeError(f"The zip file has {len(archive.infolist()):,} members; at most {MAX_MEMBERS:,} are read.")
    return archive


def usable_members(archive: zipfile.ZipFile) -> tuple[list[zipfile.ZipInfo], list[tuple[str, str]]]:
    """Return the members worth reading, sorted by name, and (name, reason) of those refused from their header alone."""
    members: list[zipfile.ZipInfo] = []
    refused: list[tuple[str, str]] = []
    total, overlapping = 0, _overlapping(archive)
    for member in sorted(archive.infolist(), key=lambda info: info.filename):
        parts = PurePosixPath(member.filename).parts
        if member.is_dir() or any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts):
            continue
        reason = OVERLAPS if member.header_offset in overlapping else _refusal(member, total)
        if reason:
            refused.append((member.filename, reason))
        else:
            total += member.file_size
            members.append(member)
    return members, refused


def _overlapping(archive: zipfile.ZipFile) -> set[int]:
    """Return where the members begin whose bytes others claim too: a small file that unpacks to a very large one."""
    found: set[int] = set()
    last, reach = -1, 0
    for member in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if member.header_offset < reach:
            found |= {last, member.header_offset}
        last = member.header_offset
        reach = max(reach, last + LOCAL_HEADER + len(member.orig_filename) + member.compress_size)
    return found


def _refusal(member: zipfile.ZipInfo, total: int) -> str | None:
    if member.flag_bits & 0x1:
        return "encrypted in the zip file"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packed in an unusual way; only stored and deflated members are read"  # others unpack without bounds
    if member.file_size > MAX_BYTES:
        return f"unpacks to {member.file_size / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} are read"
    if member.file_size > SMALL and member.file_size > MAX_RATIO * member.compress_size:
        return f"unpacks to more than {MAX_RATIO} times its size, like a decompression bomb"
    if total + member.file_size > MAX_TOTAL:
        return f"the zip file unpacks to more than {MAX_TOTAL // 2**30} GiB"
    return None


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes; zipfile itself stops at the size that the header declared, which was checked."""
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise ProbeError(f"cannot be unpacked ({error})") from error
