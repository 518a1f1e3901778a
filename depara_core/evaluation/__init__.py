"""The statistics that check a transferability score against measured transfer."""

from depara_core.evaluation.affinity import affinity
from depara_core.evaluation.baselines import ceiling, static_mean, symmetrised
from depara_core.evaluation.measures import MEASURES, Measure
from depara_core.evaluation.ranking_measures import (
    area_under_pr,
    precision_at_k,
    precision_recall,
    recall_at_k,
    regret_at_k,
    spearman,
    weighted_kendall,
)
from depara_core.evaluation.significance import Evaluation, PairedComparison, evaluate
from depara_core.evaluation.tree import measured_tree

__all__ = [
    "MEASURES",
    "Evaluation",
    "Measure",
    "PairedComparison",
    "affinity",
    "area_under_pr",
    "ceiling",
    "evaluate",
    "measured_tree",
    "precision_at_k",
    "precision_recall",
    "recall_at_k",
    "regret_at_k",
    "spearman",
    "static_mean",
    "symmetrised",
    "weighted_kendall",
]
