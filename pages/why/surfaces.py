"""Why, by the surfaces of the rooms: on which of them the two networks agree."""

import streamlit as st

from depara_core.explanation import PixelContributions
from depara_core.figures import contributions
from pages.shared import cache, charts, selection, text, widgets
from pages.shared.parts import Data, Pair
from pages.why.explained import Explained


def contributions_of(pair: Explained) -> PixelContributions:
    """Return the shares of the rooms' surfaces."""
    return cache.surfaces(pair.source, pair.target, pair.grid, selection.read(Data).seed)


def draw(pair: Explained) -> None:
    """Draw on which surfaces of the rooms the two networks agree."""
    found = contributions_of(pair)
    left, right = st.columns([8, 4])
    told = (
        "Every pixel's share of :blue[**s_V**], added up by what it shows. Green on the right: they agree more there "
        "than on the whole image; purple: less. Click a bar for the image in which it weighs most."
    )

    def opened(place: charts.Place) -> None:
        selection.update(Pair, probe=found.strongest_probe(int(place[0])), other_probe=None)

    with left, widgets.card("Where in the rooms they agree", told, key="card-surfaces"):
        figure = contributions.surface_contributions(found.to_frame(), dark=widgets.dark())
        charts.chart(figure, f"why.surfaces.{pair.key}", opened)
    index = min(selection.read(Pair).probe, len(pair.probes) - 1)
    name, dark, (source, target) = pair.probes.names[index], widgets.dark(), pair.names
    told = "Green: both rest on these pixels; purple: one is for, the other against."
    with right, widgets.card(f"In {text.plain(name)}", told, key="card-agreement"):
        (picture,) = cache.agreement_maps(
            pair.probes, pair.source, pair.target, pair.grid, (index,), size=320, dark=dark
        )
        st.image(picture, width="stretch", alt=f"Agreement of {source} and {target} on {name}")
