"""Words on pages, as markdown: names and messages from outside are data, scores have one colour each.

Numbers and intervals are written by `depara_core.formatting`; here they are made fit for markdown.
"""

import math
from collections.abc import Mapping
from typing import SupportsFloat

from depara_core.explanation import Sentence
from depara_core.formatting import counted, exact, interval, number, short_name
from pages.shared.markdown import plain as plain
from pages.shared.parts import Data

_COLOURS = {"node": "blue", "edge": "orange", "total": "violet"}


def model(model: str) -> str:
    """Return a model's name without its source."""
    return plain(short_name(model))


def between(low: SupportsFloat, high: SupportsFloat) -> str:
    """Write an interval of scores."""
    return interval(low, high).replace("[", "\\[").replace("]", "\\]")


def parts(node: float, edge: float, lam: float, total: float | None = None) -> str:
    """Return how s_V and s_E add up to S, in the three colours, with as many decimals as the printed sum needs."""
    whole = node + lam * edge if total is None else total
    finer = max(0, math.ceil(math.log10(lam))) if lam > 0 else 0  # digits more of s_E: its rounding counts lam times
    few, most = 3 if 0 < abs(whole) < 0.095 else 2, 9
    digits = next((n for n in range(few, most) if _adds_up(node, edge, lam, whole, n, n + finer)), most)
    one, two, three = number(node, digits), number(edge, digits + finer), number(whole, digits)
    return f":blue[nodes s_V **{one}**] + {exact(lam)} × :orange[edges s_E **{two}**] = :violet[S **{three}**]"


def _adds_up(node: float, edge: float, lam: float, whole: float, digits: int, finer: int) -> bool:
    """Tell whether who adds the rounded parts gets the rounded sum."""
    added = round(float(node), digits) + lam * round(float(edge), finer)
    return round(added, digits) == round(float(whole), digits)


def sum_of(a: str, b: str, node: float, edge: float, lam: float) -> str:
    """Return how two models' S adds up."""
    return f"**{model(a)}** and **{model(b)}**: {parts(node, edge, lam)}"


def sentence(said: Sentence, short: Mapping[str, str] | None = None) -> str:
    """Write a sentence: nodes blue, edges orange, S violet; `short` names what labels name at length."""
    spans = []
    for span in said.spans:
        words = span.text
        for label, name in (short or {}).items():
            words = words.replace(label, name)
        inner, colour = plain(words), _COLOURS.get(span.role)
        lead, tail = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
        spans.append(lead + (f":{colour}[**{inner}**]" if colour and inner else inner) + tail)
    return "".join(spans)


def probes(data: Data) -> str:
    """Return e.g. "100 rooms" or "images of holiday", not yet markdown."""
    return counted(data.count, "room") if data.probes == "rooms" else probes_at(data.probes)


def probes_at(source: str) -> str:
    """Return what a source of images is called, not yet markdown."""
    if source == "rooms":
        return "rooms"
    if source == "fashion":
        return "photographs (Fashion-MNIST)"
    if source.startswith("upload/"):
        return "uploaded images"
    return f"images of {source.rstrip('/').rsplit('/', 1)[-1]}"
