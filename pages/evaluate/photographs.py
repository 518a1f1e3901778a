"""The measured layer study on photographs: does S find where to cut, and does anything find it better?"""

from dataclasses import replace

import streamlit as st

from depara_core.benchmark.layer_table import ANEW, TUNED, WAYS
from depara_core.zoo.fashion import EXAMPLE
from pages.evaluate.selection import Evaluate
from pages.shared import charts, selection, text, widgets
from pages.shared.cache import evaluation as cache
from pages.shared.parts import Data, Pair

LEARNED = {
    ANEW: "begun anew and learned from",
    TUNED: "fine-tuned, as in the paper, from the source's own weights (a head start for early cuts) on",
}


def card(dark: bool) -> None:
    """Draw how well every score orders the cuts, and the curves of one seed."""
    mine = selection.read(Evaluate)
    found = cache.layer_report(way=mine.study_way)
    if found is None:
        with widgets.card("Layers: measured on photographs", key="card-photographs"):
            st.caption("This study is not measured here: `depara layers study --measure` does it.")
        return
    reading = (
        f"Two networks, cut at each of eleven layers, what follows {LEARNED[mine.study_way]} 100 or 10 labelled "
        "photographs of clothes, eight times, three seeds; S on the study's 200 photographs, which come with the "
        f"library: {text.plain(found.sentence)}"
    )
    with widgets.card("Layers: measured on photographs", reading, key="card-photographs"):
        way = selection.bind(Evaluate, "study_way", "evaluate.study_way")
        st.segmented_control("After the cut", list(WAYS), format_func=WAYS.__getitem__, required=True, **way)
        left, right = st.columns([1, 1.25])
        with left:
            st.markdown("**How well each score orders the cuts**")
            st.caption("Right is better; grey: rules that look at nothing.")
            charts.chart(cache.predictor_agreement(found.summary, found.ceiling, dark=dark), "evaluate.predictors")
        with right:
            seeds = list(found.curves)
            seed = mine.study_seed if mine.study_seed in seeds else seeds[0]
            shown = selection.bind(Evaluate, "study_seed", "evaluate.study_seed", seed)
            st.segmented_control("Seed of the study", seeds, required=True, **shown)
            drawn = cache.measured_curves(found.curves[seed], "S", dark=dark)
            charts.chart(drawn, f"evaluate.cuts.{mine.study_way}.{seed}")
            _draw_links()


def _draw_links() -> None:
    """Lead to the layers of both sources, on the photographs that come with the library."""
    example = replace(selection.read(Data), models=EXAMPLE, probes="fashion", count=200)
    with st.container(horizontal=True, gap="medium", key="evaluate-photographs-links"):
        for source in EXAMPLE[:-1]:
            pair = Pair(source=source, target=EXAMPLE[-1])
            label = f"The layers of {text.model(source)}, computed here"
            selection.link("layers", label, example, pair, icon=widgets.ICONS["layers"])
