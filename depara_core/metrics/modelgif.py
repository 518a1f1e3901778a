"""ModelGiF: how alike two networks' gradient fields are, at every point of the paths from grey to the images.

Symbols: N probes, K points of a path, P cells of a map.
"""

import numpy as np
from jaxtyping import Float

from depara_core.metrics.metric import Metric

POINTS = 10  # K of the fields that `build_fields` makes unless told; the released code takes 50
SIDE = 32  # cells a side of their maps


def modelgif(a: Float[np.ndarray, "N K P"], b: Float[np.ndarray, "N K P"]) -> float:
    """Return the mean cosine of two gradient fields over the N probes and the K points of each path, in [-1, 1].

    1 minus the paper's distance (Song et al., ICCV 2023, the cosine distance of its released code). A point where
    either field is all zero counts as 0.
    """
    norms = np.linalg.norm(a, axis=2) * np.linalg.norm(b, axis=2)
    products = np.einsum("nkp,nkp->nk", a, b)
    cosines = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
    return float(np.clip(cosines, -1, 1).mean())


MODELGIF = Metric(
    name="modelgif",
    title="ModelGiF",
    takes=("field", "field"),
    paper="Song et al., ICCV 2023",
    note=f"From -1 to 1: mean cosine of the two gradient fields (`build_fields`), {POINTS} points a path where the "
    f"released code takes 50, maps averaged to {SIDE} x {SIDE} cells. It takes a pass of its own, so it is scored on "
    "request.",
    symmetric=True,
    isometric=False,
    compute=modelgif,
    settings=(POINTS, SIDE),
)
