"""Does the score tell the truth? Every metric against measured transfer: how much is found, how surely, and where."""

from typing import Any

import streamlit as st

from depara_core.benchmark import benchmarks, transfer_table
from depara_core.benchmark import scoring as scoring
from depara_core.benchmark.titles import title
from depara_core.evaluation import MEASURES
from depara_core.figures import evaluation
from depara_core.formatting import score
from depara_core.grids import grid_text
from pages.evaluate import layer_study, measured, published, rivals, robustness, takeaway, targets
from pages.evaluate import material as _material
from pages.evaluate.measured import View
from pages.evaluate.selection import CURVES, Evaluate
from pages.shared import cache, charts, jobs, selection, text, widgets
from pages.shared.selection import Data, Pair

QUESTION = "Does the score tell the truth?"
SHOWN = ("depara", "nodes", "edges", "rsa", "cka", "logme", *scoring.CONTROLS)  # the metrics shown at first
precision_curves = cache.figure(evaluation.precision_curves)

DEPTHS = {"P@1": 1, "P@5": 5}  # figures that are points of the precision curve


def choose_world(names: tuple[str, ...]) -> str:
    """Return the benchmark of the address, or the first one whose measured transfer is here."""
    wanted = selection.read(Evaluate).benchmark
    return wanted if wanted in names else names[0]


def controls(names: tuple[str, ...], world: str) -> tuple[int | None, str, float]:
    """Draw world, budget, figure and lambda in one row, and return the last three."""
    mine, budgets = selection.read(Evaluate), measured.measured(world).budgets
    columns = st.columns([1.05, 1.05, 1, 1.7], vertical_alignment="bottom")
    titles = {name: name.capitalize() for name in names}
    columns[0].selectbox(
        "World",
        names,
        format_func=titles.__getitem__,
        help="Where transfer was measured, with its models.",
        **selection.bind(Evaluate, "benchmark", "evaluate.benchmark", world),
    )
    budget = mine.budget if mine.budget in budgets else budgets[0]
    columns[1].selectbox(
        "Labelled images of the target",
        budgets,
        format_func=lambda number: f"{number:,}",
        help="How many the measured transfer learned from.",
        **selection.bind(Evaluate, "budget", "evaluate.budget", budget),
    )
    columns[2].selectbox(
        "Ranking measure",
        list(MEASURES),
        help=MEASURES[mine.measure].reading,
        **selection.bind(Evaluate, "measure", "evaluate.measure"),
    )
    with columns[3]:
        lam = widgets.lam_slider("evaluate.lam")
    return budget, mine.measure, lam


def verdict(view: View) -> str:
    """Say how much DEPARA finds, what chance would, and whether it is better than its rival here."""
    row, (metric, rival) = view.found.loc[("depara", "P@5")], view.pair
    sure = text.between(row["low"], row["high"])
    answer = (
        f"On **{view.targets} measured targets** DEPARA finds :violet[**{score(row['mean'])}**] {sure} "
        f"of the five best sources (random {score(view.result.random['P@5'])})"
    )
    compared = view.result.compare("depara", rival if metric == "depara" else metric, view.figure)
    name = f"**{text.plain(title(compared.b))}** by {compared.measure}"
    words = {
        "yes": f"; it is better than {name}.",
        "no": f"; {name} is better.",
        "cannot tell": f"; whether it is better than {name} these targets cannot tell.",
    }
    return answer + words[compared.verdict]


def choose_metrics(known: list[str]) -> tuple[str, ...]:
    """Choose the metrics that are drawn beside each other, and the published curves over them."""
    mine = selection.read(Evaluate)
    shown = [name for name in mine.metrics if name in known] or [name for name in SHOWN if name in known]
    with st.popover(f"{len(shown)} of {len(known)} metrics", icon=":material/checklist:"):
        st.multiselect(
            "Metrics shown",
            known,
            format_func=title,
            **selection.bind(Evaluate, "metrics", "evaluate.metrics", shown, store=tuple),
        )
        st.toggle("Published curves laid over", **selection.bind(Evaluate, "published", "evaluate.published"))
    return tuple(shown)


