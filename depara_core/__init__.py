"""DEPARA Explorer: deep attribution graphs, how alike they are, and why (Song et al., CVPR 2020)."""

from depara_core.attribution.methods import METHODS
from depara_core.attribution.options import PRESETS, Options
from depara_core.benchmark.benchmarks import BENCHMARKS, gather
from depara_core.benchmark.scoring import assess, score_pairs
from depara_core.benchmark.transfer_table import TransferTable, load_transfer_table
from depara_core.errors import Cancelled, DeparaError, ModelError, OptionError, ProbeError, StoreError
from depara_core.evaluation import (
    area_under_pr,
    evaluate,
    precision_at_k,
    precision_recall,
    recall_at_k,
    regret_at_k,
    spearman,
    weighted_kendall,
)
from depara_core.explanation import Explanation, explain
from depara_core.graphs import AttributionGraph, to_networkx
from depara_core.metrics import METRICS, Metric, metric
from depara_core.pipeline.features import Features, build_features
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet, load_probes
from depara_core.selection import directed_scores, model_map, rank_layers, rank_sources, spread_lam, task_tree
from depara_core.similarity import Similarity, SimilarityMatrix, similarity, similarity_matrix
from depara_core.store import Store
from depara_core.zoo import SOURCES, ModelSpec, list_models, model, model_from_module

__all__ = [
    "BENCHMARKS",
    "METHODS",
    "METRICS",
    "PRESETS",
    "SOURCES",
    "AttributionGraph",
    "Cancelled",
    "DeparaError",
    "Explanation",
    "Features",
    "Metric",
    "ModelError",
    "ModelSpec",
    "OptionError",
    "Options",
    "ProbeError",
    "ProbeSet",
    "Similarity",
    "SimilarityMatrix",
    "Store",
    "StoreError",
    "TransferTable",
    "area_under_pr",
    "assess",
    "build_features",
    "build_graphs",
    "directed_scores",
    "evaluate",
    "explain",
    "gather",
    "list_models",
    "load_probes",
    "load_transfer_table",
    "metric",
    "model",
    "model_from_module",
    "model_map",
    "precision_at_k",
    "precision_recall",
    "rank_layers",
    "rank_sources",
    "recall_at_k",
    "regret_at_k",
    "score_pairs",
    "similarity",
    "similarity_matrix",
    "spearman",
    "spread_lam",
    "task_tree",
    "to_networkx",
    "weighted_kendall",
]
