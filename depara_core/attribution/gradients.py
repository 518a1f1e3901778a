"""How a method runs: the forward passes it needs, and what it sends back to the input from each layer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from depara_core.attribution.hooks import Capture, at_rest, captured, check_captured
from depara_core.attribution.rules import Guided, Rescaled
from depara_core.errors import ModelError, OptionError
from depara_core.zoo.spec import Network

IG_STEPS = 20  # Gauss-Legendre points from the zero baseline (the normalised input's zero) to the image
SMOOTHGRAD_SAMPLES = 20
SMOOTHGRAD_NOISE = 0.15  # of each image's own range, max - min
SMOOTHGRAD_SEED = 0
LRP_EPSILON = 1e-6
_NO_RULES: AbstractContextManager = nullcontext()

Features = dict[str, Float[Tensor, "B *feature"]]
Maps = dict[str, Float[Tensor, "B C H W"]]
Tick = Callable[[], None]
Run = Callable[[Float[Tensor, "B C H W"]], tuple[Features, Maps]]
Path = Callable[[Float[Tensor, "B C H W"]], Iterator[tuple[float, Float[Tensor, "B C H W"]]]]
Finish = Callable[[Tensor, Tensor], Tensor]
Open = Callable[[Network, Sequence[str], str, Tick], AbstractContextManager[Run]]


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


# Gradients: one forward at each point of a path, then one backward for each layer.


def at_the_image(x: Tensor) -> Iterator[tuple[float, Tensor]]:
    """The path of one point, the image itself."""
    yield 1.0, x


def from_zero(x: Tensor) -> Iterator[tuple[float, Tensor]]:
    """The straight path from the zero baseline to the image, at Gauss-Legendre points and weights."""
    nodes, weights = np.polynomial.legendre.leggauss(IG_STEPS)
    for node, weight in zip(nodes, weights, strict=True):
        yield float(weight) / 2, x * float((node + 1) / 2)


def with_noise(x: Tensor) -> Iterator[tuple[float, Tensor]]:
    """Add the same seeded noise to every image and every model, so that neither batches nor order change a map."""
    generator = torch.Generator().manual_seed(SMOOTHGRAD_SEED)
    spread = SMOOTHGRAD_NOISE * (x.amax(dim=(1, 2, 3), keepdim=True) - x.amin(dim=(1, 2, 3), keepdim=True))
    for _ in range(SMOOTHGRAD_SAMPLES):
        noise = torch.randn(x.shape[1:], generator=generator).to(x.device)
        yield 1 / SMOOTHGRAD_SAMPLES, x + spread * noise


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


def _one_pass(
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
    with rules:
        seen = capture.forward(leaf.clone())  # a clone, as a model may work in place on what it is given
    check_captured(seen, layers, len(point))
    gradients: Maps = {}
    for layer in layers:
        tick()
        gradients[layer] = _layer_gradient(layer, seen[layer], leaf, objective, relevance, keep=layer != layers[-1])
    features = {layer: seen[layer].detach() for layer in layers}
    seen.clear()  # let go of the graph
    return features, gradients


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


def path_gradients(path: Path, finish: Finish) -> Open:
    """Make a method: finish(x, sum_k w_k dO(F(x_k))/dx_k) over the points (w_k, x_k) of a path."""

    @contextmanager
    def opened(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
        def run(x: Tensor) -> tuple[Features, Maps]:
            sums = {layer: torch.zeros_like(x) for layer in layers}
            features: Features = {}
            for weight, point in path(x):
                features, gradients = _one_pass(capture, layers, objective, point, tick)
                for layer in layers:
                    sums[layer] += weight * gradients[layer]
            if path is not at_the_image:
                features = read_features(network, layers, x)
            return features, {layer: finish(x, total) for layer, total in sums.items()}

        with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
            yield run

    return opened


# Layer-wise relevance propagation: the same single pass, under zennit's rules.


def _lrp_rules(module: nn.Module, merge: bool) -> AbstractContextManager:
    """Register zennit's epsilon rule until the exit; `merge` folds batch norms and rewrites ResNets."""
    try:
        from zennit.composites import LayerMapComposite, layer_map_base
        from zennit.rules import Epsilon
        from zennit.torchvision import ResNetCanonizer
        from zennit.types import Convolution, Linear
    except ImportError:
        raise OptionError(
            "The method epsilon_lrp needs the package zennit, which is not installed. "
            "Install it with: pip install 'depara-explorer[lrp]' (or: pip install zennit)."
        ) from None
    rules = [(Convolution, Epsilon(LRP_EPSILON)), (Linear, Epsilon(LRP_EPSILON)), *layer_map_base()]
    return LayerMapComposite(rules, canonizers=[ResNetCanonizer()] if merge else []).context(module)


@contextmanager
def lrp_method(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Propagate the objective, shared out over the feature as F * dO/dF, down to the pixels."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        plain = read_features(network, layers, x)
        for merge in (True, False):  # zennit pairs a batch norm with the layer listed before it, rightly or wrongly
            with _lrp_rules(network.module, merge), captured(network, layers) as capture:
                features, maps = _one_pass(capture, layers, objective, x, tick, relevance=True)
            if all(_agree(features[layer], plain[layer]) for layer in layers):
                return plain, maps
        raise ModelError(
            "epsilon_lrp changes what this model computes, so its maps would not be the model's. Pick another."
        )

    with at_rest(network.module), torch.enable_grad():
        yield run


def _agree(a: Tensor, b: Tensor) -> bool:
    return bool(torch.linalg.vector_norm(a - b) <= 1e-3 * torch.linalg.vector_norm(b))


# Rules for activations: the same single pass, while a mode replaces what activations send back.


@contextmanager
def guided(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Send only positive signals back through every ReLU."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        return _one_pass(capture, layers, objective, x, tick, rules=Guided())

    with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
        yield run


@contextmanager
def rescaled(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Send differences from the zero baseline back; the references ride along as the second half of the batch."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        pair = torch.cat([x, torch.zeros_like(x)])
        features, gradients = _one_pass(capture, layers, objective, pair, tick, rules=Rescaled())
        count = len(x)
        maps = {layer: x * gradient[:count] for layer, gradient in gradients.items()}
        return {layer: feature[:count] for layer, feature in features.items()}, maps

    with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
        yield run


def times_input(x: Tensor, gradient: Tensor) -> Tensor:
    """Weigh each pixel's gradient by the pixel."""
    return x * gradient


def magnitude(_: Tensor, gradient: Tensor) -> Tensor:
    """Keep how strong the gradient is, not its sign (captum's Saliency does so by default)."""
    return gradient.abs()


def as_it_is(_: Tensor, gradient: Tensor) -> Tensor:
    """Keep the signed gradient."""
    return gradient
