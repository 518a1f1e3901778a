"""How much of the target's feature geometry the source explains: a score that has a direction, as transfer has.

Symbols: N probes, D source and E target features, n training and m held-out probes of a fold, P penalties.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.errors import OptionError
from depara_core.metrics.matrices import NOISE, centred, rbf_kernel
from depara_core.metrics.metric import Metric

KERNELS = ("rbf", "linear")
PENALTIES = 10.0 ** np.arange(-6, 4)  # in units of the kernel's mean eigenvalue
WORST = -1.0


def directed(
    x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"], *, kernel: str = "rbf", folds: int = 5, seed: int = 0
) -> float:
    """Return the cross-validated R^2 of kernel ridge regression from source to target features, in [-1, 1].

    R^2 = 1 - sum_i |y_i - f(x_i)|^2 / sum_i |y_i - mean|^2, with f and the mean from the other folds; below -1 it is
    cut. The kernel is linear or exp(-d^2 / (2 s^2)), s the median distance; in each fold the penalty minimises the
    generalised cross-validation error (Golub, Heath & Wahba 1979). Constant features of either side give 0. More folds
    than probes leave out one probe at a time.
    """
    if kernel not in KERNELS:
        raise OptionError(f"The kernel {kernel!r} is unknown. Expected one of: {', '.join(KERNELS)}.")
    if folds < 2:
        raise OptionError(f"folds should be 2 or more; {folds} came.")
    x, y = centred(x), centred(y)
    source = rbf_kernel(x, 1.0) if kernel == "rbf" else x @ x.T
    target = y @ y.T
    order = np.random.default_rng(seed).permutation(len(x))
    missed = total = 0.0
    for test in np.array_split(order, min(folds, len(x))):
        error, spread = _held_out(source, target, np.setdiff1d(order, test), test)
        missed, total = missed + error, total + spread
    return max(WORST, 1 - max(0.0, missed) / total) if total > 0 else 0.0


def _held_out(
    source: Float[np.ndarray, "N N"],
    target: Float[np.ndarray, "N N"],
    train: Int[np.ndarray, " n"],
    test: Int[np.ndarray, " m"],
) -> tuple[float, float]:
    """Return the summed squared error of the prediction, and of the training mean, over the held-out probes.

    With f(x) = a(x) Y the error is |y|^2 - 2 a Y y' + a Y Y' a': inner products of the target are all it needs.
    """
    kernel, across, _ = _centred_blocks(source, train, test)
    inner, between, squares = _centred_blocks(target, train, test)
    spread = float(squares.sum())
    values, vectors = np.linalg.eigh(kernel)
    if values[-1] <= NOISE * np.abs(source).max():
        return spread, spread
    penalty = _penalty(values.clip(0), np.einsum("ij,ij->j", vectors, inner @ vectors).clip(0))
    weights = (across @ vectors / (values.clip(0) + penalty)) @ vectors.T
    return spread - 2 * float(np.vdot(weights, between)) + float(np.vdot(weights @ inner, weights)), spread


def _penalty(values: Float[np.ndarray, " n"], energy: Float[np.ndarray, " n"]) -> float:
    """Return the penalty of least generalised cross-validation error, from the training kernel's eigenvalues.

    GCV = sum_i s_i^2 e_i / (sum_i s_i - 1)^2, s_i = penalty / (value_i + penalty), e_i the target's energy in direction
    i; the 1 is the fitted mean's degree of freedom. Of equal errors the largest penalty wins.
    """
    penalties = PENALTIES[::-1, None] * values.mean()
    kept = penalties / (values + penalties)
    error = (kept**2 @ energy) / (kept.sum(axis=1) - 1) ** 2
    return float(penalties[error.argmin(), 0])


def _centred_blocks(
    gram: Float[np.ndarray, "N N"], train: Int[np.ndarray, " n"], test: Int[np.ndarray, " m"]
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "m n"], Float[np.ndarray, " m"]]:
    """Return inner products within train, of test with train, and of test with itself, about the training mean."""
    within, across = gram[np.ix_(train, train)], gram[np.ix_(test, train)]
    means, mean = within.mean(axis=0), within.mean()
    offsets = across.mean(axis=1)
    squares = np.diag(gram)[test] - 2 * offsets + mean
    return within - means - means[:, None] + mean, across - offsets[:, None] - means + mean, squares.clip(0)


DIRECTED = Metric(
    name="directed",
    title="Directed: target explained by source",
    takes=("features", "features"),
    paper="this project",
    note="From -1 to 1: 5-fold cross-validated R^2 of RBF kernel ridge regression from the source's to the target's "
    "features, below -1 cut. The folds are shuffled with a fixed seed.",
    symmetric=False,
    isometric=True,
    compute=directed,
)
