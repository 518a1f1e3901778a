"""What several models find alike, side by side: a probe's nearest one, the ranks of a pair, and both in words.

M models; n drawn probes, counted from 0 in their drawn order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from depara_core.errors import OptionError
from depara_core.formatting import number
from depara_core.graphs import AttributionGraph, distinct_names
from depara_core.pairs import pair_ranks

NAMED = 3  # probes named as nearest; the models that choose others are counted
FEW = 2  # models named for one probe; more are counted


@dataclass(frozen=True, eq=False)
class AcrossModels:
    """The pairs of n drawn probes in M models. Invariant: `cosines` and `ranks` are symmetric in the two probes."""

    models: tuple[str, ...]  # as the sentences call them
    probes: tuple[str, ...]
    cosines: Float[np.ndarray, "M n n"]
    ranks: Float[np.ndarray, "M n n"]  # relative, among the pairs drawn: 0 the least alike, 1 the most

    def nearest(self, model: int, probe: int) -> tuple[int, float]:
        """Return the drawn probe that a model finds most alike to another one, and their cosine; ties by index."""
        cosines = self.cosines[model, probe].copy()
        cosines[probe] = -np.inf
        place = int(cosines.argmax())
        return place, float(cosines[place])

    def most_alike_first(self, model: int, pairs: Iterable[Sequence[int]]) -> list[tuple[int, int, float]]:
        """Return pairs as (i, j, relative rank), in the order of a model's cosines."""
        found = [(int(i), int(j)) for i, j in pairs]
        found.sort(key=lambda pair: -self.cosines[model][pair])
        return [(i, j, float(self.ranks[model, i, j])) for i, j in found]

    def pair_sentence(self, i: int, j: int) -> str:
        """Say which model finds two probes most alike, and which least."""
        percent = [round(100 * rank) for rank in self.ranks[:, i, j].tolist()]
        most, least = percent.index(max(percent)), percent.index(min(percent))
        named = f"{self.probes[i]} and {self.probes[j]}"
        if most == least:
            return f"{named}: more alike than {percent[0]} % of the pairs drawn, for every model."

        def of(model: int) -> str:
            cosine = number(float(self.cosines[model, i, j]))
            return f"{self.models[model]} (cosine {cosine}, above {percent[model]} % of the pairs drawn)"

        return f"{named}: most alike for {of(most)}, least for {of(least)}."

    def probe_sentence(self, probe: int) -> str:
        """Say which of the drawn probes the models find most alike to one."""
        voters: dict[int, list[str]] = {}
        for model, name in enumerate(self.models):
            voters.setdefault(self.nearest(model, probe)[0], []).append(name)
        order = sorted(voters.items(), key=lambda found: -len(found[1]))
        said = [
            f"{self.probes[place]} for "
            + (" and ".join(names) if len(names) <= FEW else f"{len(names)} of {len(self.models)} models")
            for place, names in order[:NAMED]
        ]
        rest = sum(len(names) for _, names in order[NAMED:])
        if rest:
            said.append(f"others for {rest}")
        return f"{self.probes[probe]}: of the images drawn, most alike to {', '.join(said)}."


def across_models(
    graphs: Sequence[AttributionGraph], chosen: Sequence[int] | Int[np.ndarray, " n"], names: Sequence[str]
) -> AcrossModels:
    """Compare the pairs of the chosen probes in M graphs.

    Parameters
    ----------
    graphs
        One or more, over the same N probes.
    chosen
        Two or more different probes, 0 to N - 1.
    names
        The N probes' names.

    Raises
    ------
    OptionError
        For fewer than two chosen probes, or no graph.
    """
    places = np.asarray(chosen, dtype=int)
    if not graphs or len(places) < 2:
        raise OptionError(
            f"Expected at least one graph and two probes to compare; {len(graphs)} and {len(places)} came."
        )
    cosines = np.stack([graph.edges[np.ix_(places, places)] for graph in graphs])
    ranks = np.stack([pair_ranks(one) for one in cosines])
    return AcrossModels(distinct_names(*graphs), tuple(names[i] for i in places), cosines, ranks)
