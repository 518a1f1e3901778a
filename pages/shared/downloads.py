"""What a page lets the reader take away: one popover of downloads, each made only when it is asked for.

    _takeaway.models(comparison, matrix, ranked, target, lam)
    _takeaway.layers(comparison, matrix, ranked, lam)           # matrix: the source's layers by the target's
    _takeaway.graphs(comparison, graphs, drawn)                 # drawn: their figures

    with _takeaway.popover("why"):                              # a page of its own kind
        _takeaway.row("Shares of the probes", _takeaway.tables("shares", lambda: share_table(why, probes), origin))
        _takeaway.row("The Python behind it", [_takeaway.script("why", ends, comparison, lam=lam)])

What a download is made of is taken from the page beforehand: its callable runs in a thread that knows no session.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

import depara_core as depara
from depara_core import exports
from depara_core.comparison import Comparison
from depara_core.figures import curves, matrices, trees
from depara_core.formatting import short_name
from pages.shared import cache, selection, text, widgets
from pages.shared.selection import Data, Look, Pair

CLASSES = 10  # of the reader's task, until said otherwise
Ends = Sequence[tuple[depara.ModelSpec, str]]


@dataclass(frozen=True)
class Download:
    """One file: what its button says, its name, and what makes its content."""

    label: str
    file: str
    mime: str
    make: Callable[[], str | bytes]


@contextmanager
def popover(key: str, *, camera: bool = True) -> Iterator[None]:
    """Open the popover of a page's downloads; in a horizontal container it stands at the right of the header.

    `camera`: whether the page has figures, for which the reader chooses what their camera saves.
    """
    with st.container(key=f"takeaway-{key}", width="content"), st.popover("Take away", icon=":material/download:"):
        yield
        if not camera:
            return
        with st.container(gap="xxsmall"):
            st.caption("The camera on each figure saves it as")
            st.segmented_control(
                "Format of pictures",
                exports.PICTURES,
                format_func=str.upper,
                label_visibility="collapsed",
                required=True,
                **selection.bind(Look, "picture", f"takeaway.picture.{key}"),
            )


def row(title: str, downloads: Sequence[Download]) -> None:
    """Draw a title and the buttons of what belongs to it."""
    with st.container(gap="xxsmall"):
        st.caption(text.plain(title))
        buttons = st.container(horizontal=True, gap="xsmall")
    with buttons:
        for one in downloads:
            st.download_button(
                one.label,
                one.make,
                one.file,
                one.mime,
                key=f"takeaway.{one.file}",
                on_click="ignore",
                help=f"Save {text.plain(one.file)}",
            )


def tables(name: str, make: Callable[[], pd.DataFrame], origin: Mapping[str, Any]) -> list[Download]:
    """Return a table in every format."""
    return [
        Download(form.label, f"{exports.slug(name)}.{suffix}", form.mime, partial(_table, make, suffix, dict(origin)))
        for suffix, form in exports.TABLE_FORMATS.items()
    ]


def _table(make: Callable[[], pd.DataFrame], suffix: str, origin: dict[str, Any]) -> bytes:
    return exports.table_file(make(), suffix, origin)


def page(name: str, label: str, make: Callable[[], str]) -> Download:
    """Return an HTML file."""
    return Download(label, f"{exports.slug(name)}.html", "text/html", lambda: make().encode("utf-8", "replace"))


def figure_page(
    name: str, label: str, title: str, make: Callable[[], Any], origin: Mapping[str, Any], *, how_to_read: str = ""
) -> Download:
    """Return a figure as an HTML file in the reader's colours."""
    look = {"how_to_read": how_to_read, "origin": origin, "dark": widgets.dark()}
    return page(name, label, lambda: exports.figure_document(make(), title, **look))


def script(view: str, ends: Ends, comparison: Comparison, **more: Any) -> Download:
    """Return the Python that computes the view again with the reader's probes and options, on the same grid."""
    data = selection.read(Data)
    write = partial(
        exports.python_of,
        view,
        ends,
        probes=data.probes,
        count=data.count,
        seed=data.seed,
        digest=comparison.probes.digest,
        options=data.options,
        grid=comparison.grid,
        **more,
    )
    return Download("Python", f"depara-{view}.py", "text/x-python", write)


def models(
    comparison: Comparison, matrix: depara.SimilarityMatrix, ranked: pd.DataFrame, target: str, lam: float
) -> None:
    """Offer the matrix, the ranking, their figures, the report and the Python behind them."""
    origin = exports.provenance(matrix.rows, probes=comparison.probes, lam=lam, grid=matrix.grid)
    goal = short_name(target)
    seen = partial(_figures, comparison, matrix, ranked, target, lam, cache.tree(matrix, lam))
    code = script("models", [(spec, "output") for spec in comparison.specs], comparison, target=target, lam=lam)

    def report() -> str:
        drawn = dict(seen(dark=False).values())
        return exports.comparison_report(
            matrix, target, lam, ranking=ranked, probes=comparison.probes, figures=drawn, script=str(code.make())
        )

    dark = widgets.dark()
    with popover("models"):
        row("Report of this comparison, one file, read offline", [page(f"report-{goal}", "HTML", report)])
        row("All pairs", tables("similarity", lambda: exports.matrix_table(matrix, lam), origin))
        row(f"Sources for {goal}", tables(f"sources-for-{goal}", lambda: ranked, origin))
        row(
            "Figures, to save as PNG or SVG",
            [
                figure_page(name, name.capitalize(), name.capitalize(), partial(_one, seen, name, dark), origin)
                for name in ("matrix", "ranking", "tree")
            ],
        )
        row("The same from Python", [code])


