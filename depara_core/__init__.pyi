from .attribution.methods import METHODS as METHODS
from .attribution.options import PRESETS as PRESETS, Options as Options
from .benchmark.benchmarks import BENCHMARKS as BENCHMARKS, gather as gather
from .benchmark.scoring import assess as assess, score_pairs as score_pairs
from .benchmark.transfer_table import TransferTable as TransferTable, load_transfer_table as load_transfer_table
from .choice.choice import Choice as Choice
from .choice.choosing import choose as choose
from .errors import (
    Cancelled as Cancelled,
    DeparaError as DeparaError,
    ModelError as ModelError,
    OptionError as OptionError,
    ProbeError as ProbeError,
    StoreError as StoreError,
)
from .evaluation.ranking_measures import (
    area_under_pr as area_under_pr,
    precision_at_k as precision_at_k,
    precision_recall as precision_recall,
    recall_at_k as recall_at_k,
    regret_at_k as regret_at_k,
    spearman as spearman,
    weighted_kendall as weighted_kendall,
)
from .evaluation.significance import evaluate as evaluate
from .explanation.contributions import Explanation as Explanation, explain as explain
from .graphs import AttributionGraph as AttributionGraph, to_networkx as to_networkx
from .metrics import METRICS as METRICS, metric as metric
from .metrics.local_directed import LocalScore as LocalScore, explain_local as explain_local
from .metrics.metric import Metric as Metric
from .pipeline.fields import GradientField as GradientField, build_fields as build_fields
from .pipeline.features import Features as Features, build_features as build_features
from .pipeline.fine_tuning import fine_tune as fine_tune
from .pipeline.fit import fit as fit
from .pipeline.graphs import build_graphs as build_graphs
from .pipeline.layers import list_layers as list_layers
from .pipeline.perturbation import (
    PerturbationCurves as PerturbationCurves,
    perturbation_curves as perturbation_curves,
)
from .pipeline.sanity import SanityCheck as SanityCheck, sanity_check as sanity_check
from .probes.loading import load_probes as load_probes
from .probes.probeset import ProbeSet as ProbeSet
from .search.zoo import Zoo as Zoo
from .selection import (
    directed_scores as directed_scores,
    rank_layers as rank_layers,
    rank_sources as rank_sources,
    spread_lam as spread_lam,
)
from .similarity import (
    Similarity as Similarity,
    SimilarityMatrix as SimilarityMatrix,
    similarity as similarity,
    similarity_matrix as similarity_matrix,
)
from .store import Store as Store
from .target_files import read_target as read_target
from .targets import target_from_features as target_from_features, target_from_labels as target_from_labels
from .task_tree import model_map as model_map, task_tree as task_tree
from .zoo import SOURCES as SOURCES, list_models as list_models, model as model
from .zoo.catalogue import STARTERS as STARTERS, search_models as search_models
from .zoo.parameters import count_parameters as count_parameters
from .zoo.module import model_from_module as model_from_module
from .zoo.spec import ModelSpec as ModelSpec
