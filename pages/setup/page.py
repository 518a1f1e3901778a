"""Setup: which models, on which images, with which options; what it will cost, and the run."""

from collections.abc import Sequence

import streamlit as st

import depara_core as depara
from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import CHANNELS, OBJECTIVES, PRESETS
from depara_core.formatting import duration
from depara_core.zoo import torchvision
from pages.shared import address, cache, comparisons, jobs, selection, text, uploads, widgets
from pages.shared.selection import Data

OWN = """import depara_core as depara

spec = depara.model_from_module(module, name="mine", input_size=224)
graphs = depara.build_graphs([spec, depara.model("rooms/normal")], depara.load_probes("rooms", count=100))
print(depara.rank_sources(depara.similarity_matrix(graphs), "mine", 1.0))"""
KINDS = {"rooms": "Rooms", "path": "Folder or zip", "upload": "Upload"}
TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "zip"]
RESOLUTIONS = (8, 16, 32, 64, 112)
FLOAT = 4  # bytes


def choose_models() -> tuple[str, ...]:
    """Choose models from the bundled zoo, by group or one by one, and from torchvision."""
    rooms = cache.zoo()
    everything = tuple(spec.id for spec in rooms if spec.bundled)
    chosen = selection.read(Data).models or everything
    with widgets.card("Models", f"{len(chosen)} chosen. At least two: sources and a target.", key="models"):
        with st.container(horizontal=True, gap="small"):
            groups = {group: tuple(spec.id for spec in rooms if spec.group == group) for group in _groups(rooms)}
            for group, ids in {"All bundled": everything, **groups}.items():
                st.button(
                    f"{group} · {len(ids)}", key=f"setup.group.{group}", on_click=_set_models, args=(ids, everything)
                )
        options = [*dict.fromkeys([*(spec.id for spec in rooms), *chosen])]
        bound = selection.bind(
            Data,
            "models",
            "setup.models",
            list(chosen),
            store=lambda ids: () if tuple(ids) == everything else tuple(ids),
        )
        st.multiselect("Chosen models", options, placeholder="None: the bundled zoo is used", **bound)
        _add_torchvision(chosen, everything)
        with st.expander("Your own network", icon=":material/code:"):
            st.caption(
                "Any torch module joins through Python; its graphs are compared with those of every other model."
            )
            st.code(OWN, language="python")
    return tuple(chosen)


def _groups(specs: Sequence[depara.ModelSpec]) -> list[str]:
    return list(dict.fromkeys(spec.group for spec in specs))


def _set_models(ids: Sequence[str], everything: Sequence[str]) -> None:
    selection.update(Data, models=() if tuple(ids) == tuple(everything) else tuple(ids))


def _add_torchvision(chosen: Sequence[str], everything: Sequence[str]) -> None:
    with st.expander("Add a torchvision model", icon=":material/add:"):
        names = torchvision.architectures()
        left, right = st.columns(2)
        name = left.selectbox("Architecture", names, index=names.index("resnet18"), key="setup.architecture")
        weights = right.selectbox("Weights", torchvision.weights_of(name), key="setup.weights")
        st.caption("Weights are downloaded once where there is a network. “none” is a random network: a control.")
        added = (*chosen, f"torchvision/{name}@{weights}")
        st.button("Add it", key="setup.add", on_click=_set_models, args=(tuple(dict.fromkeys(added)), everything))


def choose_probes() -> None:
    """Choose the images: rendered rooms, a folder or zip on this machine, or uploads."""
    data = selection.read(Data)
    source = data.probes
    now = "rooms" if source == "rooms" else "upload" if source.startswith(uploads.PREFIX) else "path"
    with widgets.card("Images", f"Now: {text.plain(text.probes(data))}.", key="probes"):
        kind = st.segmented_control(
            "Source", list(KINDS), default=now, format_func=KINDS.__getitem__, key="setup.kind", required=True
        )
        if kind == "rooms":
            st.caption("Rooms are rendered from the seed, with no download.")
            if now != "rooms":
                st.button(
                    "Use the rooms",
                    key="setup.rooms",
                    **selection.click(Data, probes="rooms"),
                )
        elif kind == "path":
            _choose_path(source if now == "path" else "")
        else:
            _choose_upload()
        left, right = st.columns(2)
        left.number_input(
            "Images at most", 3, 5000, step=10, help="50 to 200 do.", **selection.bind(Data, "count", "setup.count")
        )
        right.number_input("Seed of the draw", 0, 2**31 - 1, **selection.bind(Data, "seed", "setup.seed"))


def _choose_path(now: str) -> None:
    given = st.text_input("Path of a folder or a zip on this machine", now, key="setup.path", max_chars=address.LONGEST)
    path = given.strip()
    if not path or path == now:
        return
    if uploads.is_there(path):
        st.button(
            "Use these images",
            key="setup.use",
            type="primary",
            **selection.click(Data, probes=path),
        )
    else:
        st.warning(f"There is nothing at {text.plain(path)}. Give the full path of a folder or a zip.")


