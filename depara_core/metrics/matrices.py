"""Matrices that several metrics are made of: centred and unit features, distances, kernels, singular directions.

Symbols: N probes, D features, k directions, K classes.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata

NOISE = 1e-10  # of the largest: below this share a number that should be 0 is rounding
DECIMALS = 12  # of correlations that are ranked, so that rounding breaks no ties


def centred(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    """Subtract every column's mean; a constant column becomes exactly 0."""
    result = x - x.mean(axis=0)
    squares, raw = (np.einsum("ij,ij->j", z, z) for z in (result, x))
    result[:, squares <= NOISE**2 * raw] = 0
    return result


def standardised(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    """Centre every column and divide it by its standard deviation (over N); a constant column becomes 0."""
    result = centred(x)
    deviation = np.sqrt((result**2).mean(axis=0))
    return result / np.where(deviation > 0, deviation, 1)


def unit_rows(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    """Scale every row to norm 1; a row that is 0, but for rounding, becomes 0."""
    norms = np.sqrt(np.vecdot(x, x))
    return x / np.where(norms > NOISE * norms.max(), norms, np.inf)[:, None]


def row_correlations(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N N"]:
    """Return Pearson's correlations of all pairs of rows, over the columns; 0 with a row that is constant."""
    rows = x - x.mean(axis=1, keepdims=True)
    rows[np.vecdot(rows, rows) <= NOISE**2 * np.vecdot(x, x).max()] = 0
    rows = unit_rows(rows)
    return np.round(rows @ rows.T, DECIMALS)


def rank_correlation(a: Float[np.ndarray, "N N"], b: Float[np.ndarray, "N N"]) -> float:
    """Return Spearman's correlation of the entries above the diagonals, ties by average rank; 0 if one is constant."""
    upper = np.triu_indices(len(a), k=1)
    ranks = [rankdata(matrix[upper]) for matrix in (a, b)]
    return cosine(*(rank - rank.mean() for rank in ranks))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine of two arrays, read as vectors, in [-1, 1]; 0 if one is all zero."""
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return float(np.clip(np.vdot(a, b) / norm, -1, 1)) if norm > 0 else 0.0


def centred_gram(gram: Float[np.ndarray, "N N"]) -> Float[np.ndarray, "N N"]:
    """Centre a kernel matrix, H K H with H = I - 11'/N; what is only rounding becomes 0."""
    means = gram.mean(axis=0)
    result = gram - means - means[:, None] + means.mean()
    return result if np.linalg.norm(result) > NOISE * np.linalg.norm(gram) else np.zeros_like(gram)


def squared_distances(x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N N"]:
    """Return squared Euclidean distances of all pairs of rows, exactly 0 for equal rows."""
    rows = centred(x)
    gram = rows @ rows.T
    norms = np.diag(gram)
    sums = norms + norms[:, None]
    distances = sums - 2 * gram
    return np.where(distances > NOISE * sums, distances, 0)


def rbf_kernel(x: Float[np.ndarray, "N D"], share: float) -> Float[np.ndarray, "N N"]:
    """Return exp(-d^2 / (2 s^2)), s^2 = share^2 * the median of d^2 over all N^2 pairs (Kornblith et al., ICML 2019).

    If the median is 0, the limit for s to 0 is returned: 1 for equal rows, else 0.
    """
    squares = squared_distances(x)
    median = np.median(squares)
    return np.exp(-squares / (2 * share**2 * median)) if median > 0 else (squares == 0).astype(np.float64)


def left_singular(x: Float[np.ndarray, "N D"]) -> tuple[Float[np.ndarray, "N k"], Float[np.ndarray, " k"]]:
    """Return the k left singular vectors and squared singular values of x that are more than rounding, largest first.

    They come from the smaller Gram matrix, at a fraction of the time of a singular value decomposition.
    """
    wide = x.shape[1] >= x.shape[0]
    squares, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    keep = np.flatnonzero(squares > NOISE * squares[-1])[::-1]
    squares, vectors = squares[keep], vectors[:, keep]
    return (vectors if wide else x @ vectors / np.sqrt(squares)), squares


def one_hot(labels: Int[np.ndarray, " N"]) -> Float[np.ndarray, "N K"]:
    """Return a column for each of the K classes 0 .. K-1: 1 where a probe belongs to it, else 0."""
    return np.eye(int(labels.max()) + 1)[labels]
