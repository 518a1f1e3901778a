"""Values that public packages printed once for fixed data; the packages themselves are not needed here.

They are repsim 0.1.5, rsatoolbox 0.3.2, ckatorch 1.0.3, transferability-metric 0.1 and transformer-ranker 0.2.0.
"""

import numpy as np
import pytest

from depara_core.metrics import metric


def waves(rows, columns, pace):
    """Numbers between -1 and 1 without a random generator, the same on every machine."""
    return np.sin(pace * np.arange(1, rows * columns + 1) ** 1.5).reshape(rows, columns)


LABELS = np.arange(21) % 3
X = waves(21, 5, 0.7) + np.eye(3)[LABELS] @ waves(3, 5, 0.3)
Y = waves(21, 4, 1.1) + np.pad(waves(21, 5, 0.7)[:, :2], ((0, 0), (0, 2)))
PROBABILITIES = np.exp(waves(21, 4, 0.9)) / np.exp(waves(21, 4, 0.9)).sum(axis=1, keepdims=True)
SOURCE_LABELS = np.arange(21) // 2 % 4
WIDE, TWO = waves(7, 12, 0.7), np.arange(7) % 2


@pytest.mark.parametrize(
    "name, first, second, value, tolerance",
    [
        # repsim.cka([X, Y], "linear", "gretton"); ckatorch.core.cka_base(X, Y) printed the same
        ("cka", X, Y, 0.532170297167264, 1e-12),
        # ckatorch.core.cka_base(X, Y, kernel="rbf", threshold=0.5)
        ("cka_rbf", X, Y, 0.5864948310131985, 1e-12),
        # repsim.svcca([X, Y], "pillai"), the mean canonical correlation: here 99 % of the variance needs all directions
        ("svcca", X, Y, 0.5849971596176496, 1e-12),
        # rsatoolbox.rdm.compare of calc_rdm(method="correlation"), method="spearman"
        ("rsa", X, Y, 0.296755028459, 1e-11),
        # ckatorch.core.cka_base(unbiased=True) on the unit rows of the standardised columns (then of the centred rows)
        ("dds_cosine", X, Y, 0.22817713279030516, 1e-12),
        ("dds_pearson", X, Y, 0.21355741150172144, 1e-10),
        # transferability_metric: h_score, log_expected_empirical_prediction, negative_conditional_entropy
        ("hscore", X, LABELS, 1.4196162652736086, 1e-12),
        ("leep", PROBABILITIES, LABELS, -1.0825934639751889, 1e-12),
        ("nce", SOURCE_LABELS, LABELS, -1.0769919708241764, 1e-12),
        # transferability_metric: log_maximum_evidence, the ICML code, which stops at a change of 1 % in alpha / beta
        ("logme", X, LABELS, -0.5059679604312805, 1e-5),
        ("logme", X, Y, -1.187435672362214, 1e-3),
        ("logme", WIDE, TWO, -0.9743261126710789, 1e-3),
        # transformer_ranker: HScore, partly in float32; it divides the classes' covariance by N - 1 instead of N
        ("hscore_shrunk", X, LABELS, 0.8236148451506702 * 20 / 21, 1e-7),
        ("hscore_shrunk", WIDE, TWO, 0.15550335103693114 * 6 / 7, 1e-6),
    ],
)
def test_public_packages_agree(name, first, second, value, tolerance):
    assert metric(name)(first, second) == pytest.approx(value, rel=tolerance)


def test_pwcca_of_repsim():
    """repsim.pwcca([X, Y]) is the mean of both directions."""
    there, back = metric("pwcca")(X, Y), metric("pwcca")(Y, X)
    assert (there + back) / 2 == pytest.approx(0.6121297061875888, rel=1e-12)
    assert there != pytest.approx(back, abs=1e-4)
