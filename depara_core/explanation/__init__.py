"""Why two graphs are alike: S split exactly, what each probe does to it, and the same in plain words."""

from depara_core.explanation.across_models import AcrossModels, across_models
from depara_core.explanation.contrast import Contrast
from depara_core.explanation.contributions import Explanation, explain
from depara_core.explanation.groups import GroupContributions, cluster_probes, group_contributions, pairs_between
from depara_core.explanation.influence import (
    Influence,
    RankingInfluence,
    influence,
)
from depara_core.explanation.intervals import Interval, Intervals, contrast_interval, interval
from depara_core.explanation.pixels import PixelContributions, pixel_contributions, resample_masks
from depara_core.explanation.text import Sentence, Span, contrast_sentence, sentence
from depara_core.pairs import PAIR_KINDS

__all__ = [
    "PAIR_KINDS",
    "AcrossModels",
    "Contrast",
    "Explanation",
    "GroupContributions",
    "Influence",
    "Interval",
    "Intervals",
    "PixelContributions",
    "RankingInfluence",
    "Sentence",
    "Span",
    "across_models",
    "cluster_probes",
    "contrast_interval",
    "contrast_sentence",
    "explain",
    "group_contributions",
    "influence",
    "interval",
    "pairs_between",
    "pixel_contributions",
    "resample_masks",
    "sentence",
]
