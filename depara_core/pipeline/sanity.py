"""Do maps and scores depend on what a network learnt? Its weights are shuffled from the top down, and both must change.

Adebayo et al. 2018, section 4: the cascading randomisation of the model's parameters.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import nn

from depara_core.attribution.hooks import at_rest, captured
from depara_core.attribution.options import Options, resolve_options
from depara_core.comparison import planned_grid
from depara_core.errors import OptionError
from depara_core.files import Progress
from depara_core.graphs import AttributionGraph, standard_ranks
from depara_core.pipeline.graphs import build_graphs
from depara_core.pipeline.models import open_network, require_layers
from depara_core.probes import ProbeSet
from depara_core.similarity import check_lam, similarity
from depara_core.store import Store
from depara_core.zoo.behaviour import example_images
from depara_core.zoo.copies import sharing
from depara_core.zoo.spec import OUTPUT, ModelSpec, Network

STEPS = 5  # stages where nobody says how many


@dataclass(frozen=True, eq=False)
class SanityCheck:
    """What is left of a network's maps and scores while its weights are shuffled, from the layer down to the input.

    Attributes
    ----------
    model, layer
        What was checked.
    options
        How the graphs were computed.
    stages
        One row a stage, the untouched network first: `weights`, the share of the parameters that are shuffled; `from`,
        the lowest module that they belong to; `node`, `edge` and `score`, s_V, s_E and S with the untouched network;
        `rank`, the mean Spearman correlation of the maps' absolute values; `target`, S with the target, where one was
        given.
    other_image
        Mean of `rank` over the untouched network's maps of two different images: what maps have in common anyway.
    """

    model: str
    layer: str
    options: Options
    stages: pd.DataFrame
    other_image: float

    @property
    def passed(self) -> bool:
        """Whether `rank`, with all weights shuffled, is nearer to that of two different images than to 1."""
        return self._left("rank") < (1 + self.other_image) / 2

    @property
    def sentence(self) -> str:
        """The finding in words."""
        told = (
            f"With all weights shuffled, ranks in the maps correlate by {self._left('rank'):.2f} with those before "
            f"(those of two different images by {self.other_image:.2f}), s_V is {self._left('node'):.2f} and s_E "
            f"{self._left('edge'):.2f}"
        )
        if self.passed:
            return f"{told}: the maps of {self.options.method} rest on what the network learnt."
        return f"{told}: the maps of {self.options.method} hardly change, so they tell more of the images than of it."

    def _left(self, column: str) -> float:
        return float(self.stages[column].to_numpy()[-1])


def sanity_check(
    spec: ModelSpec,
    probes: ProbeSet,
    *,
    layer: str = OUTPUT,
    target: ModelSpec | None = None,
    lam: float = 1.0,
    steps: int | None = None,
    seed: int = 0,
    preset: str = "paper",
    method: str | None = None,
    objective: str | None = None,
    channels: str | None = None,
    center: bool | None = None,
    resolution: int | None = None,
    device: str = "auto",
    memory_budget: int | None = None,
    precision: str = "float32",
    progress: Progress | None = None,
    store: str | os.PathLike[str] | Store | None = None,
) -> SanityCheck:
    """Shuffle a network's weights from a layer down to the input, and tell what is left of its graph at every stage.

    The entries of each parameter are permuted, so that its values keep their distribution; buffers stay. A map that is
    left as it was tells of the image, not of the network (Adebayo et al. 2018).

    Parameters
    ----------
    spec
        The model.
    probes
        N >= 3 images.
    layer
        "output" or another layer; what lies behind it is not touched.
    target
        A model whose output S is also computed with, at every stage; None: none.
    lam
        Weight of the edges in S.
    steps
        Stages, 1 or more: each shuffles as many further modules as the others. None: 5, or one a module of fewer.
    seed
        Of the permutations.
    preset, method, objective, channels, center, resolution, device, memory_budget, precision
        As in `build_graphs`.
    progress
        progress(done, total, message) counts probes; raising `Cancelled` from it stops within a batch.
    store
        Where graphs are kept, those of the stages too: as in `build_graphs`.

    Returns
    -------
    SanityCheck
        The stages, and the finding in words.

    Raises
    ------
    OptionError
        An option is not among the valid ones, or there are fewer modules with weights than steps.
    ModelError
        The model cannot be opened, lacks the layer, or cannot be run and attributed.
    Cancelled
        `progress` asked for it.
    """
    options = resolve_options(
        preset, method=method, objective=objective, channels=channels, center=center, resolution=resolution
    )
    check_lam(lam)
    network = open_network(spec)
    require_layers(spec, network, [layer])
    stages = _stages(network, layer, spec.input_size, steps)
    shuffled = [
        replace(
            spec,
            id=f"{spec.id} shuffled {number}/{len(stages)}",
            name=f"{spec.name} shuffled {number}/{len(stages)}",
            _open=partial(_shuffled, network, names, seed),
            _identity=None,
        )
        for number, names in enumerate(stages, 1)
    ]
    given: dict[str, Any] = {
        **asdict(options), "device": device, "memory_budget": memory_budget, "precision": precision,
        "progress": progress, "store": store,
    }  # fmt: skip
    graphs = build_graphs([spec, *shuffled], probes, layers=[layer], **given)
    aim = None if target is None else build_graphs(target, probes, **given)[0]
    grid = planned_grid([spec, *([target] if target else [])], options)
    weights = dict(network.module.named_parameters())
    total = sum(weights[name].numel() for name in stages[-1])
    rows, before = [], _ranks(graphs[0])
    for names, graph in zip([(), *stages], graphs, strict=True):
        found = similarity(graphs[0], graph, grid=grid)
        row: dict[str, object] = {
            "weights": sum(weights[name].numel() for name in names) / total,
            "from": names[-1].rpartition(".")[0] if names else "",
            "node": found.node,
            "edge": found.edge,
            "score": found.total(lam),
            "rank": float((before * _ranks(graph)).sum(axis=1).mean()),
        }
        rows.append(row | ({} if aim is None else {"target": similarity(graph, aim, grid=grid).total(lam)}))
    return SanityCheck(spec.id, layer, options, pd.DataFrame(rows), _mean_of_pairs(before))


def _stages(network: Network, layer: str, size: int, steps: int | None) -> list[tuple[str, ...]]:
    """Return the parameters that are shuffled at each stage, cumulative, the top first."""
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        raise OptionError(f"Expected steps as a whole number, 1 or more; {steps!r} came.")
    groups = [names for _, names in sorted(_by_start(network, layer, size).items(), reverse=True)]
    steps = min(STEPS, len(groups)) if steps is None else steps
    if len(groups) < max(1, steps):
        raise OptionError(
            f"{len(groups)} modules before layer {layer!r} hold weights; {steps} steps came. Take that many or fewer."
        )
    ends = [round(len(groups) * number / steps) for number in range(1, steps + 1)]
    return [tuple(name for names in groups[:end] for name in names) for end in ends]


def _by_start(network: Network, layer: str, size: int) -> dict[int, list[str]]:
    """Return the parameters that a layer's forward reaches, by when their module starts.

    Those of a module that is never called itself, such as a part of nn.MultiheadAttention, belong to the one around it.
    """
    whole, upto = (_starts(network, layer, size, forwards) for forwards in (1, 2))
    found: dict[int, list[str]] = {}
    for name, _ in network.module.named_parameters():
        owner = name.rpartition(".")[0]
        while owner not in whole:
            owner = owner.rpartition(".")[0]
        if owner in upto:
            found.setdefault(upto[owner], []).append(name)
    return found


def _starts(network: Network, layer: str, size: int, forwards: int) -> dict[str, int]:
    """Return when each module first starts in the last of some forwards; from the second on they end at the layer."""
    order: dict[str, int] = {}
    with ExitStack() as held:
        held.enter_context(at_rest(network.module))
        held.enter_context(torch.no_grad())
        capture = held.enter_context(captured(network, [layer]))
        for path, part in network.module.named_modules():

            def begin(_: nn.Module, __: tuple, path: str = path) -> None:
                order.setdefault(path, len(order))

            held.callback(part.register_forward_pre_hook(begin).remove)
        for _ in range(forwards):
            order.clear()
            capture.forward(example_images(size, 1) - 0.5)
    return order


def _shuffled(network: Network, names: Sequence[str], seed: int, progress: Progress | None = None) -> Network:
    """Return a copy whose parameters of these names hold their values in another order; it depends on the name."""
    del progress
    module = sharing(network.module, "a shuffled network")
    parameters = dict(module.named_parameters())
    for name in names:
        own = int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:7], "big")
        order = torch.randperm(parameters[name].numel(), generator=torch.Generator().manual_seed(own))
        parameters[name].data = parameters[name].data.flatten()[order].view(parameters[name].shape)
    told = hashlib.sha256(f"{network.digest} shuffled {seed} {sorted(names)}".encode()).hexdigest()
    return replace(network, module=module, digest=told)


def _ranks(graph: AttributionGraph) -> Float[np.ndarray, "N P"]:
    """Return the ranks of each map's absolute values, with mean 0 and norm 1: inner products are Spearman's."""
    return np.stack([standard_ranks(np.abs(row).astype(np.float64)) for row in graph.nodes])


def _mean_of_pairs(rows: Float[np.ndarray, "N P"]) -> float:
    """Return the mean inner product of two different rows."""
    together = rows.sum(axis=0)
    return float((together @ together - (rows * rows).sum()) / (len(rows) * (len(rows) - 1)))
