"""Linear heads on frozen features, each with its penalty chosen inside the training part: what a transfer reaches.

Symbols: N images, D pooled features, K classes, F folds, B resamples.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedKFold

from depara_core.errors import OptionError
from depara_core.metrics.matrices import left_singular

PENALTIES = np.logspace(-1, 5, 7)  # of the ridge; features have variance 1, so these are images' worth
STRENGTHS = np.logspace(-4, 1, 6)  # of the logistic regression: the inverse of its penalty
INNER_FOLDS = 3
ITERATIONS = 300


def _ridge() -> RidgeClassifierCV:
    """Ridge on classes as -1 and 1; the penalty with the least squared error, left one out, in closed form."""
    return RidgeClassifierCV(alphas=PENALTIES)


def _logistic() -> GridSearchCV:
    """Multinomial logistic regression; the penalty with the best accuracy in three inner folds."""
    return GridSearchCV(LogisticRegression(max_iter=ITERATIONS), {"C": STRENGTHS}, cv=INNER_FOLDS)


HEADS: dict[str, Callable[[], RidgeClassifierCV | GridSearchCV]] = {"ridge": _ridge, "logistic": _logistic}


@dataclass(frozen=True, eq=False)
class Folds:
    """How labelled images are dealt into folds, the same way for every model."""

    classes: Int[np.ndarray, " N"]  # 0 .. K-1 of the images that are kept
    kept: Int[np.ndarray, " N"]  # their places among all images
    fold: Int[np.ndarray, " N"]  # the fold that tests each of them
    notes: tuple[str, ...]  # what could not be done as asked

    def __iter__(self) -> Iterator[tuple[Int[np.ndarray, " n"], Int[np.ndarray, " m"]]]:
        for number in np.unique(self.fold):
            yield np.flatnonzero(self.fold != number), np.flatnonzero(self.fold == number)


def deal(labels: np.ndarray, groups: np.ndarray, *, folds: int, seed: int) -> Folds:
    """Deal images into folds, every class spread evenly; images of one group are never on both sides.

    Parameters
    ----------
    labels
        (N,) the class of each image.
    groups
        (N,) equal for images that are the same picture: one that trains a head must not test it.
    folds
        2 or more. Classes with fewer pictures than that lower it, which is noted.
    seed
        Of the shuffle.

    Raises
    ------
    OptionError
        Fewer than 2 folds, or fewer than two classes with two pictures each.
    """
    if folds < 2:
        raise OptionError(f"folds must be 2 or more, so that no image tests the head that it trained; {folds} came.")
    pictures = {one: len(np.unique(groups[labels == one])) for one in np.unique(labels)}
    single = [str(one) for one, count in pictures.items() if count < 2]
    kept = np.flatnonzero(~np.isin(labels.astype(str), single))
    counts = [count for count in pictures.values() if count >= 2]
    if len(counts) < 2:
        raise OptionError(
            f"A head needs at least two classes with two different pictures each; {len(counts)} of {len(pictures)} "
            f"classes have that many. Label more images."
        )
    notes = []
    if single:
        notes.append(f"Left out, as a class with one picture cannot be trained and tested: {', '.join(single)}.")
    used = min(folds, *counts)
    if used < folds:
        notes.append(f"{used} folds instead of {folds}: the smallest class has {min(counts)} pictures.")
    classes = np.unique(labels[kept], return_inverse=True)[1]
    own = groups[kept]
    repeated = len(np.unique(own)) < len(own)
    splitter = (StratifiedGroupKFold if repeated else StratifiedKFold)(used, shuffle=True, random_state=seed)
    fold = np.zeros(len(kept), dtype=np.int64)
    for number, (_, test) in enumerate(splitter.split(own, classes, own if repeated else None)):
        fold[test] = number
    if repeated:
        notes.append(f"{len(own) - len(np.unique(own))} images repeat another one and share its fold.")
    return Folds(classes, kept, fold, tuple(notes))


def hits(features: Float[np.ndarray, "N D"], folds: Folds, *, head: str = "ridge") -> Bool[np.ndarray, " N"]:
    """Tell which images a head gets right that saw neither them nor anything of their fold.

    Standardising, the penalty and the weights are all of the training part alone.
    """
    if head not in HEADS:
        raise OptionError(f"The head {head!r} is unknown. Expected one of: {', '.join(HEADS)}.")
    values = features[folds.kept].astype(np.float64)
    right = np.zeros(len(values), dtype=bool)
    for train, test in folds:
        known, asked = standardised_pair(values[train], values[test])
        fitted = HEADS[head]().fit(known, folds.classes[train])
        right[test] = fitted.predict(asked) == folds.classes[test]
    return right


def standardised_pair(
    train: Float[np.ndarray, "n D"], test: Float[np.ndarray, "m D"]
) -> tuple[Float[np.ndarray, "n k"], Float[np.ndarray, "m k"]]:
    """Standardise both parts by the training part, and rotate them into the space that it spans.

    A penalty on the norm of the weights does not mind the rotation; more features than images cost no more than as
    many.
    A feature that is constant in the training part is left out; without any other, one column of zeros is left.
    """
    moves = np.ptp(train, axis=0) > 0
    if not moves.any():
        return np.zeros((len(train), 1)), np.zeros((len(test), 1))
    mean, spread = train[:, moves].mean(axis=0), train[:, moves].std(axis=0)
    known, asked = ((part[:, moves] - mean) / spread for part in (train, test))
    if known.shape[1] <= len(known):
        return known, asked
    vectors, squares = left_singular(known)
    directions = vectors / np.sqrt(squares)
    return vectors * np.sqrt(squares), asked @ (known.T @ directions)
