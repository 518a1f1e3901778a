"""Where probes come from: the bundled rooms, folders, archives, tables, arrays, lists, uploads."""

import hashlib
import operator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageColor

from depara_core import rooms
from depara_core.errors import OptionError, ProbeError
from depara_core.files import Progress
from depara_core.probes.candidates import Candidate, Candidates
from depara_core.probes.decoding import decode
from depara_core.probes.drawing import order_of_draw
from depara_core.probes.folders import folders_tell
from depara_core.probes.probeset import ProbeSet
from depara_core.probes.sources import FASHION, collect

BUNDLED = ("rooms", FASHION)  # the names of what comes with the library
BACKGROUND = "white"  # under transparent parts
ROOMS_COUNT = 200
ROOMS_SIZE = 128  # pixels
MAX_PROBES = 10_000
SHOWN = 256  # pixels: what is looked at; what networks read are the originals
MOST = 640  # pixels: an original is kept up to this side, more than most networks read
MEMORY = 2**30  # bytes that the originals take; more images are kept at a smaller side, though not below SHOWN


def load_probes(
    source: Any,
    *,
    count: int | None = None,
    seed: int = 0,
    size: int | None = None,
    split: str | None = None,
    background: str = BACKGROUND,
    progress: Progress | None = None,
) -> ProbeSet:
    """Return probe images, upright centre squares, from wherever images are.

    Files that cannot be used, and images whose pixels repeat an earlier one's, are left out and listed in `skipped`
    with the reason: a repeated image would add an edge of cosine 1 that says nothing about the network.

    Parameters
    ----------
    source
        "rooms", rendered; "fashion", the 200 labelled photographs of the layer study; a folder, read with its
        subfolders in sorted order; a .zip or .tar (WebDataset too); a .csv of path,label; a .parquet, or a folder of a
        Hugging Face data set; an .npy or .npz; a pattern such as "a/*.jpg"; a list of paths, (name, bytes), Pillow
        images or arrays, among them a .csv with the labels; a torch Dataset. A folder's name is the label of the
        images in it, where every image lies in one; train, val and test are splits. A table of path,label in a folder
        or an archive of images, labels.csv or metadata.csv, is read in its place.
    count
        Takes that many usable images, spread over the classes where there are labels (None: all; 200 rooms).
    seed
        Which ones.
    size
        Resamples every image to this side, in pixels (None: images stay as they are, up to 640 pixels).
    split
        Keeps one split, such as "val" (None: all).
    background
        Colour under transparent parts, a name or "#rrggbb".
    progress
        progress(done, total, message) counts images; what it raises stops the work.

    Returns
    -------
    ProbeSet
        The images with their names, and what was left out.

    Raises
    ------
    OptionError
        A number or the colour is none.
    ProbeError
        Nothing can be read there, or no image can be used; the first reasons are told.
    """
    count = None if count is None else _whole("count", count)
    size = None if size is None else _whole("size", size)
    try:
        ImageColor.getrgb(background)
    except ValueError:
        raise OptionError(
            f"Expected background as a colour, such as 'white' or '#808080'; {background!r} came."
        ) from None
    if isinstance(source, str) and source == "rooms":
        return _render_rooms(ROOMS_COUNT if count is None else count, seed, size or ROOMS_SIZE, progress)
    with ExitStack() as opened:
        candidates = Candidates(opened, progress=progress)
        title = collect(candidates, source)
        labels = _keep_split(candidates, split)
        return _decode_all(candidates, labels, title, count, seed, size, background, progress)


