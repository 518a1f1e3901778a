"""Models compared over the same probes: what every page, the command line, the exports and the reports look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from depara_core.attribution.options import Options
from depara_core.errors import OptionError
from depara_core.graphs import AttributionGraph
from depara_core.grids import Grid, common_grid, smallest_grid
from depara_core.probes import ProbeSet
from depara_core.similarity import SimilarityMatrix, similarity_matrix
from depara_core.zoo.spec import OUTPUT, ModelSpec


@dataclass(frozen=True, eq=False)
class Comparison:
    """The graphs of some models over one set of probes, and the one grid that all their maps are compared on.

    S of a pair depends on the grid of the node maps. Whatever shows a score takes `grid` from here, not from the graphs
    that it happens to hold: a pair has one S, whether it is seen in a matrix, by itself or layer by layer.
    """

    probes: ProbeSet
    specs: tuple[ModelSpec, ...]  # those with graphs
    graphs: tuple[AttributionGraph, ...]  # model by model, layers from input to output
    grid: Grid  # channels, height, width
    failed: tuple[tuple[str, str], ...] = ()  # (model id, reason): what was asked for and has no graph
    unkept: str = ""  # why the store could not keep the graphs, where it could not
    key: str = ""  # a digest of what was asked for

    def __post_init__(self) -> None:
        if self.graphs:
            common_grid(self.graphs, self.grid)

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of the models with graphs, in order."""
        return tuple(spec.id for spec in self.specs)

    @property
    def pixels(self) -> int:
        """How many pixels all attributions read, as `workload` counts them before."""
        side = {spec.id: spec.input_size for spec in self.specs}
        return len(self.probes) * sum(side[graph.model] ** 2 for graph in self.graphs)

    @cached_property
    def matrix(self) -> SimilarityMatrix:
        """s_V and s_E of all pairs of graphs, on the comparison's grid."""
        return similarity_matrix(self.graphs, grid=self.grid)

    def of(self, model: str) -> tuple[AttributionGraph, ...]:
        """Return the graphs of one model, from input to output."""
        return tuple(graph for graph in self.graphs if graph.model == model)

    def graph(self, model: str, layer: str = OUTPUT) -> AttributionGraph | None:
        """Return the graph of one layer of one model, or None."""
        return next((graph for graph in self.of(model) if graph.layer == layer), None)

    def best_source(self, target: str, lam: float) -> str:
        """Return the model with the highest S with the target, the first of equals; alone, the target.

        Models of several layers are compared at their last one.
        """
        last = {graph.model: place for place, graph in enumerate(self.matrix.rows)}
        models, places = list(last), list(last.values())
        scores = self.matrix.total(lam)[places, last[target]]
        return models[int(np.where(np.array(models) == target, -np.inf, scores).argmax())]

    def default_pair(self, lam: float, *targets: str) -> tuple[str, str]:
        """Return a source and a target to look at: the first of `targets` that is here, else the first model.

        Parameters
        ----------
        lam
            Weight of the edges in S = s_V + lam * s_E.
        targets
            Ids of models in the order of preference; those that are not here are passed over.

        Returns
        -------
        tuple[str, str]
            The target's `best_source`, and the target.
        """
        target = next((model for model in targets if model in self.models), self.models[0])
        return self.best_source(target, lam), target


def planned_grid(specs: Sequence[ModelSpec], options: Options) -> Grid:
    """Return the grid that the maps of these models will be compared on, before any is computed.

    It follows from what is asked for alone: a model that fails, or a page that needs but two of the models, does not
    move the scores of the others.

    Parameters
    ----------
    specs
        All models of the comparison.
    options
        Those that the graphs are made with; `resolution` and `channels` shape the maps.

    Returns
    -------
    Grid
        (channels, height, width).

    Raises
    ------
    OptionError
        For no models.
    """
    if not specs:
        raise OptionError("No models to compare: expected at least one, got none.")
    channels = 3 if options.channels == "none" else 1
    sides = [options.resolution or spec.input_size for spec in specs]
    return smallest_grid([(channels, side, side) for side in sides])
