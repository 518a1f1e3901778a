"""How much of the target's code the source's code explains, cell by cell: a score with a direction and a place.

Symbols: N probes, n of them tested; a source code of C and a target code of E channels on H x W cells; F features of a
cell, M and m cells of the probes that are fitted and tested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from depara_core.errors import OptionError
from depara_core.metrics.checks import checked
from depara_core.metrics.codes import resized
from depara_core.metrics.directed import directed
from depara_core.metrics.metric import Metric

FIT, CHOOSE = 0.6, 0.2  # shares of the probes that are fitted, and that choose the penalty; the rest is tested
FEWEST = 5  # probes: three to fit, one to choose, one to test
RELUS = 100
SEED = 0  # of the split and of the random ReLUs
PENALTIES = (*(10.0 ** np.arange(-5, 4)).tolist(), np.inf)  # in units of the mean eigenvalue; inf predicts the mean
MOST_CHANNELS = 64  # of a source: of more, the leading principal components are read
LONGEST_SIDE = 16  # cells: finer grids are made coarser
NOISE = 1e-12  # of the mean square: a variance below it is rounding
SETTINGS = (FIT, CHOOSE, RELUS, SEED, PENALTIES, MOST_CHANNELS, LONGEST_SIDE)
Code = Float[np.ndarray, "N C H W"]


@dataclass(frozen=True, eq=False)
class LocalScore:
    """The local directed score of one pair, split exactly over n tested probes and their cells.

    In a cell known <= asked, with equality where the source predicts the target's code exactly, and known < 0 where its
    prediction is worse than the mean.

    Attributes
    ----------
    known
        (n, H, W) each cell's part of R^2; their sum is the score.
    asked
        (n, H, W) each cell's part of the target's variance; their sum is 1.
    probes
        (n,) which probes were tested, ascending.
    """

    known: Float[np.ndarray, "n H W"]
    asked: Float[np.ndarray, "n H W"]
    probes: Int[np.ndarray, " n"]

    @property
    def score(self) -> float:
        """R^2, at most 1."""
        return float(self.known.sum())

    @property
    def by_probe(self) -> Float[np.ndarray, " n"]:
        """Each tested probe's part of R^2."""
        return self.known.sum(axis=(1, 2))


def local_directed(source: Code, target: Float[np.ndarray, "N E h w"]) -> float:
    """Return the R^2 with which the source's code predicts the target's, cell by cell, on probes that were not fitted.

    Ridge regression from a cell's features to the target's channels there. Its features: the source's standardised
    channels in the 3 x 3 cells around it (0 beyond the border) and `RELUS` random ReLUs of those. R^2 = 1 -
    sum |y - f(x)|^2 / sum |y - mean|^2 over the cells of the tested probes, the mean that of the fitted ones. Grids
    that differ are both brought to the coarser one. Where one of the codes has one cell only, `directed` on the
    flattened features takes its place. A constant code of either side gives 0.

    Parameters
    ----------
    source, target
        Codes of the same N probes, at least five of them; see `as_code`.

    Returns
    -------
    float
        At most 1 (every cell's code follows from the source's), 0 for a source that knows nothing; below 0 where
        chance misleads the fit.
    """
    if min(_cells(source), _cells(target)) < 2:
        return directed(source.reshape(len(source), -1), target.reshape(len(target), -1))
    return _Reader(source).read(target).score