def _whole(what: str, value: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if not 1 <= number <= MAX_PROBES:
        raise OptionError(f"Expected {what} as a whole number from 1 to {MAX_PROBES:,}; {value!r} came.")
    return number


def _render_rooms(count: int, seed: int, size: int, progress: Progress | None) -> ProbeSet:
    images = rooms.render(count, seed, size=size, progress=progress)
    return ProbeSet(images, tuple(f"room {i:03d}" for i in range(count)), source=f"rooms (seed {seed})")


def _keep_split(candidates: Candidates, split: str | None) -> list[str | None] | None:
    """Drop what is not of the split and return the labels of the rest, or None where nothing tells any."""
    names = [one.name for one in candidates.found]
    labels, splits = folders_tell(names)
    told = any(one.label is not None for one in candidates.found)
    chosen = [one.label for one in candidates.found] if told else labels
    if split is None:
        return list(chosen) if chosen is not None else None
    known = sorted(set(splits or ()))
    if split not in known:
        there = f"The splits are: {', '.join(known)}." if known else "No folder is named like a split."
        raise OptionError(f"There is no split {split!r}. {there}")
    keep = [i for i, name in enumerate(splits or ()) if name == split]
    candidates.found = [candidates.found[i] for i in keep]
    return None if chosen is None else [chosen[i] for i in keep]


def _decode_all(
    candidates: Candidates,
    labels: list[str | None] | None,
    title: str,
    count: int | None,
    seed: int,
    size: int | None,
    background: str,
    progress: Progress | None,
) -> ProbeSet:
    files, skipped = candidates.found, candidates.skipped
    if count is None and len(files) > MAX_PROBES:
        raise ProbeError(f"{title} holds {len(files):,} images; give a count of at most {MAX_PROBES:,} to sample.")
    wanted = len(files) if count is None else min(count, len(files))
    order = range(len(files)) if wanted == len(files) else order_of_draw(len(files), labels, seed)
    decoder = _Decoder(size or _most(wanted), size is not None, background)
    kept: dict[int, Any] = {}
    for index in order:
        if progress:
            progress(len(kept), wanted, "Reading images")
        try:
            kept[index] = decoder.pixels(files[index])
        except ProbeError as error:
            candidates.skip(files[index].name, error)
        if len(kept) == count:
            break
    if not kept:
        raise ProbeError(_nothing_usable(title, skipped))
    chosen = sorted(kept)
    told = None if labels is None else [labels[i] for i in chosen]
    whole = None if told is None or None in told else tuple(str(label) for label in told)
    pixels, origins = [kept[i] for i in chosen], [files[i] for i in chosen]
    lacking = 0 if told is None else sum(label is None for label in told)
    if 0 < lacking < len(chosen):
        decoder.notes.append((title, f"{lacking} of {len(chosen)} images have no label, so none is taken"))
    found = _gathered(pixels, origins, title, skipped, decoder.notes, size is not None)
    return replace(found, labels=whole)


class _Decoder:
    """Decodes images, each content once: an archive may hold one picture thousands of times."""

    def __init__(self, side: int, enlarge: bool, background: str) -> None:
        self.side, self.enlarge, self.background = side, enlarge, background
        self.notes: list[tuple[str, str]] = []
        self._refused: dict[bytes, str] = {}  # by the digest of a file or of pixels: why another one is left out

    def pixels(self, file: Candidate) -> np.ndarray:
        """Return an image's pixels; raises ProbeError where it is damaged, or repeats another one."""
        content, remarks = file.read(), []  # type: ignore[var-annotated]
        raw = hashlib.sha256(content).digest() if isinstance(content, bytes) else None
        self._require_new(raw)
        try:
            pixels = decode(content, self.side, enlarge=self.enlarge, background=self.background, notes=remarks)
        except ProbeError as error:
            self._refuse(raw, str(error))
            raise
        shown = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        self._require_new(shown)
        for digest in (raw, shown):
            self._refuse(digest, f"the same pixels as {file.name}")
        self.notes += [(file.name, remark) for remark in remarks]
        return pixels

    def _require_new(self, digest: bytes | None) -> None:
        if digest in self._refused:
            raise ProbeError(self._refused[digest])

    def _refuse(self, digest: bytes | None, reason: str) -> None:
        if digest is not None:
            self._refused[digest] = reason


def _most(count: int) -> int:
    """Return the side up to which `count` originals are kept."""
    return max(SHOWN, min(MOST, int((MEMORY / (3 * max(1, count))) ** 0.5)))


def _gathered(
    pixels: list[np.ndarray], files: list[Candidate], title: str, skipped: list, notes: list, exact: bool
) -> ProbeSet:
    """Make the set: small originals of one size as they are, others beside pictures of one size."""
    sides = {len(one) for one in pixels}
    plain = len(sides) == 1 and (exact or max(sides) <= SHOWN)
    shown = [
        one if len(one) == SHOWN else np.asarray(Image.fromarray(one).resize((SHOWN, SHOWN), Image.Resampling.BICUBIC))
        for one in pixels
    ]
    return ProbeSet(
        images=np.stack(pixels if plain else shown),
        names=_unique([one.name for one in files]),
        source=title,
        skipped=tuple(skipped),
        originals=None if plain else tuple(pixels),
        notes=tuple(notes),
    )


def _nothing_usable(title: str, skipped: list[tuple[str, str]]) -> str:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped[:3]) or "it holds no files"
    more = f" (and {len(skipped) - 3} more)" if len(skipped) > 3 else ""
    return f"Expected images in {title}; none can be used: {reasons}{more}. Give JPEG, PNG or similar files."


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return the names with " (2)", " (3)" behind repeated ones."""
    taken: set[str] = set()
    for index, name in enumerate(names):
        copy, number = name, 1
        while copy in taken:
            number += 1
            copy = f"{name} ({number})"
        taken.add(copy)
        names[index] = copy
    return tuple(names)
