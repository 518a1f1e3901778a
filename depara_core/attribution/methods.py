"""Attribution methods: what in the input a layer's feature rests on, one map an image and layer."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from depara_core.attribution import attention, cam, gradients, lrp, occlusion, rules
from depara_core.attribution.passes import Open, Run, Tick
from depara_core.zoo.spec import Network


@dataclass(frozen=True)
class Method:
    """One way to attribute a layer's feature to the input's pixels.

    Parameters
    ----------
    name
        What `build_graphs(method=...)` and `--method` take.
    summary
        One sentence for a person who chooses.
    source
        Where the method is defined.
    settings
        The constants that shape the result: part of what a stored graph is kept under.
    follows_objective
        Whether a map depends on the objective; attention rollout tells where tokens come from, whatever they say.
    """

    name: str
    summary: str
    source: str
    settings: Mapping[str, int | float]
    _open: Open
    follows_objective: bool = True

    def open(
        self, network: Network, layers: Sequence[str], objective: str, tick: Tick = lambda: None
    ) -> AbstractContextManager[Run]:
        """Hold a network ready; leaving puts it back as it was.

        Parameters
        ----------
        network
            The model in memory, on the device of the images to come.
        layers
            Names of the layers to attribute.
        objective
            "l2_norm" or "mean": what is attributed of a feature.
        tick
            Called before each forward and backward pass; raising `Cancelled` from it stops the work.

        Returns
        -------
        AbstractContextManager
            Yields run(x) -> (features, maps), each by layer: x is the normalised input (B, 3, S, S), a feature
            (B, ...), a map (B, 3, S, S).

        Raises
        ------
        ModelError
            On running: a layer is not reached, yields no tensor of B rows, or has no gradient at the input; or the
            method does not apply to the network, and which does is told.
        """
        return self._open(network, layers, objective, tick)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "input_x_gradient",
            "Each pixel times the gradient at it: the paper's choice, one backward pass a layer.",
            "Shrikumar et al. 2016; DEPARA (Song et al. 2020), Eq. 3",
            {},
            gradients.input_x_gradient,
        ),
        Method(
            "saliency",
            "The gradient's absolute value: how strongly a small change of each pixel would tell.",
            "Simonyan et al. 2014, section 3",
            {},
            gradients.saliency,
        ),
        Method(
            "integrated_gradients",
            f"Gradients averaged over {gradients.IG_STEPS} points from a grey image to this one: the map sums to the "
            "change.",
            "Sundararajan et al. 2017, Eq. 1",
            {"steps": gradients.IG_STEPS},
            gradients.integrated_gradients,
        ),
        Method(
            "smoothgrad",
            f"The signed gradient averaged over {gradients.SMOOTHGRAD_SAMPLES} noisy copies of the image: less "
            "speckle.",
            "Smilkov et al. 2017, section 3",
            {
                "samples": gradients.SMOOTHGRAD_SAMPLES,
                "noise": gradients.SMOOTHGRAD_NOISE,
                "seed": gradients.SMOOTHGRAD_SEED,
            },
            gradients.smoothgrad,
        ),
        Method(
            "deep_lift",
            "Differences from a grey image, shared out by the rescale rule at activations, softmax and max-pools.",
            "Shrikumar et al. 2017, Rescale rule",
            {"rules": 2},
            rules.deep_lift,
        ),
        Method(
            "guided_backprop",
            "The gradient that keeps only positive signals at every ReLU: sharp, but nearly model-blind.",
            "Springenberg et al. 2015, section 3.4",
            {"rules": 2},
            rules.guided_backprop,
        ),
        Method(
            "epsilon_lrp",
            "Layer-wise relevance with the epsilon rule; on plain ReLU networks nearly input x gradient. Needs zennit.",
            "Bach et al. 2015, Eq. 58, as zennit's Epsilon; Ancona et al. 2018 for the likeness",
            {"epsilon": lrp.EPSILON},
            lrp.epsilon_lrp,
        ),
        Method(
            "grad_cam",
            "The channels of a layer's last convolutional map, weighed by how strongly each tells: coarse, without "
            "speckle. For convolutional networks.",
            "Selvaraju et al. 2017, Eq. 1 and 2",
            {},
            cam.grad_cam,
        ),
        Method(
            "attention_rollout",
            "Where the tokens of a layer come from: the attention of all blocks up to it, multiplied. The objective "
            "plays no part. For transformers.",
            "Abnar and Zuidema 2020, Eq. 1",
            {},
            attention.attention_rollout,
            follows_objective=False,
        ),
        Method(
            "attention_relevance",
            "Attention weighed by its gradient and added up over the blocks: what the layer rests on. For "
            "transformers.",
            "Chefer et al. 2021 (Generic Attention-model Explainability), Eq. 5 and 6",
            {},
            attention.attention_relevance,
        ),
        Method(
            "occlusion",
            f"How far the objective falls when a patch is grey, {occlusion.PATCHES} x {occlusion.PATCHES} patches: no "
            f"gradient is used, for any network; {occlusion.PATCHES**2 + 1} forward passes.",
            "Zeiler and Fergus 2014, section 4.2",
            {"patches": occlusion.PATCHES},
            occlusion.occlusion,
        ),
    )
}
