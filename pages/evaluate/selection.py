"""What the Evaluate page shows."""

from dataclasses import dataclass

from depara_core import evaluation
from depara_core.benchmark import benchmarks, layer_table
from pages.shared.address import Part, choice, number

TABS = {
    "verdict": "Verdict",
    "targets": "Targets",
    "robustness": "Robustness",
    "layers": "Layers",
    "published": "Published",
    "mine": "My results",
}
CURVES = {"k": "precision at K", "recall": "precision and recall"}


@dataclass(frozen=True)
class Evaluate(Part):
    """Which scores are checked against which measured transfer, and by which measure."""

    PAGE = "evaluate"
    tab: str = choice("verdict", lambda: TABS)
    benchmark: str = choice("rooms", lambda: benchmarks.BENCHMARKS)
    budget: int | None = number(None, 0, 10**7)  # labelled images the transfer was measured with; None: the most
    measure: str = choice("P@5", lambda: evaluation.MEASURES)
    metrics: tuple[str, ...] = ()  # shown beside each other; none: the page chooses
    metric: str = "depara"  # the one that is looked at, and the one that it is compared with
    rival: str = "rsa"
    against: str = choice("k", lambda: CURVES)  # what precision is drawn against
    published: bool = False  # published curves laid over
    study_way: str = choice(layer_table.ANEW, lambda: layer_table.WAYS)  # of the layer study on photographs
    study_seed: int | None = number(None, 0, 10**6)
    study_source: str = ""  # the source and the layer that are looked at in the layer study
    study_layer: str = ""
    own: str = ""  # the reader's own table of results, an upload
