"""Where should I cut the network? Every layer of a source against a target, over depth and pair by pair."""

import pandas as pd
import streamlit as st

from depara_core.formatting import score
from depara_core.selection import few_probes
from pages.layers import curves, matrix, measured, sees, takeaway
from pages.layers.pair import choose
from pages.shared import cache, charts, comparisons, selection, text, widgets
from pages.shared.parts import Data
from pages.shared.titles import QUESTIONS

QUESTION = QUESTIONS["layers"]


def verdict(ranked: pd.DataFrame, source: str, target: str, probes: int, images: str = "") -> str:
    """Say on which images, at which layer to cut, how surely: an earlier layer within the whiskers is as good."""
    if source == target:
        return f"{text.model(source)} against itself is no answer: its own output is always the best. Choose another."
    best = ranked[ranked["best"]].iloc[0]
    a, b = (f"**{text.model(model)}**" for model in (source, target))
    sure = f":violet[**S = {score(best['score'])}**] {text.between(best['low'], best['high'])}"
    lead = f"On {text.plain(images)}: for" if images else "For"
    answer = f"{lead} {b}, keep {a} up to **{text.plain(best['layer'])}**: {sure}."
    if len(ranked) == 1:
        return answer + " It is the only layer."
    if few := few_probes(probes):
        return f"{answer} {few}"
    rivals = ranked[(ranked["high"] >= best["low"]) & ~ranked["best"]]
    if rivals.empty:
        return answer + f" No other layer's whisker overlaps it: {probes} images are enough to tell."
    earlier = rivals[rivals.index < best.name]
    names = ", ".join(text.plain(layer) for layer in rivals["layer"].head(4)) + (", …" if len(rivals) > 4 else "")
    answer += f" These {probes} images cannot tell it from {names}"
    return answer + ("; the earlier cut leaves more to learn but less to run." if len(earlier) else ".")


def main() -> None:
    """Draw the page."""
    data, head = selection.read(Data), st.container()
    models = tuple(spec.id for spec in comparisons.specs(data.models)[0])
    if not models:
        with head:
            widgets.header(QUESTION)
        widgets.empty("None of the chosen models exists here.", "Choose models in Setup.", page="setup")
        return
    shown = choose(data, models, before=lambda: head.title(QUESTION, anchor=False))
    if shown is None:
        with head:
            widgets.header(QUESTION)
        widgets.empty("One of the two models has no graph.", "The reason stands above; choose another one.")
        return
    probes = len(shown.comparison.probes)
    with head, st.container(horizontal=True):
        answer = verdict(shown.ranked, shown.source, shown.target, probes, text.probes(data))
        found = cache.cut_sentence(shown.source, shown.target, shown.cut)
        widgets.header(QUESTION, f"{answer} **{text.plain(found)}**" if found else answer)
        takeaway.draw(shown)
    left, right = st.columns([1, 1])
    with left:
        curves.draw(shown)
    with right:
        matrix.draw(shown)
        measured.lead(shown)
    measured.draw(shown)
    sees.draw(shown)
    charts.silent(shown.comparison.graphs)


main()
