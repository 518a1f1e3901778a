"""The reader's own fine-tuning results on the Evaluate page: a benchmark like the bundled one."""

from typing import Any

import streamlit as st

import depara_core as depara
from depara_core import exports
from depara_core.benchmark.titles import kinds, titles
from depara_core.choice.own_benchmark import OwnBenchmark
from depara_core.evaluation import MEASURES
from depara_core.exports.own_benchmark import own_notes, own_rows, titled
from depara_core.figures import evaluation as figures
from depara_core.formatting import counted, percent
from pages.evaluate import own
from pages.evaluate.own import Mine
from pages.evaluate.selection import Evaluate
from pages.evaluate.view import View
from pages.shared import charts, consent, downloads, jobs, selection, text, widgets
from pages.shared.cache import evaluation as cache

READING = (
    "A CSV of the columns model, target and value: what each model reached when it was transferred. A target is a set "
    "of labelled images (the full path of a folder, or *fashion*), or a network by its id, which is compared on the "
    "images chosen in Setup. *Choose* lets you take away what it measured in this form."
)


def cards(view: View) -> None:
    """Take a table, and draw how well every score and static facts follow its values."""
    name = selection.read(Evaluate).own
    with widgets.card("Your own results", READING, key="mine-table"):
        _upload()
        if not name:
            return
        try:
            table = own.read(name)
        except depara.DeparaError as error:
            st.error(text.plain(str(error)))
            return
        _draw_table(table)
        asked = own.scores(name, table, view.data, view.lam)
        missing = consent.missing(asked.asks)
        found: Mine | None = None if missing else jobs.offer(asked, "Hold every score against them", key="mine")
    if missing:
        consent.card(missing)
    if found is not None:
        _draw(found, view)


def _upload() -> None:
    file = st.file_uploader("A table of results", ["csv"], key="evaluate.own.file")
    if file is None or not st.button("Read this table", key="evaluate.own.keep", type="primary"):
        return
    try:
        kept = own.keep(file.name, file.getbuffer())
    except (depara.DeparaError, OSError) as error:
        st.error(text.plain(str(error)))
    else:
        selection.update(Evaluate, own=kept)
        st.rerun()


def _draw_table(table: OwnBenchmark) -> None:
    models, targets = table.frame.shape
    networks = f", {len(table.networks)} of them networks" if table.networks else ""
    st.markdown(f"**{counted(models, 'model')}** and **{counted(targets, 'target')}**{networks}.")
    for note in table.notes:
        st.caption(text.plain(note))


def _draw(found: Mine, view: View) -> None:
    rows = found.found.summary().xs(view.measure, level="measure").reset_index()
    rows = rows.sort_values("mean", ascending=not MEASURES[view.measure].higher_is_better, kind="stable")
    names = rows["metric"].tolist()
    look: dict[str, Any] = figures.looks(titles(names), kinds(names), dark=view.dark)
    left, right = st.columns([1, 1.1])
    with left, widgets.card(f"All scores by {view.measure}", MEASURES[view.measure].reading, key="mine-measures"):
        picture = cache.measure_by_metric(
            rows,
            look,
            view.measure,
            random=found.found.random[view.measure],
            oracle=found.found.oracle[view.measure],
            targets=found.document["targets"],
            shown=names,
            selected=("depara",),
            dark=view.dark,
        )
        charts.chart(picture, f"evaluate.mine.{view.measure}")
    with right, widgets.card("Do they tell the truth here?", _reading(found), key="mine-answers"):
        st.dataframe(titled(own_rows(found.document)), hide_index=True, height="content", key="evaluate.mine")
        for note in own_notes(found.document)[1:]:
            st.caption(text.plain(note))
        for note in found.document["notes"][len(found.own.notes) :]:
            st.caption(text.plain(note))
        _take_away(found)


def _reading(found: Mine) -> str:
    relevant = found.document["relevant"]
    return (
        f"In brackets: 95 % over the targets. The best {relevant} by value count as right. Size and published ImageNet "
        f"accuracy look at no image; a random order has {percent(found.document['random']['P@1'])} at P@1."
    )


def _take_away(found: Mine) -> None:
    origin = {name: found.document[name] for name in ("targets", "networks", "sources", "relevant", "notes")}
    with st.container(horizontal=True), downloads.popover("mine", camera=False):
        scores = downloads.tables("my-scores", lambda: exports.score_table(found.frames, found.own.frame), origin)
        downloads.row("Scores beside the values", scores)
        measures = downloads.tables("my-measures", lambda: exports.measure_table(found.found), origin)
        downloads.row("Ranking measures with their intervals", measures)
