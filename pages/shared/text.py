"""How the Evaluate page writes metrics and numbers."""

from collections.abc import Sequence

import pandas as pd

from depara_core.benchmark.scoring import SCORES
from depara_core.figures.labels import score
from depara_core.metrics import METRICS

LABELS = {
    "depara": "DEPARA",
    "depara_spread": "DEPARA, λ by spread",
    "depara_directed": "DEPARA, directed",
    "depara_local": "DEPARA, local directed",
    "local_directed": "local directed",
    "nodes": "nodes s_V",
    "edges": "edges s_E",
    "attribution_maps": "attribution maps (2019)",
    "static_mean": "static (mean)",
    "symmetric_oracle": "oracle (symmetrised)",
}
OURS = ("depara_spread", "depara_directed", "depara_local", "directed", "local_directed")  # variants that no paper has


def label(name: str) -> str:
    """Return a metric's name for people."""
    return LABELS.get(name) or (METRICS[name].title if name in METRICS else name)


def kind(name: str) -> str:
    """Return what a metric needs: "label-free", "with labels"; or "ours", or "control"."""
    if name in OURS:
        return "ours"
    if name in METRICS:
        return "with labels" if METRICS[name].takes[1] == "labels" else "label-free"
    return "label-free" if name in SCORES else "control"


def paper(name: str) -> str:
    """Return where a metric comes from."""
    if name == "attribution_maps":
        return METRICS["nodes"].paper
    if name in ("nodes", "edges"):
        return METRICS["depara"].paper
    return METRICS[name].paper if name in METRICS and name not in OURS else ""


def named(names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return labels and kinds of metrics, by name."""
    return {name: label(name) for name in names}, {name: kind(name) for name in names}


def interval(row: pd.Series) -> str:
    """Write an interval, e.g. "[0.66, 0.82]", as markdown."""
    return f"\\[{score(row['low'])}, {score(row['high'])}\\]"


def signed(value: float) -> str:
    """Write a difference with its sign."""
    return f"{round(value, 3) + 0.0:+.2f}".replace("-", "−")


def number(value: float, digits: int = 2) -> str:
    """Write a cosine with a true minus sign and no negative zero."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")
