"""Do maps tell of the network? Deletion and insertion curves beside a random order, and what shuffled weights leave."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from depara_core.errors import OptionError
from depara_core.figures.theme import EDGE, NODE, figure, palette

HEIGHT = 280
CURVES = {  # column: its name, its colour, its line
    "deletion": ("pixels out, by the map", "magenta", "solid"),
    "random_deletion": ("out, at random", "magenta", "dot"),
    "insertion": ("pixels in, by the map", "teal", "solid"),
    "random_insertion": ("in, at random", "teal", "dot"),
}
STAGES = {
    "rank": ("maps, rank correlation", "ochre", "solid"),
    "node": (NODE, "node", "solid"),
    "edge": (EDGE, "edge", "solid"),
}


def perturbation_figure(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Draw what is left of the feature while pixels go out, and come in. `frame`: `PerturbationCurves.to_frame()`."""
    return _lines(frame, "fraction", CURVES, "share of the pixels", "cosine to the whole image's feature", dark)


def sanity_figure(stages: pd.DataFrame, other_image: float, *, dark: bool = False) -> go.Figure:
    """Draw what shuffled weights leave of the graph. `stages`, `other_image`: those of a `SanityCheck`."""
    picture = _lines(stages, "weights", STAGES, "share of the weights that are shuffled", "left of the graph", dark)
    note = {"text": "two different images", "font": {"size": 11, "color": palette(dark).muted}}
    line = {"color": palette(dark).muted, "width": 1.4, "dash": "dot"}
    picture.add_hline(y=other_image, line=line, annotation=note, annotation_position="bottom left")
    return picture


def _lines(
    frame: pd.DataFrame, x: str, columns: dict[str, tuple[str, str, str]], across: str, up: str, dark: bool
) -> go.Figure:
    _require(frame, (x, *columns))
    picture, paint = figure(dark, HEIGHT), palette(dark)
    for column, (name, colour, dash) in columns.items():
        picture.add_trace(
            go.Scatter(
                x=frame[x],
                y=frame[column],
                name=name,
                mode="lines+markers" if dash == "solid" else "lines",
                line={"color": getattr(paint, colour), "width": 2.2, "dash": dash},
                hovertemplate=f"<b>{name}</b> %{{y:.2f}}<br>%{{x:.0%}}<extra></extra>",
            )
        )
    picture.update_xaxes(title_text=across, tickformat=".0%", fixedrange=True, zeroline=False)
    picture.update_yaxes(title_text=up, fixedrange=True, nticks=6)
    picture.update_layout(margin={"t": 30})
    return picture


def _require(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame]
    if missing or frame.empty:
        raise OptionError(f"Expected rows with {', '.join(columns)}; got {len(frame)} without {missing}.")
