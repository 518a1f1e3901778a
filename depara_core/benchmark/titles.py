"""What metrics are called, what they need, and where they come from: those with scores, and the controls."""

from collections.abc import Sequence

from depara_core.benchmark.scoring import SCORES
from depara_core.metrics import METRICS

TITLES = {
    "depara": "DEPARA",
    "depara_spread": "DEPARA, λ by spread",
    "depara_directed": "DEPARA, directed",
    "depara_local": "DEPARA, local directed",
    "local_directed": "local directed",
    "nodes": "nodes s_V",
    "edges": "edges s_E",
    "attribution_maps": "attribution maps (2019)",
    "static_mean": "static (mean)",
    "static_size": "static: size",
    "static_imagenet": "static: ImageNet accuracy",
    "symmetric_oracle": "oracle (symmetrised)",
}
OURS = ("depara_spread", "depara_directed", "depara_local", "directed", "local_directed")  # variants that no paper has


def title(name: str) -> str:
    """Return a metric's name for people; one that is not known is called as it is named."""
    return TITLES.get(name) or (METRICS[name].title if name in METRICS else name)


def kind(name: str) -> str:
    """Return what a metric needs, "label-free" or "with labels"; or "ours", or "control"."""
    if name in OURS:
        return "ours"
    if name in METRICS:
        return "with labels" if METRICS[name].takes[1] == "labels" else "label-free"
    return "label-free" if name in SCORES else "control"


def paper(name: str) -> str:
    """Return where a metric comes from; empty for ours and for controls."""
    if name == "attribution_maps":
        return METRICS["nodes"].paper
    if name in ("nodes", "edges"):
        return METRICS["depara"].paper
    return METRICS[name].paper if name in METRICS and name not in OURS else ""


def titles(names: Sequence[str]) -> dict[str, str]:
    """Return the titles of metrics by name."""
    return {name: title(name) for name in names}


def kinds(names: Sequence[str]) -> dict[str, str]:
    """Return the kinds of metrics by name."""
    return {name: kind(name) for name in names}
