"""The tree of measured transfer, to be held against the tree of graphs.

Symbols: n models that are source and target.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from depara_core.evaluation.baselines import UNKNOWN, symmetrised


def measured_tree(truth: pd.DataFrame) -> tuple[Float[np.ndarray, "merges 4"], tuple[str, ...]]:
    """Return the average-linkage tree of the n models that are source and target, n - 1 merges, and their names.

    Distance in [0, 1]: 1 less the mean of both directions' ranks, each scaled to [0, 1] within its target
    (`symmetrised`); in the middle for a pair that was measured in neither direction.
    """
    near = symmetrised(truth)
    names = [name for name in near.index if name in near.columns]
    distance = 1 - near.loc[names, names].fillna(UNKNOWN).to_numpy(float)
    np.fill_diagonal(distance, 0)
    if len(names) < 2:
        return np.empty((0, 4)), tuple(names)
    return linkage(squareform(distance, checks=False), method="average", optimal_ordering=True), tuple(names)
