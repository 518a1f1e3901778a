"""Fisher's discriminant with a shrunk covariance, which several labelled scores are made of.

Symbols: N probes, D features, k coordinates, K classes.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

from depara_core.metrics.matrices import left_singular, one_hot

STRENGTH = 5.0  # of the adaptive shrinkage, as in the released code
LEAST = 1e-10  # of a shrinkage, so that a covariance can be inverted


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes' shares, means and pooled within-class covariance (divided by N)."""

    prior: Float[np.ndarray, " K"]
    means: Float[np.ndarray, "K k"]
    within: Float[np.ndarray, "k k"]


def classes_of(x: Float[np.ndarray, "N k"], labels: Int[np.ndarray, " N"]) -> Classes:
    """Describe every class by its share, its mean, and all of them by one covariance."""
    members = one_hot(labels)
    count = members.sum(axis=0)
    means = members.T @ x / count[:, None]
    rest = x - means[labels]
    return Classes(count / len(x), means, rest.T @ rest / len(x))


def shrunk(covariance: Float[np.ndarray, "k k"], shrinkage: float, features: int) -> Float[np.ndarray, "k k"]:
    """Return (1 - s) S + s m I, m = tr S / D: k rotated coordinates say all of what D features hold."""
    return (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / features * np.eye(len(covariance))


def rotated(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N k"]:
    """Return the probes in the k directions that they span: all inner products stay."""
    vectors, squares = left_singular(x)
    return vectors * np.sqrt(squares) if squares.size else np.zeros((len(x), 1))


def posteriors(
    x: Float[np.ndarray, "N k"], described: Classes, covariance: Float[np.ndarray, "k k"]
) -> Float[np.ndarray, "N K"]:
    """Return P(class | x) of Gaussians with one covariance: softmax of m_k' C^-1 x - m_k' C^-1 m_k / 2 + log prior."""
    try:
        weights = cho_solve(cho_factor(covariance), described.means.T)
    except LinAlgError:  # a covariance of rounding alone
        weights = np.linalg.pinv(covariance, hermitian=True) @ described.means.T
    return softmax(x @ weights - np.einsum("kd,dk->k", described.means, weights) / 2 + np.log(described.prior))


def softmax(scores: Float[np.ndarray, "N K"]) -> Float[np.ndarray, "N K"]:
    """Return exp(s) / sum exp(s) of every row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def adaptive_shrinkage(described: Classes) -> float:
    """Return exp(-5 * the largest eigenvalue of the covariance), at least 1e-10 (Shao et al., ECCV 2022)."""
    last = len(described.within) - 1
    largest = eigh(described.within, eigvals_only=True, subset_by_index=(last, last))[0]
    return max(float(np.exp(-STRENGTH * largest)), LEAST)