def local_directed_pairs(sources: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> Float[np.ndarray, "S T"]:
    """Return the score of every source (row) for every target; a source's share of the work is done once."""
    scores = np.empty((len(sources), len(targets)))
    for row, source in enumerate(sources):
        reader = _Reader(source)
        for column, target in enumerate(targets):
            spatial = min(_cells(source), _cells(target)) > 1
            scores[row, column] = reader.read(target).score if spatial else local_directed(source, target)
    return scores


def explain_local(source: Any, target: Any) -> LocalScore:
    """Return the local directed score of one pair and where in the pictures it comes from.

    Parameters
    ----------
    source, target
        What `metric("local_directed")` takes: codes of the same N probes, both with more than one cell.

    Returns
    -------
    LocalScore
        The score, split over the tested probes and their cells.

    Raises
    ------
    OptionError
        Where one of them is no code of more than one cell, or the probes are too few.
    """
    codes = checked("local_directed", ("codes", "codes"), source, target, regression=False)
    for side, code in zip(("source", "target"), codes, strict=True):
        if _cells(code) < 2:
            raise OptionError(
                f"Expected codes with a grid of cells; the {side}'s has one cell, so it has no places to tell apart. "
                "Choose a layer that keeps space, such as the last convolution."
            )
    return _Reader(codes[0]).read(codes[1])


class _Reader:
    """One source, prepared for reading any number of targets off it: once for each grid it is asked on."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.grids: dict[tuple[int, int], _Regression] = {}

    def read(self, target: Float[np.ndarray, "N E h w"]) -> LocalScore:
        grid = tuple(min(a, b, LONGEST_SIDE) for a, b in zip(self.code.shape[2:], target.shape[2:], strict=True))
        if grid not in self.grids:
            self.grids[grid] = _Regression(resized(self.code, *grid))
        return self.grids[grid].read(resized(target, *grid))


class _Regression:
    """Ridge regression on one source's cell features, ready for any target on the same grid."""

    def __init__(self, code: Code) -> None:
        self.split = split_probes(len(code))
        features = cell_features(code, self.split[0])
        rows = [features[part].reshape(-1, features.shape[-1]) for part in self.split]
        mean = rows[0].mean(axis=0)
        self.fit, self.choose, self.test = (part - mean for part in rows)

    @cached_property
    def eigen(self) -> tuple[Float[np.ndarray, " F"], Float[np.ndarray, "F F"], Float[np.ndarray, "F F"]]:
        """Eigenvalues and vectors of the fitted cells' Gram matrix, and the choosing cells' in their basis."""
        values, vectors = np.linalg.eigh(self.fit.T @ self.fit)
        turned = self.choose @ vectors
        return values.clip(0), vectors, turned.T @ turned

    def read(self, target: Float[np.ndarray, "N E H W"]) -> LocalScore:
        """Fit the target, choose its penalty, and return where the tested probes' cells are predicted how well."""
        cells = np.moveaxis(target, 1, -1)
        fit, choose, test = (cells[part].reshape(-1, target.shape[1]) for part in self.split)
        mean = fit.mean(axis=0)
        fit, choose, test = fit - mean, choose - mean, test - mean
        shape = (len(self.split[2]), *target.shape[2:])
        before = (test**2).sum(axis=1).reshape(shape)
        total = float(before.sum())
        if (fit**2).sum() <= NOISE * (cells**2).sum() or total <= NOISE * (cells[self.split[2]] ** 2).sum():
            return LocalScore(np.zeros(shape), np.full(shape, 1 / before.size), self.split[2])
        after = ((test - self.test @ self.weights(fit, choose)) ** 2).sum(axis=1).reshape(shape)
        return LocalScore((before - after) / total, before / total, self.split[2])

    def weights(self, fit: Float[np.ndarray, "M E"], choose: Float[np.ndarray, "k E"]) -> Float[np.ndarray, "F E"]:
        """Return the ridge weights of the penalty with the least squared error on `choose`, of equals the largest."""
        values, vectors, gram = self.eigen
        right = vectors.T @ (self.fit.T @ fit)
        asked = vectors.T @ (self.choose.T @ choose)
        best, least = np.zeros_like(right), 0.0
        for penalty in PENALTIES[-2::-1] if values.mean() > 0 else ():
            weights = right / (values + penalty * values.mean())[:, None]
            error = float((weights * (gram @ weights)).sum() - 2 * (weights * asked).sum())  # less |choose|^2
            if error < least:
                best, least = weights, error
        return vectors @ best


def split_probes(count: int) -> tuple[Int[np.ndarray, " a"], Int[np.ndarray, " b"], Int[np.ndarray, " n"]]:
    """Return which probes are fitted (60 %), choose the penalty (20 %) and are tested (20 %), each in order."""
    if count < FEWEST:
        raise OptionError(
            f"The local directed score fits on {FIT:.0%} of the probes, chooses its penalty on {CHOOSE:.0%} and is "
            f"tested on the others: expected at least {FEWEST} probes, got {count}. Give more images."
        )
    order = np.random.default_rng(SEED).permutation(count)
    fit, choose, test = np.split(order, [round(FIT * count), round((FIT + CHOOSE) * count)])
    return np.sort(fit), np.sort(choose), np.sort(test)


def cell_features(code: Code, fit: Int[np.ndarray, " a"]) -> Float[np.ndarray, "N H W F"]:
    """Return each cell's standardised 3 x 3 neighbourhood and its random ReLUs: F = 9 C + `RELUS`."""
    around = np.pad(_standardised(_leading(code, fit), fit), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(around, (3, 3), axis=(2, 3))  # (N, C, H, W, 3, 3)
    linear = windows.transpose(0, 2, 3, 1, 4, 5).reshape(*windows.shape[:1], *windows.shape[2:4], -1)
    rng = np.random.default_rng(SEED)
    directions = rng.standard_normal((linear.shape[-1], RELUS)) / np.sqrt(linear.shape[-1])
    offsets = rng.standard_normal(RELUS) / 2
    return np.concatenate([linear, (linear @ directions + offsets).clip(0)], axis=-1)


def _leading(code: Code, fit: Int[np.ndarray, " a"]) -> Float[np.ndarray, "N c H W"]:
    """Return a code of many channels as its leading principal components over the fitted cells."""
    if code.shape[1] <= MOST_CHANNELS:
        return code
    rows = np.moveaxis(code[fit], 1, -1).reshape(-1, code.shape[1])
    rows = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return np.einsum("nchw,ck->nkhw", code, vectors[:, -MOST_CHANNELS:], optimize=True)


def _standardised(code: Code, fit: Int[np.ndarray, " a"]) -> Code:
    """Return the code with every channel of mean 0 and variance 1 over the fitted cells; a constant one is 0."""
    mean, variance, square = (
        values.mean(axis=(0, 2, 3), keepdims=True)
        for values in (code[fit], (code[fit] - code[fit].mean(axis=(0, 2, 3), keepdims=True)) ** 2, code[fit] ** 2)
    )
    deviation = np.sqrt(np.where(variance > NOISE * square, variance, np.inf))
    return (code - mean) / deviation


def _cells(code: Code) -> int:
    return code.shape[2] * code.shape[3]


LOCAL_DIRECTED = Metric(
    name="local_directed",
    title="Local directed: target's code by the source's, cell by cell",
    takes=("codes", "codes"),
    paper="this project",
    note="At most 1, 0 for a source that knows nothing: R^2 of ridge regression from the source's 3 x 3 cells and 100 "
    "random ReLUs of them to the target's cell; 60 % of the probes are fitted, 20 % choose the penalty, 20 % are "
    "tested. Without space, the directed score of kernel ridge regression.",
    symmetric=False,
    isometric=False,
    compute=local_directed,
    pairs=local_directed_pairs,
    settings=SETTINGS,
)
