"""The objective: one number an image that says how strongly a layer responds, and its slope in feature space."""

import torch
from jaxtyping import Float
from torch import Tensor


def objective_values(feature: Float[Tensor, "B *feature"], objective: str) -> Float[Tensor, "B"]:
    """Reduce each image's feature to one number: ||F||_2 (DEPARA, Eq. 3) or mean(F) (its released code).

    The gradient of ||F||_2 at F = 0 is taken to be 0, its smallest subgradient.
    """
    flat = feature.flatten(1)
    return torch.linalg.vector_norm(flat, dim=1) if objective == "l2_norm" else flat.mean(dim=1)


def objective_slopes(feature: Float[Tensor, "B *feature"], objective: str) -> Float[Tensor, "B *feature"]:
    """Return the gradient of `objective_values` with respect to the feature: F / ||F||_2, or 1 / its length.

    Written out, as autograd takes several passes over what may be millions of numbers an image.
    """
    flat = feature.detach().flatten(1)
    if objective == "l2_norm":
        norm = torch.linalg.vector_norm(flat, dim=1, keepdim=True)
        slopes = flat / torch.where(norm == 0, 1.0, norm)
    else:
        slopes = torch.full_like(flat, 1 / flat.shape[1])
    return slopes.reshape(feature.shape)
