"""Scores, rankings, the tree and the map of models."""

import hashlib
import json
from functools import partial
from pathlib import Path

import pandas as pd

import depara_core as depara
from depara_core import target_files
from depara_core.agreement import agreement as agreement_with
from depara_core.benchmark.layer_table import measured_pair
from depara_core.bootstrap import resample_probes
from depara_core.graphs import MOST_RANKED
from depara_core.grids import Grid, probe_cosines
from depara_core.selection import ranked_pairs as best_pairs
from depara_core.selection import resample
from depara_core.training.measured_cuts import cut_sentence as say_cut
from pages.shared.cache.wrappers import Graph, Graphs, Matrix, copied, shared

quick_matrix = shared(12)(depara.similarity_matrix)
similarity = copied(32)(depara.similarity)
agreement = shared(32)(agreement_with)
cosines = copied(32)(probe_cosines)
resamples = shared(64)(resample)
samples = shared(64)(resample_probes)
tree = copied(100)(depara.task_tree)
measured_cuts = copied(16)(measured_pair)
cut_sentence = copied(64)(say_cut)
model_map = copied(100)(depara.model_map)
ranked_pairs = copied(16)(best_pairs)


@shared(1)
def measured_transfer() -> pd.DataFrame:
    """Return the measured transfer among the bundled rooms' networks, sources x targets."""
    return depara.load_transfer_table("rooms").frame()


def matrix(rows: Graphs, columns: Graphs | None = None, *, grid: Grid | None = None) -> Matrix:
    """Return s_V and s_E of all pairs; over many probes as a job, under whose progress the page stops meanwhile."""
    if len(rows[0]) <= MOST_RANKED:
        return quick_matrix(rows, columns, grid=grid)
    from pages.shared import jobs  # late: it keeps its results in the queue of this package

    named = [[(graph.model, graph.layer, graph.digest) for graph in side] for side in (rows, columns or ())]
    key = hashlib.sha256(json.dumps([named, grid]).encode()).hexdigest()[:24]
    work = partial(depara.similarity_matrix, rows, columns, grid=grid)
    label = f"S of {len(rows)} graphs over {len(rows[0]):,} images"
    found: Matrix = jobs.require(jobs.Computation(f"matrix-{key}", label, lambda progress: work(progress=progress)))
    return found


@copied(200)
def ranking(matrix: Matrix, target: str, lam: float) -> pd.DataFrame:
    """Return the sources for a target with error bars, best first."""
    return depara.rank_sources(matrix, target, lam, samples=resamples(matrix, target))


@copied(16)
def targets_in(table: str) -> tuple[str, ...]:
    """Return what the targets of an uploaded table or embedding are called; raises a DeparaError where it is none."""
    name, path = _uploaded(table)
    return target_files.targets_in(path, name=name)


@shared(16)
def target(probes: depara.ProbeSet, table: str, name: str) -> Graph:
    """Return a target without a network: of the images' labels, or of an uploaded table; raises a DeparaError."""
    if not table:
        return depara.target_from_labels(probes)
    file, path = _uploaded(table)
    return depara.read_target(path, probes, target=name, name=file)


def _uploaded(table: str) -> tuple[str, Path]:
    from pages.shared import uploads  # late: pages ask this package for more than it asks of them

    return uploads.named(table)


@copied(200)
def layer_ranking(matrix: Matrix, lam: float) -> pd.DataFrame:
    """Return the layers of a source against one target graph with error bars."""
    return depara.rank_layers(matrix, lam, samples=resamples(matrix, matrix.columns[0].label))
