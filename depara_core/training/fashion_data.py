"""The photographs of the layer study: Debian's package of Fashion-MNIST, cut into parts that share no picture.

Xiao, Rasul & Vollgraf (2017): 70,000 photographs of ten kinds of clothes, 28 x 28, grey; MIT licence. The pictures are
read where the package puts them and are no part of this project.
"""

import gzip
import zlib
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from torch import Tensor
from torch.nn.functional import conv2d, pad

from depara_core.errors import OptionError, ProbeError

FOLDER = Path("/usr/share/datasets/fashion-mnist")
FILES = ("train", "t10k")
KINDS = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
EVEN, ODD = (0, 2, 4, 6, 8), (1, 3, 5, 7, 9)
LINE = 1.0  # a Sobel gradient beyond which there is a line, of a brightness from 0 to 1
HOW = "Install Debian's package (apt install dataset-fashion-mnist), or name a folder that holds its four files."
Pictures = UInt8[Tensor, "N 28 28"]


@dataclass(frozen=True)
class Photographs:
    """N grey pictures (N, 28, 28) uint8 and their classes (N,), counted from 0."""

    images: Pictures
    labels: Int64[Tensor, " N"]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice | Tensor) -> "Photographs":
        return Photographs(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class Parts:
    """What each network learns from (source, target, rich), and fresh photographs: tests, probes and rich_tests.

    A student's labels are drawn from the first photographs of `target`. No photograph is in two parts.
    """

    source: Photographs
    target: Photographs
    tests: Photographs
    probes: Photographs
    rich: Photographs
    rich_tests: Photographs


def load_parts(seed: int, learned: int, tests: int, probes: int, folder: Path = FOLDER) -> Parts:
    """Shuffle the photographs by `seed` and deal them out: `learned` to each network, then those to test on.

    Raises OptionError where more are asked for than there are, ProbeError where the package is absent or damaged.
    """
    images, labels = read_fashion(folder)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    even, odd = (_of(images[order], labels[order], kinds) for kinds in (EVEN, ODD))
    for part, asked in ((even, 2 * learned + tests + probes), (odd, learned + tests)):
        if asked > len(part) or min(learned, tests, probes) < 1:
            raise OptionError(
                f"Expected parts of at least 1 photograph, together at most {len(part):,} of five kinds; "
                f"{learned:,} for a network, {tests:,} tests and {probes:,} probes need {asked:,}. Ask for fewer."
            )
    rest = even[2 * learned :]
    return Parts(
        even[:learned],
        even[learned : 2 * learned],
        rest[:tests],
        rest[tests : tests + probes],
        odd[:learned],
        odd[learned : learned + tests],
    )


@lru_cache(maxsize=1)
def read_fashion(folder: Path = FOLDER) -> tuple[Pictures, Int64[Tensor, " N"]]:
    """Return all photographs (70000, 28, 28) and the number of each one's kind, one of `KINDS`."""
    images = np.concatenate([_idx(folder / f"{name}-images-idx3-ubyte.gz", 3) for name in FILES])
    labels = np.concatenate([_idx(folder / f"{name}-labels-idx1-ubyte.gz", 1) for name in FILES])
    if len(images) != len(labels) or images.shape[1:] != (28, 28) or labels.max() >= len(KINDS):
        raise ProbeError(f"Expected 28 x 28 pictures and as many labels in {folder}, got {images.shape}. {HOW}")
    return torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))


def _idx(path: Path, axes: int) -> UInt8[np.ndarray, "..."]:
    """Read an IDX file of bytes: two zeros, 8 (bytes), the number of axes, each axis' length, then the values."""
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise ProbeError(f"The photographs of the layer study are not here: there is no {path}. {HOW}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ProbeError(f"{path} cannot be read ({error}). {HOW}") from None
    start = 4 + 4 * axes
    known = content[:4] == bytes((0, 0, 8, axes)) and len(content) >= start
    shape = np.frombuffer(content[4:start], ">u4").tolist() if known else []
    if not known or len(content) != start + prod(shape):
        raise ProbeError(f"{path} is damaged: it is no IDX file of {axes} axes, or is cut off. {HOW}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _of(images: Pictures, labels: Int64[Tensor, " N"], kinds: tuple[int, ...]) -> Photographs:
    """Return the pictures of these kinds, classes counted anew."""
    table = torch.full((len(KINDS),), -1)
    table[list(kinds)] = torch.arange(len(kinds))
    classes = table[labels]
    return Photographs(images[classes >= 0], classes[classes >= 0])


def as_inputs(images: Pictures) -> Float32[Tensor, "N 3 28 28"]:
    """Return what the networks read: three equal channels in [0, 2], black 0."""
    return (images.float() / 127.5)[:, None].expand(-1, 3, -1, -1)


def turned(part: Photographs) -> Photographs:
    """Return every picture in four quarter turns, its class one of 4 x as many: class times turn."""
    images = torch.cat([torch.rot90(part.images, turn, (1, 2)) for turn in range(4)])
    return Photographs(images, torch.cat([part.labels * 4 + turn for turn in range(4)]))


def drawn(images: Pictures) -> Pictures:
    """Return line drawings, dark on bright: where the brightness changes by more than `LINE` (Sobel)."""
    grey = pad(images.float()[:, None] / 255, [1] * 4, mode="replicate")
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[None, None]
    gradient = torch.hypot(conv2d(grey, across), conv2d(grey, across.transpose(2, 3)))[:, 0]
    return (255 * (gradient <= LINE)).to(torch.uint8)
