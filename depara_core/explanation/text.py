"""An explanation in plain words, generated from its numbers and saying no more than they do."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from depara_core.explanation.contrast import Contrast
from depara_core.explanation.contributions import Explanation
from depara_core.explanation.groups import GroupContributions
from depara_core.explanation.intervals import Intervals
from depara_core.explanation.pixels import PixelContributions
from depara_core.formatting import counted, decimals_of_sum, number, percent, score

Role = Literal["plain", "node", "edge", "total"]

SAME = 0.5  # a similarity from here on is called high
UNRELATED = 0.1  # below it, in size, none
EXACT = 1e-6  # how far rounding may carry a similarity from 1 or -1


@dataclass(frozen=True)
class Span:
    """A piece of text, and which number of the score it names."""

    text: str
    role: Role = "plain"


@dataclass(frozen=True)
class Sentence:
    """Text in pieces, so that s_V, lam * s_E and S can each have their colour."""

    spans: tuple[Span, ...]

    def __str__(self) -> str:
        return "".join(span.text for span in self.spans)


def sentence(
    why: Explanation,
    *,
    intervals: Intervals | None = None,
    groups: GroupContributions | None = None,
    pixels: PixelContributions | None = None,
) -> Sentence:
    """Say what S consists of, whether both look at the same pixels, on how many probes it rests, what pulls it down.

    Parts in percent are said only where both s_V and lam * s_E are at least 0. s_V and s_E count as high from `SAME`
    on and as none below `UNRELATED` in size. With groups of probes or pixels: which agree most and least for their
    size.
    """
    spans = [*_parts(why, intervals), *_undefined_probes(why)]
    extreme = _extreme(why)
    if extreme:
        return Sentence((*spans, Span(extreme)))
    spans += [*_looks(why), *_pairs(why), *_concentration(why.probe), *_pull(why.probe)]
    if groups is not None and len(groups.names) > 1:
        mean = groups.contribution / groups.probes
        best, worst = int(mean.argmax()), int(mean.argmin())
        if mean[best] > mean[worst]:
            spans.append(Span(f" {_group(groups, best, 'Most')}; {_group(groups, worst, 'least')}."))
    if pixels is not None:
        spans += _pixel_groups(pixels)
    return Sentence(tuple(spans))


def contrast_sentence(difference: Contrast, *, intervals: Intervals | None = None) -> Sentence:
    """Say which of two sources scores higher for the target, by how much, and what nodes, edges and probes give.

    `intervals` are those of `contrast_interval`; where the one of S holds 0, the sentence says that it cannot tell.
    """
    target, first, second = difference.names
    total, digits = difference.total, decimals_of_sum(difference.node, difference.edge)
    if abs(total) < EXACT and abs(difference.node) < EXACT:
        return Sentence((Span(f"{first} and {second} score the same for {target}, in nodes and in edges."),))
    high, low = (first, second) if total >= 0 else (second, first)
    spans = [
        Span(f"For {target}, {high} scores higher than {low} by "),
        Span(number(abs(total), digits), "total"),
        Span(" in S. Of "),
        Span(f"S({first}) − S({second}) = {number(total, digits)}", "total"),
        Span(", "),
        Span(f"nodes give {number(difference.node, digits)}", "node"),
        Span(" and "),
        Span(f"edges {number(difference.edge, digits)}", "edge"),
        Span("."),
    ]
    favour, against = int((difference.probe > 0).sum()), int((difference.probe < 0).sum())
    spans.append(
        Span(f" {_probes(favour)} {'speaks' if favour == 1 else 'speak'} for {first}, {against} for {second}.")
    )
    if intervals is not None:
        low_end, high_end = intervals.total.low, intervals.total.high
        spans.append(Span(f" The 95 % interval of the difference is {score(low_end)} to {score(high_end)}"))
        sure = low_end > 0 or high_end < 0
        spans.append(Span("." if sure else ": these images cannot tell which of the two is better."))
    return Sentence(tuple(spans))


def _parts(why: Explanation, intervals: Intervals | None) -> list[Span]:
    """S, its interval, and its two parts: in percent where neither is negative, with their signs otherwise."""
    node, edge, total = why.node_similarity, why.edge_total, why.total
    digits = decimals_of_sum(node, edge)
    spans = [Span(f"S = {number(total, digits)}", "total")]
    if intervals is not None:
        spans.append(Span(f" (95 % interval {score(intervals.total.low)} to {score(intervals.total.high)})"))
    if min(node, edge) >= 0 and total > EXACT:
        share = round(100 * edge / total)
        return [
            *spans,
            Span(": "),
            Span(f"{share} % of it comes from edges", "edge"),
            Span(", "),
            Span(f"{100 - share} % from nodes", "node"),
            Span("."),
        ]
    return [
        *spans,
        Span(": "),
        Span(f"nodes give {number(node, digits)}", "node"),
        Span(", "),
        Span(f"edges {number(edge, digits)}", "edge"),
        Span("."),
    ]


def _undefined_probes(why: Explanation) -> list[Span]:
    """Say how many probes have no attribution or no feature, and that they count as 0."""
    spans = []
    for silent, what, effect in (
        (why.no_attribution, "attribution", ": 0 in nodes"),
        (why.no_feature, "feature", ""),
    ):
        number = int(silent.sum())
        if number:
            spans.append(
                Span(f" {number} of {_probes(len(silent))} {_have(number)} no {what} in one of the two{effect}.")
            )
    return spans


def _extreme(why: Explanation) -> str | None:
    """The sentence for ends of which there is nothing else to say."""
    node, edge = why.node_similarity, why.edge_similarity
    if min(node, edge) > 1 - EXACT:
        return (
            " On these images the two are identical: they weigh the same pixels in the same way and rank all pairs of "
            "images alike."
        )
    if max(node, edge) < EXACT - 1:
        return (
            " On these images the two are exact opposites: every pixel has the other sign and the ranking of the pairs "
            "is reversed."
        )
    return None


def _looks(why: Explanation) -> list[Span]:
    node = why.node_similarity
    if why.no_attribution.all():
        return [Span(" Without attribution there are no pixels to compare: only edges are left.")]
    if node >= SAME:
        verdict = "They look at largely the same pixels"
    elif node >= UNRELATED:
        verdict = "They look at the same pixels only in part"
    elif node > -UNRELATED:
        verdict = "Over all images, the pixels they look at hardly agree"
    else:
        verdict = "Where both look, they tend to opposite signs"
    return [Span(f" {verdict} ("), Span(f"s_V = {score(node)}", "node"), Span(").")]


def _pairs(why: Explanation) -> list[Span]:
    edge = why.edge_similarity
    if edge >= SAME:
        verdict = "They largely find the same pairs of images alike"
    elif edge >= UNRELATED:
        verdict = "They find the same pairs of images alike only in part"
    elif edge > -UNRELATED:
        verdict = "Which pairs of images they find alike is hardly related"
    else:
        verdict = "Pairs that one finds alike, the other tends to find unlike"
    return [Span(f" {verdict} ("), Span(f"s_E = {score(edge)}", "edge"), Span(").")]


def _concentration(share: Float[np.ndarray, " N"]) -> list[Span]:
    """How few probes, the highest first, already add up to half of S."""
    total = share.sum()
    if total <= EXACT:
        return []
    half = int(np.argmax(np.cumsum(np.sort(share)[::-1]) >= total / 2)) + 1
    return [Span(" Half of "), Span("S", "total"), Span(f" rests on {half} of {_probes(len(share))}.")]


def _pull(share: Float[np.ndarray, " N"]) -> list[Span]:
    below = share < -EXACT / len(share)
    number = int(below.sum())
    if not number:
        return [Span(" No image has a negative share.")]
    together = "" if number == 1 else "together "
    return [Span(f" {_probes(number)} {_have(number)} a negative share, {together}{score(share[below].sum())}.")]


def _group(groups: GroupContributions, place: int, lead: str) -> str:
    share, probes = float(groups.contribution[place]), int(groups.probes[place])
    verb = f"{lead} for its size comes from" if lead == "Most" else f"{lead} from"
    return f"{verb} “{groups.names[place]}”: {score(share)} of S on {_probes(probes)}"


def _pixel_groups(pixels: PixelContributions) -> list[Span]:
    """The groups of pixels that agree most and least for their area; in percent of s_V where no group is negative."""
    shown = np.flatnonzero(pixels.area > 0)
    density = pixels.node[shown] / pixels.area[shown]
    if len(shown) < 2 or density.max() <= density.min():
        return []
    whole = float(pixels.node.sum())
    relative = bool((pixels.node >= 0).all()) and whole > EXACT

    def said(place: int) -> list[Span]:
        share = float(pixels.node[place])
        part = percent(share / whole) if relative else score(share)
        verb = "agree" if share > 0 else "differ" if share < 0 else "neither agree nor differ"
        return [
            Span(f"on “{pixels.names[place]}” they {verb} ("),
            Span(f"{part} of s_V", "node"),
            Span(f" on {100 * pixels.area[place]:.0f} % of the pixels)"),
        ]

    most, least = said(int(shown[density.argmax()])), said(int(shown[density.argmin()]))
    return [Span(" For their area, most: "), *most, Span("; least: "), *least, Span(".")]


def _probes(number: int) -> str:
    return counted(number, "image")


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
