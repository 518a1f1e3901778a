"""Setup's choice of models: from the bundled zoo, by group or one by one, from torchvision, or the reader's own."""

from collections.abc import Sequence

import streamlit as st

from depara_core.zoo import torchvision
from pages.shared import cache, selection, widgets
from pages.shared.selection import Data

OWN = """import depara_core as depara

spec = depara.model_from_module(module, name="mine", input_size=224)
graphs = depara.build_graphs([spec, depara.model("rooms/normal")], depara.load_probes("rooms", count=100))
print(depara.rank_sources(depara.similarity_matrix(graphs), "mine", 1.0))"""


def choose() -> tuple[str, ...]:
    """Draw the choice and return the models' ids."""
    rooms = cache.zoo()
    bundled = _bundled()
    chosen = selection.read(Data).models or bundled
    with widgets.card("Models", f"{len(chosen)} chosen. At least two: sources and a target.", key="models"):
        with st.container(horizontal=True, gap="small"):
            names = dict.fromkeys(spec.group for spec in rooms)
            groups = {name: tuple(spec.id for spec in rooms if spec.group == name) for name in names}
            for name, ids in {"All bundled": bundled, **groups}.items():
                there = selection.click(Data, models=_kept(ids))
                st.button(f"{name} · {len(ids)}", key=f"setup.group.{name}", **there)
        options = [*dict.fromkeys([*(spec.id for spec in rooms), *chosen])]
        bound = selection.bind(Data, "models", "setup.models", list(chosen), store=_kept)
        st.multiselect("Chosen models", options, placeholder="None: the bundled zoo is used", **bound)
        _add_torchvision(chosen)
        with st.expander("Your own network", icon=":material/code:"):
            st.caption(
                "Any torch module joins through Python; its graphs are compared with those of every other model."
            )
            st.code(OWN, language="python")
    return chosen


def _bundled() -> tuple[str, ...]:
    return tuple(spec.id for spec in cache.zoo() if spec.bundled)


def _kept(ids: Sequence[str]) -> tuple[str, ...]:
    """Return what the selection keeps of a choice: nothing for the bundled zoo as a whole."""
    return () if tuple(ids) == _bundled() else tuple(ids)


def _add_torchvision(chosen: Sequence[str]) -> None:
    with st.expander("Add a torchvision model", icon=":material/add:"):
        names = torchvision.architectures()
        left, right = st.columns(2)
        name = left.selectbox("Architecture", names, index=names.index("resnet18"), key="setup.architecture")
        weights = right.selectbox("Weights", torchvision.weights_of(name), key="setup.weights")
        st.caption("Weights are downloaded once where there is a network. “none” is a random network: a control.")
        added = dict.fromkeys((*chosen, f"torchvision/{name}@{weights}"))
        st.button("Add it", key="setup.add", **selection.click(Data, models=_kept(tuple(added))))
