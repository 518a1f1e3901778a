"""Scores and measured transfer brought to one table: the same sources, the same targets, candidates only.

Symbols: S sources (rows), T targets (columns). Higher is better in scores and truth.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from depara_core.errors import OptionError

Table = pd.DataFrame | pd.Series | np.ndarray | Sequence
Names = tuple[Hashable, ...]
NAMED = (pd.DataFrame, pd.Series)

FEWEST_CANDIDATES = 2  # one candidate cannot be ranked
SHOWN = 5  # names spelled out in a message


@dataclass(frozen=True, eq=False)
class Aligned:
    """Scores and truth of the same (source, target) pairs; the truth is NaN where a pair is no candidate."""

    targets: Names
    scores: Float[np.ndarray, "S T"]
    truth: Float[np.ndarray, "S T"]

    def require(self, option: str, number: int) -> None:
        """Raise OptionError unless `number` lies between 1 and the number of candidates of every target."""
        if number < 1:
            raise OptionError(f"{option} must be at least 1, got {number}.")
        counts = np.isfinite(self.truth).sum(axis=0)
        fewest = int(counts.argmin())
        if number > counts[fewest]:
            raise OptionError(
                f"{option} = {number} is more than the {counts[fewest]} candidates of target "
                f"{self.targets[fewest]!r}. Expected at most {counts[fewest]}: measure more sources or lower it."
            )


def align(scores: Table, truth: Table, *, undefined: bool = False) -> Aligned:
    """Match scores to truth by name (tables) or by place (arrays), and leave out what is no candidate.

    No candidate is a pair that is NaN in the truth or, in tables, has one name for source and target: a model is no
    source for itself. Scores may hold more names than the truth, never fewer. A target without any score is an error,
    unless `undefined` allows it. Raises OptionError for pairs without score, infinity, or targets with fewer than two
    candidates.
    """
    if isinstance(scores, NAMED) and isinstance(truth, NAMED):
        return _checked(*_by_name(scores, truth), undefined)
    if isinstance(scores, NAMED) or isinstance(truth, NAMED):
        raise OptionError(
            f"Scores and truth must be both tables with names or both arrays, got {type(scores).__name__} and "
            f"{type(truth).__name__}. Name the sources and targets of both."
        )
    values, measured = _numbers(scores, "scores"), _numbers(truth, "truth")
    if values.shape != measured.shape or measured.ndim not in (1, 2):
        raise OptionError(
            f"Scores and truth without names must have one shape, (S,) or (S, T), got {values.shape} and "
            f"{measured.shape}. Tables (pandas) are matched by name instead."
        )
    values, measured = (array[:, None] if array.ndim == 1 else array for array in (values, measured))
    return _checked(tuple(range(len(measured))), tuple(range(measured.shape[1])), values, measured, undefined)


def _by_name(
    scores: pd.DataFrame | pd.Series, truth: pd.DataFrame | pd.Series
) -> tuple[Names, Names, Float[np.ndarray, "S T"], Float[np.ndarray, "S T"]]:
    if isinstance(truth, pd.Series):
        truth = truth.to_frame("target" if truth.name is None else truth.name)
        scores = scores.to_frame(truth.columns[0]) if isinstance(scores, pd.Series) else scores
    scores = scores.to_frame() if isinstance(scores, pd.Series) else scores
    for what, table in (("scores", scores), ("truth", truth)):
        for side, names in (("sources", table.index), ("targets", table.columns)):
            if not names.is_unique:
                raise OptionError(f"The {side} of {what} repeat {_listed(names[names.duplicated()])}: name each once.")
    for side, have, need in (("source", scores.index, truth.index), ("target", scores.columns, truth.columns)):
        if not need.isin(have).any():
            raise OptionError(
                f"Scores and truth have no {side} in common: scores hold {_listed(have)}; truth holds {_listed(need)}."
            )
    sources, targets = tuple(truth.index), tuple(truth.columns)
    measured = _numbers(truth, "truth")
    own = np.array([[source == target for target in targets] for source in sources])
    measured = np.where(own, np.nan, measured)
    known = truth.index.isin(scores.index)[:, None] & truth.columns.isin(scores.columns)
    missing = np.isfinite(measured) & ~known
    if missing.any():
        raise OptionError(
            f"Measured in truth but missing in scores: {_pairs(missing, sources, targets)}. Score them, or leave them "
            "out of the truth."
        )
    values = _numbers(scores.reindex(index=truth.index, columns=truth.columns), "scores")
    return sources, targets, values, measured


def _checked(
    sources: Names,
    targets: Names,
    scores: Float[np.ndarray, "S T"],
    truth: Float[np.ndarray, "S T"],
    undefined: bool,
) -> Aligned:
    candidates = ~np.isnan(truth)
    if not targets:
        raise OptionError("The truth holds no target: expected at least one column of measured transfer.")
    for what, infinite in (("Truth", np.isinf(truth)), ("Scores", np.isinf(scores) & candidates)):
        if infinite.any():
            raise OptionError(f"{what} must be finite, got infinity for {_pairs(infinite, sources, targets)}.")
    for target, count in zip(targets, candidates.sum(axis=0), strict=True):
        if count < FEWEST_CANDIDATES:
            raise OptionError(
                f"Target {target!r} has {count} candidate sources, expected at least {FEWEST_CANDIDATES}. Measure more "
                "sources for it, or leave it out of the truth."
            )
    unscored = candidates & np.isnan(scores)
    if undefined:
        unscored &= (candidates & ~np.isnan(scores)).any(axis=0)
    if unscored.any():
        raise OptionError(
            f"Scores are NaN where truth is measured: {_pairs(unscored, sources, targets)}. Score every candidate."
        )
    scores, truth = np.where(candidates, scores, np.nan), np.where(candidates, truth, np.nan)
    for array in (scores, truth):
        array.setflags(write=False)
    return Aligned(targets, scores, truth)


def _numbers(table: Table, what: str) -> Float[np.ndarray, "..."]:
    try:
        if isinstance(table, pd.DataFrame):
            return table.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"The {what} must be a table of numbers: {error}.") from None


def _pairs(mask: Bool[np.ndarray, "S T"], sources: Names, targets: Names) -> str:
    return _listed([f"{sources[row]} for {targets[column]}" for row, column in np.argwhere(mask)])


def _listed(names: Sequence[Hashable] | pd.Index) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(name) for name in names[:SHOWN]) + more if len(names) else "none"
