"""DEPARA Explorer: deep attribution graphs, how alike they are, and why (Song et al., CVPR 2020)."""

from depara_core.attribution import METHODS, PRESETS, Options
from depara_core.errors import Cancelled, DeparaError, ModelError, OptionError, ProbeError, StoreError
from depara_core.explanation import Explanation, explain
from depara_core.graphs import AttributionGraph, to_networkx
from depara_core.selection import model_map, rank_layers, rank_sources, task_tree
from depara_core.similarity import Similarity, SimilarityMatrix, similarity, similarity_matrix
