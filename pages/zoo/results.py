"""What a search found: a table with exact scores beside their estimates, and the whole zoo on a plane."""

import pandas as pd
import streamlit as st

from depara_core.figures import zoo_map
from depara_core.formatting import number, score, short_name
from pages.shared import charts, selection, widgets
from pages.shared.parts import Pair
from pages.zoo.computed import Found

SHOWN = {"S": "score", "s_V": "node", "s_E": "edge"}


def table(found: Found) -> list[str]:
    """Draw the graphs found; return the models of the rows that are selected, else of the first five."""
    rows = found.nearest
    reading = (
        "Scores are exact; beside them is what the index estimated, with its standard error. Select rows to compare."
    )
    with widgets.card("Most alike", reading, key="zoo-found", height="stretch"):
        shown = pd.DataFrame({"network": [short_name(model) for model in rows["model"]]})
        if set(rows["layer"]) - {"output"}:
            shown["layer"] = rows["layer"]
        for title, column in SHOWN.items():
            shown[title] = [score(value) for value in rows[column]]
        told = zip(rows["estimate"], rows["error"], strict=True)
        shown["estimated"] = [f"{score(value)} ± {number(error)}" for value, error in told]
        shown = shown.assign(source=rows["source"], family=rows["family"], parameters=_millions(rows["parameters"]))
        own = f"zoo.found.{pd.util.hash_pandas_object(shown.astype(str)).sum()}"
        event = st.dataframe(shown, key=own, hide_index=True, on_select="rerun", selection_mode="multi-row")
    picked = [row for row in event.selection.rows if row < len(rows)] or list(range(min(5, len(rows))))
    return list(dict.fromkeys(rows["model"].iloc[picked]))


def plane(found: Found, like: str) -> None:
    """Draw every graph as a point, near = alike; a click searches for that network."""
    reading = (
        "A point a graph, coloured by family: the two principal axes of nodes and edges. Click one to search for it."
    )
    with widgets.card("The whole zoo", reading, key="zoo-map", height="stretch"):
        picture = zoo_map.zoo_map(found.map, found.nearest["model"].tolist(), like, dark=widgets.dark())
        charts.chart(picture, "zoo.map", lambda place: selection.update(Pair, target=str(place[0])))


def _millions(values: pd.Series) -> list[str]:
    return [f"{value / 1e6:,.1f} M" if value > 0 else "" for value in values]
