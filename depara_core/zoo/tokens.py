"""Which tokens of a sequence a layer's feature is: the class token, the patches, their mean, or all."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

TOKENS = ("cls", "patches", "mean", "all")


def select_tokens(feature: "Tensor", choice: str, prefix: int) -> "Tensor":
    """Return the tokens of (B, T, D) that `choice` names; what is no sequence comes back as it is.

    The first `prefix` tokens are class, distillation and register tokens; the first of all is the class token. Where
    there is none, "cls" is the mean.
    """
    if feature.ndim != 3 or feature.shape[1] <= prefix or choice == "all":
        return feature
    if choice == "cls" and prefix:
        return feature[:, 0]
    patches = feature[:, prefix:]
    return patches if choice == "patches" else patches.mean(dim=1)
