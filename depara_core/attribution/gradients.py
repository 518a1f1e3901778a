"""Methods that rest on plain gradients, taken at the image or along a path to it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from depara_core.attribution.hooks import at_rest, captured
from depara_core.attribution.passes import Features, Maps, Open, Run, Tick, one_pass, read_features
from depara_core.zoo.spec import Network

IG_STEPS = 20  # Gauss-Legendre points from the zero baseline (the normalised input's zero) to the image
SMOOTHGRAD_SAMPLES = 20
SMOOTHGRAD_NOISE = 0.15  # of each image's own range, max - min
SMOOTHGRAD_SEED = 0

Path = Callable[[Float[Tensor, "B C H W"]], Iterator[tuple[float, Float[Tensor, "B C H W"]]]]  # of weights and points
Finish = Callable[[Tensor, Tensor], Tensor]  # from images and their mean gradient to maps


def _path_method(path: Path, finish: Finish) -> Open:
    """Make a method: finish(x, sum_k w_k dO(F(x_k))/dx_k) over the points (w_k, x_k) of a path."""

    @contextmanager
    def opened(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
        def run(x: Tensor) -> tuple[Features, Maps]:
            sums = {layer: torch.zeros_like(x) for layer in layers}
            features: Features = {}
            for weight, point in path(x):
                features, gradients = one_pass(capture, layers, objective, point, tick)
                for layer in layers:
                    sums[layer] += weight * gradients[layer]
            if path is not _at_the_image:
                features = read_features(network, layers, x)
            return features, {layer: finish(x, total) for layer, total in sums.items()}

        with at_rest(network.module), captured(network, layers) as capture, torch.enable_grad():
            yield run

    return opened


def _at_the_image(x: Tensor) -> Iterator[tuple[float, Tensor]]:
    """The path of one point, the image itself."""
    yield 1.0, x


def _from_zero(x: Tensor) -> Iterator[tuple[float, Tensor]]:
    """The straight path from the zero baseline to the image, at Gauss-Legendre points and weights."""
    nodes, weights = np.polynomial.legendre.leggauss(IG_STEPS)
    for node, weight in zip(nodes, weights, strict=True):
        yield float(weight) / 2, x * float((node + 1) / 2)


def _with_noise(x: Tensor) -> Iterator[tuple[float, Tensor]]:
    """Add the same seeded noise to every image and every model, so that neither batches nor order change a map."""
    generator = torch.Generator().manual_seed(SMOOTHGRAD_SEED)
    spread = SMOOTHGRAD_NOISE * (x.amax(dim=(1, 2, 3), keepdim=True) - x.amin(dim=(1, 2, 3), keepdim=True))
    for _ in range(SMOOTHGRAD_SAMPLES):
        noise = torch.randn(x.shape[1:], generator=generator).to(x.device)
        yield 1 / SMOOTHGRAD_SAMPLES, x + spread * noise


def _times_input(x: Tensor, gradient: Tensor) -> Tensor:
    """Weigh each pixel's gradient by the pixel."""
    return x * gradient


def _magnitude(_: Tensor, gradient: Tensor) -> Tensor:
    """Keep how strong the gradient is, not its sign (captum's Saliency does so by default)."""
    return gradient.abs()


def _signed(_: Tensor, gradient: Tensor) -> Tensor:
    """Keep the signed gradient."""
    return gradient


input_x_gradient = _path_method(_at_the_image, _times_input)
saliency = _path_method(_at_the_image, _magnitude)
integrated_gradients = _path_method(_from_zero, _times_input)
smoothgrad = _path_method(_with_noise, _signed)
