"""Layer-wise relevance propagation (Bach et al. 2015) by zennit's rules."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from depara_core.attribution.hooks import at_rest, captured
from depara_core.attribution.passes import Features, Maps, Run, Tick, one_pass, read_features
from depara_core.errors import ModelError, OptionError
from depara_core.zoo.spec import Network

EPSILON = 1e-6  # what keeps a quotient finite


@contextmanager
def epsilon_lrp(network: Network, layers: Sequence[str], objective: str, tick: Tick) -> Iterator[Run]:
    """Propagate the objective, shared out over the feature as F * dO/dF, down to the pixels."""

    def run(x: Tensor) -> tuple[Features, Maps]:
        plain = read_features(network, layers, x)
        for merge in (True, False):  # zennit pairs a batch norm with the layer listed before it, rightly or wrongly
            with _zennit_rules(network.module, merge), captured(network, layers) as capture:
                features, maps = one_pass(capture, layers, objective, x, tick, relevance=True)
            if all(_agree(features[layer], plain[layer]) for layer in layers):
                return plain, maps
        raise ModelError(
            "epsilon_lrp changes what this model computes, so its maps would not be the model's. Pick another."
        )

    with at_rest(network.module), torch.enable_grad():
        yield run


def _zennit_rules(module: nn.Module, merge: bool) -> AbstractContextManager:
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
    rules = [(Convolution, Epsilon(EPSILON)), (Linear, Epsilon(EPSILON)), *layer_map_base()]
    return LayerMapComposite(rules, canonizers=[ResNetCanonizer()] if merge else []).context(module)


def _agree(a: Tensor, b: Tensor) -> bool:
    return bool(torch.linalg.vector_norm(a - b) <= 1e-3 * torch.linalg.vector_norm(b))
