"""Duality diagram similarity: standardised features, a kernel or distance, and an unbiased alignment.

Symbols: N probes, D and E features.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist, squareform

from depara_core.metrics.matrices import NOISE, cosine, row_correlations, standardised, unit_rows
from depara_core.metrics.metric import Metric


def dds_cosine(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return DDS with cosine distances of standardised features, in [-1, 1]: the paper's best on Taskonomy.

    DDS = <C(R^x), C(R^y)> / (|C(R^x)| |C(R^y)|), R_ij = 1 - cos(z_i, z_j), z the columns of x with mean 0 and variance
    1, C the unbiased (U-) centring (Dwivedi et al., ECCV 2020; "znorm" and "debiased" in their code).
    """
    return _similarity(x, y, _cosine_distance)


def dds_pearson(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return DDS as in `dds_cosine`, with R_ij = 1 - Pearson(z_i, z_j) over the columns."""
    return _similarity(x, y, _pearson_distance)


def dds_laplacian(x: Float[np.ndarray, "N D"], y: Float[np.ndarray, "N E"]) -> float:
    """Return DDS as in `dds_cosine`, with the Laplacian kernel K_ij = exp(-|z_i - z_j|_1 / D) in place of R."""
    return _similarity(x, y, _laplacian_kernel)


def u_centred(matrix: Float[np.ndarray, "N N"]) -> Float[np.ndarray, "N N"]:
    """Centre a symmetric matrix so that its inner products estimate HSIC without bias; its diagonal is 0.

    Székely & Rizzo, Annals of Statistics, 2014. Three probes leave nothing: the result is 0.
    """
    count = len(matrix)
    hollow = matrix * (1 - np.eye(count))
    means = hollow.sum(axis=0) / (count - 2)
    means -= means.sum() / (2 * (count - 1))
    result = (hollow - means - means[:, None]) * (1 - np.eye(count))
    return result if np.linalg.norm(result) > NOISE * np.linalg.norm(matrix) else np.zeros_like(matrix)


def _similarity(
    x: np.ndarray, y: np.ndarray, compare: Callable[[Float[np.ndarray, "N D"]], Float[np.ndarray, "N N"]]
) -> float:
    return cosine(*(u_centred(compare(standardised(z))) for z in (x, y)))


def _cosine_distance(z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N N"]:
    rows = unit_rows(z)
    return 1 - rows @ rows.T


def _pearson_distance(z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N N"]:
    return 1 - row_correlations(z)


def _laplacian_kernel(z: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N N"]:
    return np.exp(-squareform(pdist(z, "cityblock")) / z.shape[1])


def _metric(name: str, title: str, choice: str, compute: Callable[..., float]) -> Metric:
    return Metric(
        name=name,
        title=title,
        takes=("features", "features"),
        paper="Dwivedi et al., ECCV 2020",
        note=f"From -1 to 1: columns standardised, {choice}, unbiased centring, cosine of the two matrices. Unbiased "
        "centring needs 4 probes; with 3, or constant features, the value is 0.",
        symmetric=True,
        isometric=False,  # the columns are standardised one by one
        compute=compute,
    )


DDS_COSINE = _metric("dds_cosine", "DDS (cosine)", "cosine distances (the paper's best on Taskonomy)", dds_cosine)
DDS_PEARSON = _metric("dds_pearson", "DDS (Pearson)", "1 - Pearson's correlation of the rows", dds_pearson)
DDS_LAPLACIAN = _metric("dds_laplacian", "DDS (Laplacian)", "the kernel exp(-L1 distance / columns)", dds_laplacian)
