"""DEPARA Explorer: deep attribution graphs, how alike they are, and why (Song et al., CVPR 2020)."""

from depara_core.attribution import METHODS, PRESETS, Options
from depara_core.errors import Cancelled, DeparaError, ModelError, OptionError, ProbeError, StoreError
from depara_core.explanation import Explanation, explain
from depara_core.graphs import AttributionGraph, to_networkx
from depara_core.pipeline import build_graphs
from depara_core.probes import ProbeSet, load_probes
from depara_core.selection import model_map, rank_layers, rank_sources, task_tree
from depara_core.similarity import Similarity, SimilarityMatrix, similarity, similarity_matrix
from depara_core.store import Store
from depara_core.zoo import SOURCES, ModelSpec, list_models, model, model_from_module

__all__ = [
    "METHODS",
    "PRESETS",
    "SOURCES",
    "AttributionGraph",
    "Cancelled",
    "DeparaError",
    "Explanation",
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
    "build_graphs",
    "explain",
    "list_models",
    "load_probes",
    "model",
    "model_from_module",
    "model_map",
    "rank_layers",
    "rank_sources",
    "similarity",
    "similarity_matrix",
    "task_tree",
    "to_networkx",
]
