"""What the Models page lets the reader take away."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

import depara_core as depara
from depara_core import exports
from depara_core.comparison import Comparison
from depara_core.figures import curves, matrices, trees
from depara_core.formatting import short_name
from pages.models.compared import Compared
from pages.shared import cache, downloads, targets, widgets


def draw(shown: Compared) -> None:
    """Offer the matrix, the ranking, their figures, the report and the Python behind them."""
    comparison, matrix, ranked, target, lam = shown.comparison, shown.matrix, shown.ranked, shown.target, shown.lam
    origin = exports.provenance(matrix.rows, probes=comparison.probes, lam=lam, grid=matrix.grid)
    goal = short_name(target)
    seen = partial(_figures, comparison, matrix, ranked, target, lam, cache.tree(matrix, lam))
    ends = [(spec, "output") for spec in comparison.specs]
    known = None if shown.goal is None else targets.script(shown.goal)
    code = downloads.script("models", ends, comparison, target=target, goal=known, lam=lam)
    against = shown.against

    def report() -> str:
        drawn = dict(seen(dark=False).values())
        return exports.comparison_report(
            against, target, lam, ranking=ranked, probes=comparison.probes, figures=drawn, script=str(code.make())
        )

    dark = widgets.dark()
    with downloads.popover("models"):
        page = downloads.page(f"report-{goal}", "HTML", report)
        downloads.row("Report of this comparison, one file, read offline", [page])
        pairs = partial(exports.matrix_table, matrix, lam)
        downloads.row("All pairs", downloads.tables("similarity", pairs, origin))
        downloads.row(f"Sources for {goal}", downloads.tables(f"sources-for-{goal}", lambda: ranked, origin))
        figures = [
            downloads.figure_page(name, title, title, partial(_one, seen, name, dark), origin)
            for name, title in (("matrix", "Matrix"), ("ranking", "Ranking"), ("tree", "Tree"))
        ]
        downloads.row("Figures as HTML; the camera in it saves PNG or SVG", figures)
        downloads.row("The same from Python", [code])


def _one(seen: Callable[..., dict[str, tuple[str, Any]]], name: str, dark: bool) -> Any:
    return seen(dark=dark)[name][1]


def _figures(
    comparison: Comparison,
    matrix: depara.SimilarityMatrix,
    ranked: pd.DataFrame,
    target: str,
    lam: float,
    tree: Any,  # (M - 1, 4)
    *,
    dark: bool,
) -> dict[str, tuple[str, Any]]:
    """Draw the page's figures anew: name -> (how to read it, figure)."""
    names, groups = comparison.models, [spec.group for spec in comparison.specs]
    goal = names.index(target) if target in names else None
    heatmap = matrices.similarity_heatmap(
        matrix.total(lam),
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
        "ranking": ("Longer is better. Whiskers: 95 % interval over images; where two overlap, none is ahead.", bars),
        "tree": ("Models that join further right are more alike.", branches),
    }
