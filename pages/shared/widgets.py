"""What every page is drawn with.

    widgets.header("Which model should I start from?", "Best for normal: reshading, S = 0.91 [0.88, 0.94].")
    with widgets.card("Similarity of all models", "Bright = likely to transfer."):      # title + how to read it
        st.plotly_chart(figure, theme=None, key=...)
    target = widgets.choose_model("Target", "target", "models.target", models)           # bound to the pair
    lam = widgets.lam_slider("models.lam")
    widgets.links(why="Why?", layers="At which layer?")                                  # row of links
    dark = widgets.dark()                                                                # for figures

A widget takes a key, is bound to the pair where it names a field, and returns only valid values.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from depara_core.formatting import short_name
from pages.shared import cache, selection, text
from pages.shared.parts import Pair

ICONS = {
    "home": ":material/home:",
    "tour": ":material/school:",
    "setup": ":material/tune:",
    "choose": ":material/rule:",
    "attributions": ":material/blur_on:",
    "graphs": ":material/hub:",
    "models": ":material/grid_on:",
    "panorama": ":material/view_column:",
    "zoo": ":material/search:",
    "layers": ":material/layers:",
    "why": ":material/question_mark:",
    "evaluate": ":material/fact_check:",
}


def dark() -> bool:
    """Tell whether the reader sees the dark theme."""
    return st.context.theme.type == "dark"


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def header(question: str, answer: str = "") -> None:
    """Draw a page's title, the reader's question, and the answer's numbers under it (markdown)."""
    with st.container(key="page-header", gap=None):
        st.title(question, anchor=False)
        if answer:
            st.markdown(answer)


@contextmanager
def card(title: str = "", how_to_read: str = "", *, key: str | None = None, height: Any = "content") -> Iterator[None]:
    """Open a card: a thin line round a title, one sentence that says how to read it, and what is drawn inside."""
    with st.container(border=True, key=f"card-{key or _slug(title)}", height=height):
        if title:
            st.subheader(title, anchor=False)
        if how_to_read:
            st.caption(how_to_read)
        yield


def empty(what: str, do: str, *, page: str | None = None, label: str = "Open Setup") -> None:
    """Draw a designed empty state: what is missing, and what to do next."""
    with st.container(border=True, key="card-empty", horizontal_alignment="center"):
        st.subheader(what, anchor=False)
        st.caption(do)
        if page:
            selection.link(page, label, icon=ICONS.get(page))


def links(**labels: str) -> None:
    """Draw a row of links to other pages, page=label, that carry the selection along."""
    with st.container(horizontal=True, key="page-links", gap="medium"):
        for page, label in labels.items():
            selection.link(page, label, icon=ICONS.get(page))


def choose_model(label: str, field: str, key: str, models: Sequence[str], *, default: str | None = None) -> str:
    """Choose one model; an unset or unknown one in the selection becomes `default`, else the first.

    Its tooltip says what the model does.
    """
    current = getattr(selection.read(Pair), field)
    value = current if current in models else default if default in models else models[0]
    bound = selection.bind(Pair, field, key, value)
    told = text.plain(cache.summary(str(value))) or None
    chosen = st.selectbox(label, models, format_func=short_name, help=told, **bound)
    return str(chosen or value)


def choose_layer(label: str, field: str, key: str, layers: Sequence[str]) -> str:
    """Choose one layer; an unknown one in the selection becomes the last, the output."""
    current = getattr(selection.read(Pair), field)
    value = current if current in layers else layers[-1]
    return st.selectbox(label, layers, **selection.bind(Pair, field, key, value)) or value


WITHOUT_MAPS = ("labels/", "features/")  # what targets without a network are called
LAMBDAS = (0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0, 100.0)


def lam_slider(key: str) -> float:
    """Choose λ, the weight of the edges in S = s_V + λ s_E, on a scale that is fine near 1."""
    value = selection.read(Pair).lam
    steps = sorted({*LAMBDAS, value})
    help_text = "Weight of the edges: S = s_V + λ · s_E. The paper takes 1 with 10 % of the target's data, 10 with 1 %."
    return st.select_slider(
        "λ, weight of the edges",
        steps,
        format_func=lambda lam: f"{lam:g}",
        help=help_text,
        **selection.bind(Pair, "lam", key),
    )


def troubles(
    failed: Sequence[tuple[str, str]],
    skipped: Sequence[tuple[str, str]],
    unkept: str = "",
    notes: Sequence[tuple[str, str]] = (),
) -> None:
    """Tell which models failed, which files were skipped or taken in part, and why all is computed anew, if it is."""
    told = {"model": " could not be computed; the rest is shown", "file": " left out", "remark": " on the images"}
    for what, rows in (("model", failed), ("file", skipped), ("remark", notes)):
        if rows:
            title = f"{len(rows)} {what}{'s' * (len(rows) > 1)}{told[what]}"
            with st.expander(title, icon=":material/warning:"):
                st.markdown("\n".join(f"- **{text.plain(name)}**: {text.plain(reason)}" for name, reason in rows[:200]))
                if len(rows) > 200:
                    st.caption(f"and {len(rows) - 200} more")
    if unkept:
        with st.expander("The results are shown, but not kept for the next time", icon=":material/warning:"):
            st.markdown(text.plain(unkept))


def not_here(wrong: Iterable[tuple[str, str, str]]) -> None:
    """Tell what the address names that is not here, as (what was asked for, what kind of thing, what is shown)."""
    for asked, what, used in wrong:
        told = text.plain(f"The address names {asked!r}, which is no {what} here; {used}.")
        st.warning(told, icon=":material/link_off:")


def unknown_models(models: Sequence[str], source: str, target: str) -> list[tuple[str, str, str]]:
    """Return which ends of the address are none of the models, for `not_here`; `source` and `target` are shown."""
    pair = selection.read(Pair)
    named = ((pair.source, source), (pair.target, target))
    return [
        (asked, "network" if asked.startswith(WITHOUT_MAPS) else "model", f"{used} is shown")
        for asked, used in named
        if asked and asked not in models and asked != used
    ]


def unknown_probes(count: int) -> list[tuple[str, str, str]]:
    """Return which of the selected probes are beyond the set's, for `not_here`."""
    pair = selection.read(Pair)
    chosen = (index for index in (pair.probe, pair.other_probe) if index is not None and index >= count)
    return [(str(index), "image", f"there are {count}, from 0 to {count - 1}") for index in chosen]