def curves_card(view: View) -> tuple[tuple[str, ...], Any]:
    """Draw precision against K or recall; return the metrics that are shown, and the figure."""
    reading = (
        "Higher is better, between a random order and measured transfer. Whiskers: 95 % over targets. "
        "Click a point to look at its metric."
    )
    if view.material.graphs:
        reading += f" DEPARA's {grid_text(view.material.grid)}."
    with widgets.card("How much of what is best is found", reading, key="curves", height="stretch"):
        against = view.mine.against
        with st.container(horizontal=True, vertical_alignment="center", key="evaluate-curve-controls"):
            st.segmented_control(
                "Against",
                list(CURVES),
                format_func=CURVES.__getitem__,
                label_visibility="collapsed",
                required=True,
                **selection.bind(Evaluate, "against", "evaluate.against"),
            )
            shown = choose_metrics(list(view.looks))
        picture = draw_curves(view, against, shown)
    return shown, picture


def draw_curves(view: View, against: str, shown: tuple[str, ...]) -> Any:
    """Draw the curves of the metrics shown, the looked at one with its intervals, and the published ones if wanted."""
    drawn, best, random = measured.curves(view.material, view.lam, view.budget, shown)
    metric, overlaid = view.pair[0], view.mine.published

    def clicked(place: charts.Place) -> None:
        figures = {depth: name for name, depth in DEPTHS.items()}
        if place[1]:
            measure = figures.get(int(place[0]), view.figure)
            selection.update(Evaluate, metric=str(place[1]), measure=measure)

    rows = view.found.loc[[(metric, name) for name in DEPTHS]].reset_index()
    table = layer_study.published("depara_models")
    picture = precision_curves(
        drawn,
        view.looks,
        best=best,
        random=random,
        targets=view.targets,
        against=against,
        whiskers={metric: rows.assign(k=rows["measure"].map(DEPTHS))},
        published=published.precision(table) if overlaid else None,
        dark=view.dark,
    )
    charts.chart(picture, f"evaluate.curves.{view.key}", clicked)
    if overlaid:
        about = f"{text.plain(table['source'])}; {table['precision_targets']} targets of Taskonomy"
        st.caption(f"Dashed and hollow: published ({about}).")
    return picture


def how_to_get(world: str) -> str:
    """Say, as markdown, how a world's models come onto this machine."""
    if world != "taskonomy":
        return "Its weights ship with the library: restore the folder `assets/zoo`."
    return (
        "Install the package that knows where Taskonomy's encoders are, `pip install 'depara-explorer[taskonomy]'`, "
        "and try again while the machine is online; or place the files in the torch hub cache, "
        "`~/.cache/torch/hub/checkpoints`."
    )


def absent(world: str, data: Data, reason: str) -> None:
    """Say what is missing where a world's models cannot be opened, and how to get it."""
    with st.container(border=True, key="card-absent"):
        st.subheader("The models of this world are not here", anchor=False)
        st.markdown(how_to_get(world))
        st.caption(text.plain(reason))
        scores, again = _material.scores(world, data), {"again": True}
        st.button("Try again", key="evaluate.again", on_click=jobs.begin, args=(scores,), kwargs=again)
        st.caption("What needs no model stands below: measured transfer, its controls, and the published figures.")


def main() -> None:
    """Draw the page."""
    names = tuple(name for name in benchmarks.BENCHMARKS if name in transfer_table.transfer_tables())
    head = st.container()
    if not names:
        with head:
            widgets.header(QUESTION)
        widgets.empty("No measured transfer is here.", "Scores are checked against it: restore the assets folder.")
        return
    world = choose_world(names)
    budget, figure, lam = controls(names, world)
    data = selection.read(Data)
    failed = _material.failure(world, data)
    if failed is None:
        material = _material.require(world, data, before=lambda: head.title(QUESTION, anchor=False))
    else:
        material = _material.unscored(world)
    mine, pair = selection.read(Evaluate), selection.read(Pair)
    view = View(material, lam, budget, figure, mine, data, pair, widgets.dark())
    heading = head.container(horizontal=True)
    with heading:
        widgets.header(QUESTION, verdict(view) if failed is None else "")
    if failed is not None:
        absent(world, data, str(failed.error))
    left, right = st.columns([1.15, 1])
    with left:
        shown, curves = curves_card(view)
    with right:
        rivals.pair_card(view)
    merits = rivals.metrics_cards(view, shown)
    with heading:
        takeaway.draw(
            view, {"curves": ("How much of what is best is found", curves), "metrics": (f"By {figure}", merits)}
        )
    targets.cards(view, shown)
    if failed is None:
        robustness.card(view)
    published.trees_card(view)
    layer_study.card(view.dark)
    published.merits_card(view)


main()
