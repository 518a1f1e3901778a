"""What each network does: the answer of every trained network of the rooms to one room, one of them at large."""

import streamlit as st

from depara_core.formatting import short_name
from pages.home.example import Example
from pages.shared import cache, selection, text, widgets
from pages.shared.image_table import Cell, Heading, image_grid, image_table
from pages.shared.parts import Data, Pair

SMALL, LARGE = 112, 224  # pixels of a picture


def draw(example: Example) -> None:
    """Draw every network's answer to one room; a click makes the network the target and shows it at large."""
    models, data, target = example.comparison.models, selection.read(Data), example.target.model
    count = len(example.comparison.probes)
    scene = 0 if data.rooms_seed is None else min(selection.read(Pair).probe, count - 1)
    seed = data.rooms_seed or 0
    drawn = cache.answer_tiles(models, scene, seed, size=SMALL, dark=widgets.dark())
    if not drawn:
        return
    told = (
        f"The answers of {len(drawn)} trained networks to one room. Which of their encoders should a new task "
        "start from? Click one to make it the target."
    )
    shown = list(drawn)
    with widgets.card("What each network does", told, key="gallery"):
        left, right = st.columns([7, 5], gap="large")
        with left:
            clicked = image_grid(
                "home.gallery",
                [said for _, said, _ in drawn.values()],
                [short_name(model) for model in shown],
                selected=shown.index(target) if target in drawn else None,
                size=76,
                alts=[f"{short_name(model)}: {cache.summary(model)}" for model in shown],
                label="What each network says",
            )
        with right:
            _at_large(target, scene, seed)
    if clicked is not None:
        selection.update(Pair, source="", target=shown[clicked])
        st.rerun()


def _at_large(model: str, scene: int, seed: int) -> None:
    """Draw what the target read, what it said and what is right."""
    st.caption(f"**{text.model(model)}** {text.plain(cache.summary(model))}")
    found = cache.answer_tiles((model,), scene, seed, size=LARGE, dark=widgets.dark())
    if model in found:
        heads = ("it reads", "it says", "right")
        cells = [Cell(png, alt=f"{short_name(model)}: {head}") for png, head in zip(found[model], heads, strict=True)]
        image_table(
            "home.answer", [*map(Heading, heads)], [cells], largest=LARGE, label=f"{short_name(model)} at large"
        )