def _choose_upload() -> None:
    files = st.file_uploader("Images or a zip", TYPES, accept_multiple_files=True, key="setup.files")
    if files and st.button("Use these images", key="setup.keep", type="primary"):
        try:
            source = uploads.keep([(file.name, file.getvalue()) for file in files])
        except (depara.DeparaError, OSError) as error:
            st.error(text.plain(str(error)))
        else:
            selection.update(Data, probes=source)
            st.rerun()


def choose_options() -> None:
    """Choose the preset, what departs from it, and the layers."""
    data = selection.read(Data)
    preset = PRESETS[data.preset]
    with widgets.card("How a graph is made", "The preset sets all; each can be changed alone.", key="options"):
        left, right = st.columns(2)
        left.selectbox("Preset", list(PRESETS), **selection.bind(Data, "preset", "setup.preset"))
        _choice(right, "Attribution method", "method", list(METHODS), preset.method)
        _choice(left, "Objective: what is attributed", "objective", list(OBJECTIVES), preset.objective)
        _choice(right, "Feature channels", "channels", list(CHANNELS), preset.channels)
        _choice(left, "Centre features", "center", [True, False], preset.center)
        _choice(right, "Map resolution", "resolution", list(RESOLUTIONS), preset.resolution)
        method = METHODS[data.method or preset.method]
        st.caption(f"{text.plain(method.summary)} ({text.plain(method.source)})")
        bound = selection.bind(
            Data, "layers", "setup.layers", "all" if data.layers == ("all",) else "output", store=_layers
        )
        st.segmented_control("Layers", ["output", "all"], required=True, **bound)


def _layers(choice: str) -> tuple[str, ...]:
    return (choice,)


def _choice(column: st.delta_generator.DeltaGenerator, label: str, field: str, values: list, default: object) -> None:
    """Choose an option, or leave it to the preset."""
    words = {True: "yes", False: "no", None: "the model's own"}
    named = f"preset: {words.get(default, default) if not isinstance(default, str) else default}"
    current = getattr(selection.read(Data), field)
    options = ["", *values] if current in (None, *values) else ["", *values, current]
    bound = selection.bind(Data, field, f"setup.{field}", "" if current is None else current, store=_unset)
    column.selectbox(label, options, format_func=lambda v: named if v == "" else str(words.get(v, v)), **bound)


def _unset(value: object) -> object:
    return None if value == "" else value


def cost(models: Sequence[str]) -> str:
    """Say what the run will compute, keep and take, before it begins."""
    data = selection.read(Data)
    known, unknown = comparisons.specs(models)
    every = data.layers == ("all",)
    layers = [len(spec.layers) if every and spec.bundled else 1 for spec in known]
    size = [data.resolution or spec.input_size for spec in known]
    passes = data.count * sum(layers)
    kept = data.count * sum(n * (3 * side**2 + data.count) * FLOAT for n, side in zip(layers, size, strict=True))
    rate = jobs.pace()
    took = f" At the pace of the last run about **{duration(passes / rate)}**." if rate else ""
    more = " Other models' layers are counted when they open." if every and not all(s.bundled for s in known) else ""
    wrong = f" {len(unknown)} chosen models do not exist here." if unknown else ""
    return (
        f"{len(known)} models × up to {data.count} images, {sum(layers)} layers: **{passes:,} attributions**, "
        f"at most {kept / 2**20:,.0f} MB kept.{took}{more}{wrong} What is already stored costs nothing."
    )


def run(models: Sequence[str]) -> None:
    """Start the run, follow it, and report what came of it."""
    data = selection.read(Data)
    with widgets.card("Run", cost(models), key="run"):
        done = comparisons.ready(data)
        computation = comparisons.computation(data)
        job = jobs.current(computation)
        if done is not None:
            words = f"{len(done.graphs)} graphs of {len(done.specs)} models on {len(done.probes)} images are ready."
            st.success(words, icon=":material/check:")
            widgets.troubles(done.failed, done.probes.skipped, done.unkept)
            widgets.links(
                models="Which model?", layers="Which layer?", attributions="Which pixels?", graphs="Which pairs?"
            )
        elif job is None or job.state == "done":
            st.button("Run", key="setup.run", type="primary", on_click=jobs.begin, args=(computation,))
        else:
            widgets.progress_panel(job, again=lambda: jobs.begin(computation, again=True))


def page() -> None:
    """Draw the page."""
    widgets.header(
        "What should be compared, on which images?", "Every choice is in the address: it can be sent as a link."
    )
    left, right = st.columns([1.1, 1])
    with left:
        models = choose_models()
        run(models)
    with right:
        choose_probes()
        choose_options()


page()
