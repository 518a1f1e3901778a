"""The second card of the Models page: the sources of the target, best first, with their intervals."""

import streamlit as st

from depara_core.figures import curves
from pages.models.compared import Compared
from pages.shared import charts, selection, text, widgets
from pages.shared.parts import Pair

BARS = 20  # the rest stands in the table


def draw(shown: Compared) -> None:
    """Draw the sources of the target; a click puts source and target under the lens."""

    def clicked(place: charts.Place) -> None:
        selection.update(Pair, source=str(place[1]), target=shown.target)

    reading = (
        "Longer is better. Whiskers: 95 % interval over images; where two overlap, these images cannot tell. "
        "Click a bar for its pair."
    )
    with widgets.card(f"Best sources for {text.model(shown.target)}", reading, key="card-ranking"):
        figure = curves.ranking(
            shown.ranked,
            shown.lam,
            probes=len(shown.comparison.probes),
            top=BARS,
            selected=shown.source,
            dark=widgets.dark(),
        )
        charts.chart(figure, shown.key("ranking"), clicked)
        st.caption(text.plain(shown.static))
        with st.expander(f"All {len(shown.ranked)} as a table"):
            st.caption("Choose a row to look at its pair: the keyboard reaches it as well as the mouse.")
            charts.table(shown.ranked, shown.key("table"), lambda row: clicked([row, shown.ranked["source"].iloc[row]]))
