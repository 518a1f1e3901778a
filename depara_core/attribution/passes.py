"""Forward and backward passes: the features of layers, and the gradient of each layer's objective at the input."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from jaxtyping import Float
from torch import Tensor

from depara_core.attribution.exact import Exact
from depara_core.attribution.hooks import Capture, captured, check_captured
from depara_core.attribution.objective import objective_slopes
from depara_core.errors import ModelError
from depara_core.zoo.adapters import margin
from depara_core.zoo.spec import Network

Features = dict[str, Float[Tensor, "B *feature"]]  # by layer
Maps = dict[str, Float[Tensor, "B C H W"]]  # by layer, of the shape of the input
Tick = Callable[[], None]  # called before each pass; it may raise `Cancelled`
Run = Callable[[Float[Tensor, "B C H W"]], tuple[Features, Maps]]  # of one batch of normalised images
Open = Callable[[Network, Sequence[str], str, Tick], AbstractContextManager[Run]]  # network, layers, objective, tick
_NO_RULES: AbstractContextManager = nullcontext()


def one_pass(
    capture: Capture,
    layers: Sequence[str],
    objective: str,
    point: Tensor,
    tick: Tick,
    relevance: bool = False,
    rules: AbstractContextManager = _NO_RULES,
) -> tuple[Features, Maps]:
    """Run one forward at `point`, under `rules`, and one backward for each layer; `tick` is called before each."""
    tick()
    leaf = point.detach().requires_grad_()
    with Exact(), rules:
        seen = capture.forward(leaf.clone())  # a clone, as a model may work in place on what it is given
    check_captured(seen, layers, len(point))
    gradients: Maps = {}
    for layer in layers:
        tick()
        gradients[layer] = _layer_gradient(layer, seen[layer], leaf, objective, relevance, keep=layer != layers[-1])
    features = {layer: seen[layer].detach() for layer in layers}
    seen.clear()  # let go of the graph
    return features, gradients


def _layer_gradient(layer: str, feature: Tensor, x: Tensor, objective: str, relevance: bool, keep: bool) -> Tensor:
    """Differentiate sum_b objective(F_b) with respect to x; images do not mix in evaluation mode.

    With `relevance`, the backward pass starts from F * dO/dF, the objective shared out over the feature, instead.
    """
    if not (feature.is_floating_point() and feature.requires_grad):
        raise ModelError(f"Layer {layer!r} yields no gradient: it is constant, detached or not floats. Pick another.")
    seed = objective_slopes(feature, objective)
    if relevance:
        seed *= feature.detach()
    (gradient,) = torch.autograd.grad(feature, x, seed, retain_graph=keep, allow_unused=True)
    if gradient is None:
        raise ModelError(f"Layer {layer!r} does not depend on the input image, so it has no attribution. Pick another.")
    return gradient


def on_pixels(network: Network, x: Tensor, coarse: Tensor) -> Tensor:
    """Enlarge maps (B, 1, h, w) of inner places to the pixels that the network reads, the same in every colour."""
    side = network.window or x.shape[-1]
    before = margin(x.shape[-1], side)
    after = x.shape[-1] - side - before
    fine = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=False)
    return torch.nn.functional.pad(fine, (before, after, before, after)).expand_as(x)


def read_features(network: Network, layers: Sequence[str], x: Tensor) -> Features:
    """Run the plain forward pass and return the features."""
    with reading(network, layers) as run:
        return run(x)[0]


@contextmanager
def reading(network: Network, layers: Sequence[str]) -> Iterator[Run]:
    """Yield a run that reads features and attributes nothing."""
    with captured(network, layers) as capture:

        def run(x: Tensor) -> tuple[Features, Maps]:
            with torch.no_grad():
                features = dict(capture.forward(x.clone()))
            check_captured(features, layers, len(x))
            return features, {}

        yield run