def _same(figure: Any) -> Any:
    return figure


def _one(seen: Callable[..., dict[str, tuple[str, Any]]], name: str, dark: bool) -> Any:
    return seen(dark=dark)[name][1]


def _figures(
    comparison: Comparison,
    matrix: depara.SimilarityMatrix,
    ranked: pd.DataFrame,
    target: str,
    lam: float,
    tree: np.ndarray,
    *,
    dark: bool,
) -> dict[str, tuple[str, Any]]:
    """Draw the page's figures anew: name -> (how to read it, figure)."""
    names, groups = comparison.models, [spec.group for spec in comparison.specs]
    goal = names.index(target)
    heatmap = matrices.similarity_heatmap(
        np.asarray(matrix.total(lam)),
        names,
        order=trees.tree_order(tree),
        target=goal,
        groups=dict(zip(names, groups, strict=True)),
        parts={"s_V": matrix.node, "s_E": matrix.edge},
        axes=("target", "source"),
        dark=dark,
    )
    bars = curves.ranking(ranked, lam, probes=len(comparison.probes), top=len(ranked), dark=dark)
    branches = trees.dendrogram(tree, names, groups, target=goal, dark=dark)
    return {
        "matrix": ("In the order of the tree. Bright = likely to transfer; the target's row is framed.", heatmap),
        "ranking": ("Longer is better. Whiskers: 95 % interval over probes; where two overlap, none is ahead.", bars),
        "tree": ("Models that join further right are more alike.", branches),
    }


def layers(comparison: Comparison, matrix: depara.SimilarityMatrix, ranked: pd.DataFrame, lam: float) -> None:
    """Offer the layers' scores, the transfer recipe for the chosen cut, the figure and the Python behind them."""
    origin = exports.provenance([*matrix.rows, *matrix.columns], probes=comparison.probes, lam=lam, grid=matrix.grid)
    by_id = {spec.id: spec for spec in comparison.specs}
    source, target = (by_id[side[0].model] for side in (matrix.rows, matrix.columns))
    chosen = selection.read(Pair).source_layer
    best = str(ranked[ranked["best"]].iloc[0]["layer"])
    count, name, dark = len(comparison.probes), short_name(target.id), widgets.dark()
    with popover("layers"):
        classes = int(st.number_input("Classes of your task", 2, 100_000, CLASSES, key="takeaway.classes"))
        row(
            "Transfer recipe: PyTorch, frozen up to the cut",
            [
                Download(
                    f"Cut at {text.plain(layer)}",
                    f"{exports.slug('transfer', source.name, layer)}.py",
                    "text/x-python",
                    partial(exports.transfer_recipe, source, layer, classes),
                )
                for layer in dict.fromkeys((best, chosen))
                if layer in set(ranked["layer"])
            ],
        )
        row("Scores of the layers", tables(f"layers-{source.name}-for-{name}", lambda: ranked, origin))
        row("All layers of both", tables("layer-pairs", lambda: exports.matrix_table(matrix, lam), origin))
        draw = partial(curves.layer_curves, ranked, lam, probes=count, target=name, dark=dark)
        title = f"Layers of {short_name(source.id)} for {name}"
        row("Figure, to save as PNG or SVG", [figure_page("layer-curves", "Curves", title, draw, origin)])
        ends = [(source, "output"), (target, matrix.columns[-1].layer)]
        row("The same from Python", [script("layers", ends, comparison, lam=lam)])


def graphs(comparison: Comparison, shown: Sequence[depara.AttributionGraph], drawn: Sequence[Any]) -> None:
    """Offer the graphs for graph tools, their drawings and the Python behind them."""
    names, neighbours = comparison.probes.names, selection.read(Look).neighbours
    by_id = {spec.id: spec for spec in comparison.specs}
    ends = [(by_id[graph.model], graph.layer) for graph in shown]
    with popover("graphs"):
        for place, graph in enumerate(shown):
            file = exports.slug("graph" if len(shown) == 1 else f"graph-{'ab'[place]}", graph.model, graph.layer)
            files = [
                Download(
                    form.label,
                    f"{file}.{suffix}",
                    form.mime,
                    partial(exports.network_file, graph, suffix, neighbours=neighbours, names=names),
                )
                for suffix, form in exports.GRAPH_FORMATS.items()
            ]
            title = f"Graph of {short_name(graph.model)} at {graph.layer}"
            origin = exports.provenance([graph], probes=comparison.probes)
            row(title, [*files, figure_page(f"{file}-drawing", "Drawing", title, partial(_same, drawn[place]), origin)])
        st.caption(f"Each image is tied to its {neighbours} strongest neighbours, as in the drawing.")
        row("The same from Python", [script("graphs", ends, comparison, neighbours=neighbours)])
