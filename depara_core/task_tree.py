"""A set of models arranged by S: their tree, and their map in the plane."""

import numpy as np
from jaxtyping import Float
from scipy.cluster.hierarchy import linkage, to_tree
from scipy.spatial.distance import squareform

from depara_core.errors import OptionError
from depara_core.similarity import SimilarityMatrix


def task_tree(matrix: SimilarityMatrix, lam: float) -> Float[np.ndarray, "merges 4"]:
    """Return the average-linkage tree of a square matrix, by distance 1 - S / (1 + lam), in [0, 2].

    Parameters
    ----------
    matrix
        The same M graphs in rows and columns.
    lam
        Weight of the edges in S = s_V + lam * s_E.

    Returns
    -------
    array
        (M - 1, 4) in scipy's format: both branches, their distance, the graphs below; leaves in optimal order.

    Raises
    ------
    OptionError
        Rows and columns differ, or lam is no weight.
    """
    distance = 1 - _square(matrix, lam) / (1 + lam)
    np.fill_diagonal(distance, 0)
    if len(distance) < 2:
        return np.empty((0, 4))
    return linkage(squareform(distance.clip(0), checks=False), method="average", optimal_ordering=True)


def closest_pair(tree: Float[np.ndarray, "merges 4"]) -> tuple[int, int]:
    """Return the two graphs that a `task_tree` joins first: those with the highest S."""
    _forked(tree)
    return int(tree[0, 0]), int(tree[0, 1])


def first_fork(tree: Float[np.ndarray, "merges 4"]) -> tuple[list[int], list[int]]:
    """Return the graphs on the two sides of a `task_tree`'s root, the smaller side first, each in the tree's order."""
    _forked(tree)
    root = to_tree(tree)
    first, second = sorted((root.left.pre_order(), root.right.pre_order()), key=len)
    return [int(leaf) for leaf in first], [int(leaf) for leaf in second]


def _forked(tree: Float[np.ndarray, "merges 4"]) -> None:
    if not len(tree):
        raise OptionError("A tree of one graph joins nothing: expected at least two graphs.")


def model_map(matrix: SimilarityMatrix, lam: float) -> Float[np.ndarray, "M 2"]:
    """Place the graphs of a square matrix in the plane by classical scaling (Torgerson, 1952).

    S is an inner product of graphs, so the two leading eigenvectors of its doubly centred matrix are the best flat view
    of their true distances.

    Parameters
    ----------
    matrix
        The same M graphs in rows and columns.
    lam
        Weight of the edges in S = s_V + lam * s_E.

    Returns
    -------
    array
        (M, 2), centred; distances in units of the distance of graphs.

    Raises
    ------
    OptionError
        Rows and columns differ, or lam is no weight.
    """
    scores = _square(matrix, lam)
    centred = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    values, vectors = np.linalg.eigh(centred)
    points = vectors[:, ::-1][:, :2] * np.sqrt(values[::-1][:2].clip(0))
    points *= np.where(points[np.abs(points).argmax(axis=0), range(points.shape[1])] < 0, -1, 1)  # one sign of the two
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def _square(matrix: SimilarityMatrix, lam: float) -> Float[np.ndarray, "M M"]:
    if matrix.rows != matrix.columns:
        raise OptionError("A tree or a map needs the same graphs in rows and columns of the matrix.")
    total = matrix.total(lam)
    return (total + total.T) / 2
