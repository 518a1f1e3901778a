"""What long work shares: files written whole, jobs side by side in processes, and the type of a progress callback."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from depara_core.errors import Cancelled

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Event

T = TypeVar("T")
Progress = Callable[[int, int, str], None]  # (done, total, message); it may raise `Cancelled` to stop the work
Tell = Callable[[str], None]  # names the step that begins
MOST_NAME = 200  # bytes of a file's name; disks take 255
UNFINISHED = ".part"  # suffix of what is being written
NEWS_S = 0.5  # seconds between two looks at what worker processes tell
FOLDER, FILE, NOTHING = "a folder", "a file", "nothing"
_KINDS = {
    stat.S_IFDIR: FOLDER,
    stat.S_IFREG: FILE,
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def counted_steps(progress: Progress | None, total: int) -> Tell:
    """Return what tells the next of `total` steps, the ones before it being done."""
    steps = iter(range(total))

    def tell(message: str) -> None:
        done = next(steps, total)
        if progress is not None:
            progress(done, total, message)

    return tell


def kind_at(path: Path) -> str:
    """Return what is at a path, links followed: `FOLDER`, `FILE`, `NOTHING`, or the name of what is never read.

    Raises OSError where that cannot be told: no permission, a name too long, a disk that fails.
    """
    try:
        return _kind(path.stat())
    except ValueError:  # a null character
        return NOTHING
    except OSError as error:
        if error.errno in _ABSENT:
            return NOTHING
        raise


def open_regular(path: Path, *, empty: bool = False) -> BinaryIO:
    """Open a regular file for reading, one that holds something unless it may be `empty`.

    Pipes and devices may block for ever or never end, and so do the files of /proc, which all say that they are empty.
    Raises OSError of those, before they are opened.
    """
    require_regular(path, empty=empty)
    opened = open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))  # noqa: SIM115
    try:
        _require_content(os.fstat(opened.fileno()), path, empty)  # it may have been replaced since
    except BaseException:
        opened.close()
        raise
    return opened


def require_regular(path: Path, *, empty: bool = False) -> None:
    """Raise OSError of what `open_regular` refuses, without opening it."""
    _require_content(path.stat(), path, empty)


def _kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "a special file")


def _require_content(status: os.stat_result, path: Path, empty: bool) -> None:
    kind = _kind(status)
    if kind != FILE:
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", str(path))
    if status.st_size == 0 and not empty:
        raise OSError(errno.ENODATA, "the file is empty", str(path))


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write a file or folder to; it becomes `path` once the block ends without an error.

    So nobody ever reads half of it. The folder is made; what an error leaves unfinished is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name[:50]}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        yield aside
        aside.replace(path)
    finally:
        remove(aside)


def remove(path: Path) -> None:
    """Remove a file or a folder where that can be done; a disk that is gone is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def file_name(text: str, suffix: str = "") -> str:
    """Return a text as the name of one file: without folders, short enough for any disk, and still its own."""
    plain = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in text)
    room = MOST_NAME - len(suffix.encode())
    if len(plain.encode()) > room:
        head = plain.encode()[: room - 9].decode(errors="ignore")
        plain = f"{head}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:8]}"
    return plain + suffix


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file by `written_aside`; text in UTF-8."""
    with written_aside(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)


def side_by_side(
    work: Callable[..., T],
    jobs: Sequence[tuple[Any, ...]],
    workers: int,
    *,
    tell: Callable[..., None] | None = None,
) -> Iterator[T]:
    """Yield work(*job) of each job as it comes: in this process for one worker, else in processes of one torch thread.

    With `tell`, the work is called as work(*job, tell) and what it tells arrives in this process; telling raises
    `Cancelled` in a worker once the iteration was left. Whatever ends the iteration early, an exception here too,
    leaves running jobs to their end and begins no other.
    """
    if workers == 1 or len(jobs) < 2:
        yield from (work(*job, *([tell] if tell else [])) for job in jobs)
        return
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait  # late: every start imports this module
    from multiprocessing import get_context

    context = get_context("spawn")  # a forked torch may hang
    news, stop = context.Queue(), context.Event()
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(news, stop)) as executor:
        pending = {executor.submit(_call, work, job, tells=tell is not None) for job in jobs}
        try:
            while pending:
                done, pending = wait(pending, timeout=NEWS_S if tell else None, return_when=FIRST_COMPLETED)
                _pass_on(news, tell)
                yield from (future.result() for future in done)
        except BaseException:  # `Cancelled` from a progress callback, or the iterator's end, as well
            stop.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    _pass_on(news, tell)  # what came after the last look


def _pass_on(news: "Queue[tuple[Any, ...]]", tell: Callable[..., None] | None) -> None:
    while tell and not news.empty():
        tell(*news.get())


_parent: "tuple[Queue[tuple[Any, ...]], Event]"  # in a worker: where to tell news, and whether to stop


def _start_worker(news: "Queue[tuple[Any, ...]]", stop: "Event") -> None:
    import torch

    global _parent  # noqa: PLW0603 - a process pool hands such things to its workers only by globals
    _parent = (news, stop)
    torch.set_num_threads(1)


def _call(work: Callable[..., T], job: tuple[Any, ...], *, tells: bool) -> T:
    _require_going_on()
    return work(*job, *([_tell] if tells else []))


def _tell(*message: Any) -> None:
    _require_going_on()
    _parent[0].put(message)


def _require_going_on() -> None:
    if _parent[1].is_set():
        raise Cancelled("The work was stopped.")
