"""Setup's run: what it will compute, keep and take, the work itself, and what came of it."""

from collections.abc import Sequence

import streamlit as st

from depara_core.comparison import Comparison
from depara_core.formatting import counted, duration, megabytes
from depara_core.pipeline.workload import workload
from depara_core.selection import few_probes
from pages.shared import cache, comparisons, jobs, selection, text, widgets
from pages.shared.parts import Data, Pair

UNKNOWN_PACE = " How long it takes is told once a run has shown this machine's pace."


def draw(models: Sequence[str]) -> None:
    """Start the run, follow it, and report what came of it."""
    data = selection.read(Data)
    with widgets.card("Run", cost(models) if models else "0 models: choose at least two.", key="run"):
        if not models:
            return
        done = comparisons.ready(data)
        computation = comparisons.computation(data)
        job = jobs.current(computation)
        if done is not None:
            kinds = len(set(done.probes.labels or ()))
            images = f"{len(done.probes)} images" + (f" in {kinds} classes" if kinds > 1 else "")
            words = f"{len(done.graphs)} graphs of {len(done.specs)} models on {images} are ready."
            st.success(words, icon=":material/check:")
            widgets.troubles(done.failed, done.probes.skipped, done.unkept, done.probes.notes)
            _answer(done)
            ways = {"models": "Which model?", "layers": "Which layer?"}
            widgets.links(**ways, attributions="Which pixels?", graphs="Which pairs?")
        elif job is None or job.state == "done":
            st.button("Run", key="setup.run", type="primary", on_click=comparisons.run, args=(data,))
        else:
            jobs.panel(job, computation)


def _answer(done: Comparison) -> None:
    """Say what came of the run for the pair under the lens, and how little few images can tell."""
    if len(done.models) < 2:
        return
    source, target = comparisons.pair(done, distinct=True)
    graphs, lam = {graph.model: graph for graph in done.graphs}, selection.read(Pair).lam
    found = cache.similarity(graphs[source], graphs[target], grid=done.grid)
    few = few_probes(len(done.probes))
    st.markdown(text.sum_of(source, target, found.node, found.edge, lam) + (f". {few}" if few else ""))


def cost(models: Sequence[str]) -> str:
    """Say what the run will compute, keep and take, before it begins."""
    data = selection.read(Data)
    known, unknown = comparisons.specs(models)
    count, sure = comparisons.images(data)
    work = workload(known, count, every_layer=data.layers == ("all",), resolution=data.resolution)
    rate = jobs.pace()
    took = f" At the pace of the runs so far about **{duration(work.pixels / rate)}**." if rate else UNKNOWN_PACE
    more = "" if work.complete else " Other models' layers are counted when they open."
    wrong = f" {len(unknown)} chosen models do not exist here." if unknown else ""
    images = f"{counted(len(known), 'model')} × {'' if sure else 'up to '}{counted(count, 'image')}"
    return (
        f"{images}, {work.layers} layers: **{work.attributions:,} attributions**, at most "
        f"{megabytes(work.bytes)} kept and {megabytes(cache.memory())} of memory taken beside the networks' weights."
        f"{took}{more}{wrong} What is already stored costs nothing."
    )
