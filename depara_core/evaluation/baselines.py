"""What any score must beat, and what none can pass: static rankings, the symmetric oracle, the truth's own ceiling.

Symbols: S sources, T targets. Every table has the truth's index (sources) and columns (targets).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from depara_core.errors import OptionError
from depara_core.evaluation.alignment import align
from depara_core.evaluation.measures import MEASURES, measures_by_target

UNKNOWN = 0.5  # the middle rank, for a source that was measured on no other target


def static_mean(truth: pd.DataFrame) -> pd.DataFrame:
    """Score a source for a target by its mean rank on the other targets, in [0, 1]: "this one is simply good".

    Ranks are scaled to [0, 1] within each target, 1 the best. The target itself has no part in its own column.
    """
    ranks = _scaled_ranks(truth)
    known = ranks.notna().to_numpy(float)
    others = 1 - np.eye(ranks.shape[1])  # a product with 0, not a sum less the target: nothing of it is left
    total, count = ranks.fillna(0).to_numpy() @ others, known @ others
    score = np.divide(total, count, out=np.full_like(total, UNKNOWN), where=count > 0)
    return pd.DataFrame(score, index=truth.index, columns=truth.columns)


def symmetrised(truth: pd.DataFrame) -> pd.DataFrame:
    """Score pairs by what a symmetric score could know at best: the mean rank of both directions, in [0, 1].

    Ranks are scaled to [0, 1] within each target, 1 the best; where only one direction was measured it stands alone.
    """
    ranks = _scaled_ranks(truth)
    back = ranks.T.reindex(index=ranks.index, columns=ranks.columns)
    return ((ranks + back) / 2).fillna(ranks)


def ceiling(splits: Sequence[pd.DataFrame], *, relevant: int = 5) -> pd.DataFrame:
    """Let the truth of one split predict another's: what a perfect score of one measurement would reach.

    Index: the measures; columns: mean, lowest and highest over the ordered pairs of splits, each the mean over targets.
    """
    if len(splits) < 2:
        raise OptionError(f"A ceiling needs at least 2 splits of the measurement, got {len(splits)}.")
    found = []
    for number, truth in enumerate(splits):
        try:
            others = [align(split, truth) for place, split in enumerate(splits) if place != number]
        except OptionError as error:
            raise OptionError(f"Another split as the score for split {number}: {error}") from None
        values = measures_by_target(np.stack([one.scores for one in others]), others[0], relevant)
        found.append(values.mean(axis=1))
    pairs = pd.DataFrame(np.concatenate(found), columns=list(MEASURES))
    return pd.DataFrame({"mean": pairs.mean(), "lowest": pairs.min(), "highest": pairs.max()})


def _scaled_ranks(truth: pd.DataFrame) -> pd.DataFrame:
    """Rank the candidates within each target, ties by their mean, from 0 (worst) to 1 (best); NaN elsewhere."""
    candidates = pd.DataFrame(align(truth, truth).truth, index=truth.index, columns=truth.columns)
    return (candidates.rank() - 1) / (candidates.count() - 1)
