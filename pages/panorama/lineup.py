"""What stands in the panorama: the models, the pair under the lens, the probes drawn and those with maps."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import depara_core as depara
from depara_core import drawings, tour
from depara_core.comparison import Comparison
from depara_core.drawings import Drawing
from depara_core.figures import probe_graphs
from pages.shared import cache, selection, widgets
from pages.shared.cache import Graphs
from pages.shared.parts import Data, Look, Pair

ROWS = 5  # probes with their maps
SIZE = 96  # pixels of a map


@dataclass(frozen=True)
class Lineup:
    """Some models of a comparison, each a column, and the pair under the lens, which is among them."""

    comparison: Comparison
    graphs: Graphs
    source: str
    target: str
    lam: float

    @property
    def probes(self) -> depara.ProbeSet:
        """The images."""
        return self.comparison.probes

    @property
    def models(self) -> tuple[str, ...]:
        """Ids of the models with a column."""
        return tuple(graph.model for graph in self.graphs)

    @property
    def groups(self) -> list[str]:
        """The kind of task of every model with a column."""
        known = {spec.id: spec.group for spec in self.comparison.specs}
        return [known[model] for model in self.models]

    @cached_property
    def matrix(self) -> depara.SimilarityMatrix:
        """s_V and s_E of all pairs of columns."""
        whole = len(self.graphs) == len(self.comparison.graphs)
        return self.comparison.matrix if whole else cache.matrix(self.graphs, grid=self.comparison.grid)

    @cached_property
    def tree(self) -> Any:
        """Their tree, as `task_tree` returns it."""
        return cache.tree(self.matrix, self.lam)

    @cached_property
    def selected(self) -> tuple[int, int | None]:
        """The selected probe and, of a pair of probes, the other, within the set."""
        pair, count = selection.read(Pair), len(self.probes)
        probe, other = min(pair.probe, count - 1), pair.other_probe
        return probe, None if other is None or other >= count or other == probe else other

    @cached_property
    def drawings(self) -> list[Drawing]:
        """Each graph's drawing: one sample of the probes for all, and the selected ones where they are not in it."""
        neighbours = min(selection.read(Look).neighbours, 12)
        chosen = [probe for probe in self.selected if probe is not None]
        drawn = cache.drawn_aligned(self.graphs, self._sample, neighbours=neighbours)
        return [
            drawings.add(drawing, graph, chosen, neighbours=neighbours)
            for graph, drawing in zip(self.graphs, drawn, strict=True)
        ]

    @cached_property
    def drawn(self) -> list[int]:
        """The probes at the nodes of every drawing."""
        return [int(probe) for probe in self.drawings[0].probes]

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """The probes whose maps are shown."""
        return rows(self._sample, self.selected)

    @cached_property
    def maps(self) -> list[list[bytes | None]]:
        """A row of PNGs for each of `rows`; the scale is that of the spread, so that a new row leaves the others be."""
        chosen = selection.read(Look)
        look: dict[str, Any] = {**chosen.painted, "size": SIZE, "rooms_seed": selection.read(Data).rooms_seed}
        few = {name: look[name] for name in ("maps", "smooth", "size", "rooms_seed")}
        limit = cache.full_strength(self.probes, self.graphs, spread(self._sample), **few)
        look["dark"] = widgets.dark()
        return [cache.overlays(self.probes, self.graphs, (probe,), limit=limit, **look)[0] for probe in self.rows]

    @cached_property
    def _sample(self) -> tuple[int, ...]:
        """The probes drawn in every graph, whatever is selected."""
        count = min(selection.read(Look).drawn, probe_graphs.MAX_THUMBNAILS)
        return tuple(map(int, drawings.choose_probes(self.graphs[0], count)))


def spread(drawn: tuple[int, ...]) -> tuple[int, ...]:
    """Return the few of the drawn probes whose maps are shown, whatever is selected."""
    return tuple(drawn[k] for k in tour.spread(len(drawn), ROWS))


def rows(drawn: tuple[int, ...], selected: tuple[int, int | None]) -> tuple[int, ...]:
    """Return the probes whose maps are shown: the spread, and in front of it the selected ones that are not in it."""
    few, chosen = spread(drawn), {probe for probe in selected if probe is not None}
    others = [probe for probe in few if probe not in chosen][: ROWS - len(chosen)]
    return (*sorted(chosen - set(few)), *sorted({*others, *(chosen & set(few))}))
