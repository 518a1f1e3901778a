"""LogME: how probable the target's labels are under a Bayesian linear model on the source's features.

Symbols: N probes, D features, K classes, T target numbers, k directions of the features.
"""

import numpy as np
from jaxtyping import Float, Int

from depara_core.metrics.matrices import left_singular, one_hot
from depara_core.metrics.metric import Metric

ROUNDS = 100
TOLERANCE = 1e-5  # of alpha / beta, relative
EPSILON = 1e-5  # in both denominators, as in the released code: an exact fit keeps a finite evidence


def logme(x: Float[np.ndarray, "N D"], targets: Int[np.ndarray, " N"] | Float[np.ndarray, "N T"]) -> float:
    """Return the maximum log evidence of each class or target number, divided by N and averaged over them.

    With y = x w + noise, w ~ N(0, I / alpha), noise ~ N(0, 1 / beta) and m the mean of w given y, log p(y | x, alpha,
    beta) = D/2 log alpha + N/2 log beta - N/2 log 2 pi - beta/2 |y - x m|^2 - alpha/2 |m|^2
    - 1/2 log |alpha I + beta x'x| is maximised over alpha and beta (You et al., ICML 2021). A class is regressed as 0
    and 1; x is not centred.
    """
    vectors, squares = left_singular(x)
    columns = one_hot(targets) if targets.ndim == 1 else targets
    projected = (vectors.T @ columns) ** 2
    outside = ((columns**2).sum(axis=0) - projected.sum(axis=0)).clip(0)
    return float(_evidence(squares[:, None], projected, outside, len(x)).mean() / len(x))


def _evidence(
    squares: Float[np.ndarray, "k 1"], projected: Float[np.ndarray, "k T"], outside: Float[np.ndarray, " T"], count: int
) -> Float[np.ndarray, " T"]:
    """Iterate alpha and beta to their fixed point for every column at once; return the log evidence there.

    In the singular directions of x everything is a sum over k numbers. The D - k directions without features add
    log alpha / 2 to the prior and take it back with the determinant, so D itself does not matter.
    """
    ratio = np.ones_like(outside)  # alpha / beta
    for _ in range(ROUNDS):
        shrink = ratio / (squares + ratio)
        left_over = shrink.sum(axis=0)  # k - gamma, gamma the well determined directions
        size = (projected * (1 - shrink) ** 2 / squares).sum(axis=0)  # |m|^2
        error = (projected * shrink**2).sum(axis=0) + outside  # |y - x m|^2
        alpha = (len(squares) - left_over) / (size + EPSILON)
        beta = (count - len(squares) + left_over) / (error + EPSILON)
        change, ratio = np.abs(alpha / beta - ratio), alpha / beta
        if (change <= TOLERANCE * ratio).all():
            break
    determinant = np.log1p(squares / ratio).sum(axis=0)
    fit = beta * error + alpha * size
    return (count * np.log(beta / (2 * np.pi)) - determinant - fit) / 2


LOGME = Metric(
    name="logme",
    title="LogME",
    takes=("features", "labels"),
    paper="You et al., ICML 2021",
    note="A log evidence per probe, of any sign; comparable only for the same labels. Labels may be numbers (N, T), "
    "averaged over the columns. Fewer probes than features: the paper's evidence, exactly; the code released later "
    "leaves the empty directions out of the determinant, which makes its value depend on D.",
    symmetric=False,
    isometric=True,
    compute=logme,
    regression=True,
)
