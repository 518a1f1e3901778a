"""The models that are chosen, as a table: what each is, what it takes, and whether it can be opened here."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core.formatting import short_name
from depara_core.pipeline.costs import RANDOM
from depara_core.zoo import split_view
from depara_core.zoo.claims import is_here
from pages.shared import cache, comparisons, selection
from pages.shared.address import MOST_VALUES
from pages.shared.parts import NO_MODEL, Data

STATES = {True: "ready", False: "weights not here", None: "told when opened"}
VIEWS = {"common": "The whole square", "own": "Its own crop"}
VIEW_WORDS = {
    "common": "All networks see the whole square, resampled to their size by one filter.",
    "own": "Each network sees what its own transforms show, by their filter. Maps still cover the square: they are 0 "
    "outside the crop. Models without transforms of their own see all of it.",
}
ROW, HEADER, MOST_ROWS = 35, 38, 8  # pixels of the table's lines, and how many are seen at once


def bundled() -> tuple[str, ...]:
    """Return the ids of the bundled zoo."""
    return tuple(spec.id for spec in cache.zoo() if spec.bundled)


def chosen() -> tuple[str, ...]:
    """Return the ids of what is chosen: the bundled zoo where nobody chose, none where all were taken away."""
    models = selection.read(Data).models
    return tuple(model for model in models if model != NO_MODEL) if models else bundled()


def kept(ids: Sequence[str]) -> tuple[str, ...]:
    """Return what the selection keeps of a choice: nothing for the bundled zoo as a whole."""
    return () if tuple(ids) == bundled() else tuple(ids) or (NO_MODEL,)


def add(ids: Sequence[str]) -> None:
    """Add models to the choice, once each; as many as an address holds."""
    joining = _shown(ids, "own") if view(chosen()) == "own" else ids
    every = tuple(dict.fromkeys((*chosen(), *joining)))
    if len(every) > MOST_VALUES:
        st.toast(f"A comparison takes {MOST_VALUES} models at most; the first {MOST_VALUES} were kept.")
    selection.update(Data, models=kept(every[:MOST_VALUES]))


def draw(models: Sequence[str]) -> None:
    """Draw the table and what takes models away again."""
    if not models:
        st.info("No model is chosen. Take a group above, or search below.", icon=":material/info:")
        return
    numbers = st.toggle("Count parameters", key="setup.count_parameters", help="A tenth of a second a model, once.")
    known = {spec.id: spec for spec in comparisons.specs(models)[0]}
    _choose_view(models, list(known.values()))
    wrong = dict(comparisons.specs(models)[1])
    lines = [_line(model, known.get(model), wrong.get(model, ""), numbers) for model in models]
    picked = rows(pd.DataFrame(lines).dropna(axis=1, how="all"), key="setup.chosen")
    taken = {models[row] for row in picked if row < len(models)}
    left = tuple(model for model in models if model not in taken)
    with st.container(horizontal=True, gap="small"):
        remove = f"Remove {len(taken)}" if taken else "Remove the selected"
        st.button(remove, key="setup.remove", disabled=not taken, **selection.click(Data, models=kept(left)))
        st.button("Clear all", key="setup.clear", **selection.click(Data, models=(NO_MODEL,)))


def view(models: Sequence[str]) -> str:
    """Return what the chosen models are shown: "own" where any is shown by its own crop."""
    return "own" if any(split_view(model)[1] == "own" for model in models) else "common"


def _shown(models: Sequence[str], view: str) -> tuple[str, ...]:
    """Return the ids of models that are shown a view; what cannot be looked up keeps its id."""
    known = {spec.id: spec for spec in comparisons.specs(models)[0]} if models else {}
    return tuple(known[model].seen(view).id if model in known else model for model in models)


def _choose_view(models: Sequence[str], known: Sequence[depara.ModelSpec]) -> None:
    if not any(spec.own_view for spec in known):
        return
    bound = selection.bind(
        Data, "models", "setup.view", view(models), store=lambda chosen: kept(_shown(models, chosen))
    )
    st.segmented_control("What each network is shown", VIEWS, format_func=VIEWS.__getitem__, required=True, **bound)
    st.caption(VIEW_WORDS[view(models)])


def rows(table: pd.DataFrame, key: str) -> list[int]:
    """Draw a table whose rows can be selected; return which are. Another table selects nothing of the last one."""
    own = f"{key}.{pd.util.hash_pandas_object(table.astype(str)).sum()}"
    height = HEADER + ROW * min(len(table), MOST_ROWS)
    event = st.dataframe(table, key=own, hide_index=True, height=height, on_select="rerun", selection_mode="multi-row")
    return list(event.selection.rows)


def parameters(model: str) -> str | None:
    """Return a model's parameters in millions, for people; None where only opening it can tell."""
    try:
        count = depara.count_parameters(model)
    except depara.DeparaError:
        return None
    return None if count is None else f"{count / 1e6:,.1f} M"


def _line(model: str, spec: depara.ModelSpec | None, wrong: str, numbers: bool) -> dict[str, object]:
    line: dict[str, object] = {"Name": short_name(model), "Source": model.partition("/")[0]}
    if spec is None:
        return {**line, "Parameters": None, "Pixels": None, "Layers": None, "State": wrong}
    return {
        **line,
        "Parameters": parameters(model) if numbers else None,
        "Pixels": spec.input_size,
        "Layers": str(len(spec.layers)) if spec.bundled else "when opened",
        "State": "untrained" if model.partition("?")[0].endswith(RANDOM) else STATES[is_here(model)],
    }
