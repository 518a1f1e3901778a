"""Setup's choice of models: whole groups, the catalogue of all that can be named, the reader's own, and the choice."""

import streamlit as st

from depara_core.zoo.claims import is_here
from pages.setup import catalogue, choice, own
from pages.shared import cache, selection, widgets
from pages.shared.parts import Data

TORCHVISION = ("torchvision/mobilenet_v3_small", "torchvision/squeezenet1_1")  # small: a second on any machine
OWN = """import depara_core as depara

spec = depara.model_from_module(module, name="mine", input_size=224)
graphs = depara.build_graphs([spec, depara.model("rooms/normal")], depara.load_probes("rooms", count=100))
print(depara.rank_sources(depara.similarity_matrix(graphs), "mine", 1.0))"""


def choose() -> tuple[str, ...]:
    """Draw the choice and return the models' ids."""
    rooms = cache.zoo()
    chosen = choice.chosen()
    with widgets.card("Models", f"{len(chosen)} chosen. At least two: sources and a target.", key="models"):
        with st.container(horizontal=True, gap="small"):
            names = dict.fromkeys(spec.group for spec in rooms)
            groups = {name: tuple(spec.id for spec in rooms if spec.group == name) for name in names}
            for name, ids in {"All bundled": choice.bundled(), **groups}.items():
                there = selection.click(Data, models=choice.kept(ids))
                st.button(f"{name} · {len(ids)}", key=f"setup.group.{name}", **there)
            pair = tuple(model if is_here(model) else f"{model}@none" for model in TORCHVISION)
            told = (
                "MobileNetV3 and SqueezeNet, with their ImageNet weights if those are on this machine, else untrained."
            )
            st.button("torchvision · 2", help=told, key="setup.group.torchvision", **selection.click(Data, models=pair))
        with st.container():  # what is drawn in it varies, and an expander that moves would close
            choice.draw(chosen)
        with st.expander("Search all models", icon=":material/search:"):
            catalogue.draw()
        with st.expander("By name, or a checkpoint of your own", icon=":material/add:"):
            own.draw()
        with st.expander("Your own network", icon=":material/code:"):
            st.caption(
                "Any torch module joins through Python; its graphs are compared with those of every other model."
            )
            st.code(OWN, language="python")
    return chosen
