"""Places in two rankings, joined by lines: what moved is coloured."""

import plotly.graph_objects as go

from depara_core.figures.labels import coloured, escape, fitting_names
from depara_core.figures.theme import figure, palette
from depara_core.formatting import exact
from depara_core.rank_changes import RankChanges

TOP = 10  # places drawn


def slopes(
    changes: RankChanges, *, heads: tuple[str, str] | None = None, top: int = TOP, dark: bool = False
) -> go.Figure:
    """Draw the first places in two orders; a source that changes its place is violet, one that keeps it grey.

    `heads` name the two orders; None: they are those of two lambdas.
    """
    paint = palette(dark)
    rows = [
        (s, b, a) for b, (s, a) in enumerate(zip(changes.sources, changes.after, strict=True), 1) if min(a, b) <= top
    ]
    short = dict(zip((s for s, _, _ in rows), fitting_names([s for s, _, _ in rows], 20), strict=True))
    last = max(max(before, after) for _, before, after in rows)
    picture = figure(dark, height=70 + 20 * last, showlegend=False, margin={"t": 30})
    for source, before, after in rows:
        moved = before != after
        picture.add_trace(
            go.Scatter(
                x=[0, 1],
                y=[before, after],
                mode="lines+markers",
                line={"color": paint.total if moved else paint.line, "width": 2.4 if moved else 1.2},
                marker={"size": 6 if moved else 4},
                hovertemplate=f"<b>{escape(source)}</b><br>place {before} → {after}<extra></extra>",
            )
        )
        words = coloured(escape(short[source]), paint.total if moved else paint.muted, bold=moved)
        for x, y, text, anchor in ((0, before, f"{words}  {before}", "right"), (1, after, f"{after}  {words}", "left")):
            picture.add_annotation(x=x, y=y, text=text, xanchor=anchor, xshift=8 if x else -8, showarrow=False)
    ticks = heads or [f"λ = {exact(lam)}" for lam in changes.lams]
    picture.update_xaxes(
        range=[-0.85, 1.85], tickvals=[0, 1], ticktext=ticks, side="top", showgrid=False, fixedrange=True
    )
    picture.update_yaxes(range=[last + 0.6, 0.4], visible=False, fixedrange=True)
    return picture
