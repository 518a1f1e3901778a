"""PARC: RSA with the target's labels in place of a target model's features.

Symbols: N probes, D features, T target numbers.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import one_hot, rank_correlation, row_correlations, standardised
from depara_core.metrics.metric import Metric


def parc(x: Float[np.ndarray, "N D"], targets: Int[np.ndarray, " N"] | Float[np.ndarray, "N T"]) -> float:
    """Return Spearman's correlation of 1 - Pearson(z_i, z_j) and 1 - Pearson(y_i, y_j) over i < j, in [-1, 1].

    z are the standardised features, y the one-hot labels or the target numbers (Bolya et al., NeurIPS 2021, and
    their code).
    """
    labels = one_hot(targets) if targets.ndim == 1 else targets
    return rank_correlation(row_correlations(standardised(x)), row_correlations(labels))


PARC = Metric(
    name="parc",
    title="PARC",
    takes=("features", "labels"),
    paper="Bolya et al., NeurIPS 2021",
    note="From -1 to 1; the paper multiplies by 100. Columns standardised as in the released code, without its "
    "principal components. Labels may be numbers (N, T); a single column has no correlation between rows and gives 0.",
    symmetric=False,
    isometric=False,
    compute=parc,
    regression=True,
)
