"""Where a transformer's tokens get what they hold from: attention rollout, and relevance by gradients of attention.

Both need attention of every token to every token, block after block, over a square grid of patches.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isqrt

import torch
from torch import Tensor

from depara_core.attribution.attention_calls import AttentionCalls
from depara_core.attribution.exact import Exact
from depara_core.attribution.hooks import Capture, at_rest, captured, check_captured, watched
from depara_core.attribution.objective import objective_slopes
from depara_core.attribution.passes import Features, Maps, Run, Tick, on_pixels
from depara_core.errors import ModelError
from depara_core.zoo.spec import Network

ROOM = 2**29  # bytes of attention weights and their gradients that one pass holds

Attentions = list[Tensor]  # (B, heads, queries, keys), in the order of their calls
Flow = Callable[[Attentions, Attentions], Tensor]  # from weights and their gradients to (B, tokens)


@contextmanager
def attention_rollout(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Multiply the blocks' attention, each averaged with the identity (Abnar and Zuidema 2020, Eq. 1).

    The rows are those of the tokens that the layer reads: the class token, or the patches. The objective plays no part.
    """
    del objective
    with _through_attention(network, layers, _random_slopes, _rolled_out, tick, "attention_rollout") as run:
        yield run


@contextmanager
def attention_relevance(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Add up R <- R + mean_heads((A * dO/dA)^+) R over the blocks (Chefer et al. 2021, Eq. 5 and 6)."""

    def slopes(feature: Tensor) -> Tensor:
        return objective_slopes(feature, objective)

    with _through_attention(network, layers, slopes, _relevant, tick, "attention_relevance") as run:
        yield run


@contextmanager
def _through_attention(
    network: Network, layers: Sequence[str], slopes: Callable[[Tensor], Tensor], flow: Flow, tick: Tick, method: str
) -> Iterator[Run]:
    room: list[int] = []  # images at once, known after a look at the first

    def run(x: Tensor) -> tuple[Features, Maps]:
        if not room:
            room.append(_look(network, x[:1], method))
        parts = []
        for images in x.split(room[0]):
            tick()
            with Exact(), AttentionCalls() as calls:
                features = _forward(capture, layers, images)
            maps = {}
            for layer in layers:
                weights, gradients = _before(features[layer], calls.of(len(images)), slopes)
                tokens = flow(weights, gradients) if weights else _uniform(flow, images)
                maps[layer] = on_pixels(network, images, _as_grid(tokens, network.prefix))
            parts.append(({layer: feature.detach() for layer, feature in features.items()}, maps))
        return tuple({layer: torch.cat([part[kind][layer] for part in parts]) for layer in layers} for kind in (0, 1))  # type: ignore[return-value]

    with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
        yield run


def _forward(capture: Capture, layers: Sequence[str], x: Tensor) -> Features:
    features = capture.forward(x.detach().requires_grad_().clone())
    check_captured(features, layers, len(x))
    return {layer: features[layer] for layer in layers}


def _before(feature: Tensor, weights: Attentions, slopes: Callable[[Tensor], Tensor]) -> tuple[Attentions, Attentions]:
    """Return the attention that a layer's feature is computed from, and the gradient at it."""
    if not weights:
        return [], []
    found = torch.autograd.grad(feature, weights, slopes(feature), retain_graph=True, allow_unused=True)
    pairs = [(weight, gradient) for weight, gradient in zip(weights, found, strict=True) if gradient is not None]
    return [weight.detach() for weight, _ in pairs], [gradient for _, gradient in pairs]


def _random_slopes(feature: Tensor) -> Tensor:
    """Return a fixed random direction: whatever of the tokens the feature reads, the gradient tells."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(feature.shape[1:], generator=generator).to(feature).expand_as(feature)


def _rolled_out(weights: Attentions, gradients: Attentions) -> Tensor:
    flow = _identity(weights[0])
    rows = _read_rows(gradients[-1])
    for weight in weights:
        mean = weight.mean(dim=1)
        if mean.shape[1] == 1:  # a pooling token's look at all others, behind the blocks
            return (mean @ flow)[:, 0]
        flow = (mean + _identity(weight)) / 2 @ flow
    return _mean_row(rows, flow)


def _relevant(weights: Attentions, gradients: Attentions) -> Tensor:
    flow = _identity(weights[0])
    rows = _read_rows(gradients[-1])
    for weight, gradient in zip(weights, gradients, strict=True):
        told = (weight * gradient).clamp(min=0).mean(dim=1)
        if told.shape[1] == 1:
            return (told @ flow)[:, 0]
        flow = flow + told @ flow
    return _mean_row(rows, flow - _identity(weights[0]))  # that a token holds itself tells no place from another


def _read_rows(gradient: Tensor) -> Tensor:
    """Return which tokens (B, T) are read behind the last attention: others have no gradient there."""
    return (gradient.abs().amax(dim=(1, 3)) > 0).to(gradient)


def _mean_row(rows: Tensor, flow: Tensor) -> Tensor:
    return torch.einsum("bq,bqk->bk", rows, flow) / rows.sum(dim=1, keepdim=True).clamp(min=1)


def _identity(weight: Tensor) -> Tensor:
    return torch.eye(weight.shape[-1]).to(weight)


def _uniform(flow: Flow, x: Tensor) -> Tensor:
    """Return the tokens of a layer before any attention: all alike, or without relevance."""
    return torch.full((len(x), 4), float(flow is _rolled_out), device=x.device)


def _as_grid(tokens: Tensor, prefix: int) -> Tensor:
    """Lay (B, T) out as the grid of patches (B, 1, h, h)."""
    first, side = _grid(tokens.shape[1], prefix)
    return tokens[:, first:].reshape(-1, 1, side, side)


def _grid(tokens: int, prefix: int) -> tuple[int, int]:
    """Return how many of the tokens come before those of the patches, and the side of the patches' square."""
    if prefix and isqrt(tokens - prefix) ** 2 == tokens - prefix:
        return prefix, isqrt(tokens - prefix)
    return tokens - isqrt(tokens) ** 2, isqrt(tokens)


def _look(network: Network, x: Tensor, method: str) -> int:
    """Check on one image that the network's attention can be followed; return how many images fit at once."""
    paths = [path for path, _ in network.module.named_modules()]
    with AttentionCalls() as calls, watched(network.module, paths) as seen, torch.no_grad():
        network.module(x.clone())
    sequences = {tensor.shape[1] for tensor in seen.values() if tensor.ndim == 3}
    weights = calls.of(1)
    problem = _problem(weights, sequences)
    if problem:
        raise ModelError(
            f"{method} needs a transformer whose blocks attend from every token to every token, over a square grid of "
            f"patches; {problem}. Take grad_cam (convolutions), occlusion or a method of gradients."
        )
    return max(1, ROOM // (3 * 4 * sum(weight.numel() for weight in weights)))


def _problem(weights: Attentions, sequences: set[int]) -> str:
    """Say what of a network's attention cannot be followed, if anything."""
    if not weights:
        return "no attention was seen in this network's forward"
    tokens = weights[0].shape[-1]
    for number, weight in enumerate(weights, 1):
        rows, _, queries, keys = weight.shape
        shape = f"call {number} of attention is {queries} x {keys} tokens"
        if rows != 1:
            return f"attention is kept within {rows} windows of {keys} tokens (call {number})"
        pools = queries == 1 and number == len(weights)
        if keys != tokens or not (queries == keys or pools):
            return f"{shape}, the first one {weights[0].shape[-2]} x {tokens}"
    if tokens not in sequences:
        return f"its attention is over {tokens} channels or places that are no sequence of tokens"
    return ""
