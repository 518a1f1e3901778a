"""What the Why page is about: two graphs and why they are alike, and how that is written."""

from collections.abc import Mapping
from dataclasses import dataclass

import depara_core as depara
from depara_core import explanation
from depara_core.comparison import Comparison
from depara_core.graphs import short_names
from pages.shared import cache, widgets
from pages.shared.cache import Graph

_COLOURS = {"node": "blue", "edge": "orange", "total": "violet"}


@dataclass(frozen=True)
class Ends:
    """Two graphs and why they are alike."""

    comparison: Comparison
    a: Graph  # the source
    b: Graph  # the target
    lam: float
    why: depara.Explanation

    @property
    def probes(self) -> depara.ProbeSet:
        """The images."""
        return self.comparison.probes

    @property
    def names(self) -> tuple[str, ...]:
        """The two ends, as short as they stay apart."""
        return short_names(self.a, self.b)

    @property
    def influence(self) -> explanation.Influence:
        """S without each probe in turn."""
        return cache.influence(self.a, self.b, self.why.grid).at(self.lam)


def why(a: Graph, b: Graph, lam: float, comparison: Comparison) -> depara.Explanation:
    """Return the exact shares of S(a, b)."""
    return cache.explained(a, b, comparison.grid).at(lam)


def rivals(sources: tuple[Graph, ...], ends: Ends) -> explanation.RankingInfluence:
    """Return the scores of all sources for the target without each probe in turn."""
    found = (cache.influence(source, ends.b, ends.why.grid).at(ends.lam) for source in sources)
    return explanation.RankingInfluence(tuple(found))


def coloured(sentence: explanation.Sentence, short: Mapping[str, str] | None = None) -> str:
    """Write a sentence as markdown: nodes blue, edges orange, S violet; `short` names what labels name at length."""
    parts = []
    for span in sentence.spans:
        text = span.text
        for label, name in (short or {}).items():
            text = text.replace(label, name)
        inner = widgets.plain(text)
        lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        colour = _COLOURS.get(span.role)
        parts.append(lead + (f":{colour}[**{inner}**]" if colour and inner else inner) + tail)
    return "".join(parts)
