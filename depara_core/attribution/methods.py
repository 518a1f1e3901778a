"""Attribution methods and options: what in the input a layer's feature rests on, one map an image and layer."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from depara_core.attribution.gradients import (
    IG_STEPS,
    LRP_EPSILON,
    SMOOTHGRAD_NOISE,
    SMOOTHGRAD_SAMPLES,
    SMOOTHGRAD_SEED,
    Open,
    Run,
    Tick,
    as_it_is,
    at_the_image,
    from_zero,
    guided,
    lrp_method,
    magnitude,
    path_gradients,
    rescaled,
    times_input,
    with_noise,
)
from depara_core.zoo.spec import Network


@dataclass(frozen=True)
class Method:
    """One way to attribute a layer's feature to the input's pixels, and how to open it on a network."""

    name: str
    summary: str  # one sentence for a person who chooses
    source: str  # where the method is defined
    settings: Mapping[str, int | float]  # the constants that shape the result: part of an artefact's identity
    _open: Open

    def open(
        self, network: Network, layers: Sequence[str], objective: str, tick: Tick = lambda: None
    ) -> AbstractContextManager[Run]:
        """Hold `network` ready and yield run(x) -> (features, maps) of every layer; `tick()` is called on the way.

        x is the normalised input (B, 3, S, S); a map has x's shape. Leaving puts the network back as it was.
        """
        return self._open(network, layers, objective, tick)


def reduce_channels(maps: Float[Tensor, "B C H W"], channels: str) -> Float[Tensor, "B D H W"]:
    """Keep the colour channels ("none", D = C), or average them or their absolute values over colours (D = 1)."""
    if channels == "none":
        return maps
    return (maps.abs() if channels == "abs_mean" else maps).mean(dim=1, keepdim=True)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "input_x_gradient",
            "Each pixel times the gradient at it: the paper's choice, one backward pass a layer.",
            "Shrikumar et al. 2016; DEPARA (Song et al. 2020), Eq. 3",
            {},
            path_gradients(at_the_image, times_input),
        ),
        Method(
            "saliency",
            "The gradient's absolute value: how strongly a small change of each pixel would tell.",
            "Simonyan et al. 2014, section 3",
            {},
            path_gradients(at_the_image, magnitude),
        ),
        Method(
            "integrated_gradients",
            f"Gradients averaged over {IG_STEPS} points from a grey image to this one; the map sums to the change.",
            "Sundararajan et al. 2017, Eq. 1",
            {"steps": IG_STEPS},
            path_gradients(from_zero, times_input),
        ),
        Method(
            "smoothgrad",
            f"The signed gradient averaged over {SMOOTHGRAD_SAMPLES} noisy copies of the image: less speckle.",
            "Smilkov et al. 2017, section 3",
            {"samples": SMOOTHGRAD_SAMPLES, "noise": SMOOTHGRAD_NOISE, "seed": SMOOTHGRAD_SEED},
            path_gradients(with_noise, as_it_is),
        ),
        Method(
            "deep_lift",
            "Differences from a grey image, shared out by the rescale rule at activations, softmax and max-pools.",
            "Shrikumar et al. 2017, Rescale rule",
            {"rules": 2},
            rescaled,
        ),
        Method(
            "guided_backprop",
            "The gradient that keeps only positive signals at every ReLU: sharp, but nearly model-blind.",
            "Springenberg et al. 2015, section 3.4",
            {"rules": 2},
            guided,
        ),
        Method(
            "epsilon_lrp",
            "Layer-wise relevance with the epsilon rule; on plain ReLU networks nearly input x gradient. Needs zennit.",
            "Bach et al. 2015, Eq. 58, as zennit's Epsilon; Ancona et al. 2018 for the likeness",
            {"epsilon": LRP_EPSILON},
            lrp_method,
        ),
    )
}
