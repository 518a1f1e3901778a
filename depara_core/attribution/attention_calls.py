"""The attention that a forward computes, seen at the calls: fused, by nn.MultiheadAttention, or as a softmax."""

import inspect
import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from depara_core.attribution.rules import SOFTMAX, Function

_MULTI_HEAD = inspect.signature(F.multi_head_attention_forward)
_UNKNOWN = ("bias_k", "bias_v", "key_padding_mask", "q_proj_weight", "static_k", "static_v")  # of its arguments


class AttentionCalls(TorchFunctionMode):
    """Keep the weights of every attention, attached to the graph; fused calls are computed step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[Tensor] = []

    def of(self, images: int) -> list[Tensor]:
        """Return the weights of a forward of so many images, each (B, heads, queries, keys).

        Attention within windows has more rows than there are images.
        """
        return [_by_image(weight, images) for weight in self.weights]

    def __torch_function__(self, func: Function, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Keep what is attention."""
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self._attend(*args, **kwargs)
        if func is F.multi_head_attention_forward:
            given = _MULTI_HEAD.bind(*args, **kwargs)
            given.apply_defaults()
            return self._multi_head(func, given)
        result = func(*args, **kwargs)
        if func in SOFTMAX and isinstance(result, Tensor) and _is_attention(result):
            self.weights.append(result)
        return result

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        *,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """Compute softmax(q k' scale + mask) v, as torch documents it, without dropout: the network is at rest."""
        del dropout_p
        if enable_gqa:
            times = query.shape[-3] // key.shape[-3]
            key, value = key.repeat_interleave(times, -3), value.repeat_interleave(times, -3)
        scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -math.inf)
        elif attn_mask is not None:
            scores = scores + attn_mask
        weights = scores.softmax(dim=-1)
        self.weights.append(weights)
        return weights @ value

    def _multi_head(self, func: Function, given: inspect.BoundArguments) -> tuple[Tensor, Tensor | None]:
        """Compute nn.MultiheadAttention of sequences (T, B, D), where it is the plain one."""
        told = given.arguments
        if told["add_zero_attn"] or any(told[name] is not None for name in _UNKNOWN) or told["query"].ndim != 3:
            return func(*given.args, **given.kwargs)
        query, key, value = told["query"], told["key"], told["value"]
        weights, biases = told["in_proj_weight"].chunk(3), (None, None, None)
        if told["in_proj_bias"] is not None:
            biases = told["in_proj_bias"].chunk(3)
        heads, batch, width = told["num_heads"], query.shape[1], query.shape[2]
        q, k, v = (
            F.linear(tokens, weight, bias).view(len(tokens), batch, heads, width // heads).permute(1, 2, 0, 3)
            for tokens, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        mask = told["attn_mask"]
        if mask is not None and mask.ndim == 3:
            mask = mask.view(batch, heads, *mask.shape[1:])
        if mask is not None and mask.dtype == torch.bool:
            mask = ~mask  # there True means: not to be seen
        mixed = self._attend(q, k, v, mask).permute(2, 0, 1, 3).reshape(len(query), batch, width)
        told_weights = self.weights[-1].mean(1) if told["average_attn_weights"] else self.weights[-1]
        mixed = F.linear(mixed, told["out_proj_weight"], told["out_proj_bias"])
        return mixed, told_weights if told["need_weights"] else None


def _is_attention(result: Tensor) -> bool:
    """Tell whether a softmax's result can be weights over keys: (..., queries, keys) with rows that sum to 1."""
    if result.ndim not in (3, 4) or result.shape[-1] < 2:
        return False
    return bool(torch.allclose(result.detach().sum(-1), torch.ones(()).to(result), atol=1e-3))


def _by_image(weight: Tensor, images: int) -> Tensor:
    """Return (B, heads, queries, keys) also of what holds images and heads in one axis."""
    if weight.ndim == 3:
        return weight.unflatten(0, (images, -1)) if len(weight) % images == 0 else weight[:, None]
    return weight.flatten(0, weight.ndim - 4) if weight.ndim > 4 else weight
