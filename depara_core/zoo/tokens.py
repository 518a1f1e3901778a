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
    if not _is_chosen_from(feature, choice, prefix):
        return feature
    if choice == "cls" and prefix:
        return feature[:, 0]
    patches = feature[:, prefix:]
    return patches if choice == "patches" else patches.mean(dim=1)


def told_tokens(feature: "Tensor", choice: str, prefix: int) -> str:
    """Say what `select_tokens` takes, such as "the 196 patches of 197 tokens"; nothing where it takes all there is."""
    if not _is_chosen_from(feature, choice, prefix) or (choice == "patches" and not prefix):
        return ""
    tokens = feature.shape[1]
    if choice == "cls" and prefix:
        return f"the class token of {tokens} tokens"
    return f"the {'' if choice == 'patches' else 'mean of the '}{tokens - prefix} patches of {tokens} tokens"


def _is_chosen_from(feature: "Tensor", choice: str, prefix: int) -> bool:
    return feature.ndim == 3 and feature.shape[1] > prefix and choice != "all"
