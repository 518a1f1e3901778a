"""Everything that is kept in memory between two runs of a page, for all sessions: wrappers of the core, each bounded.

    matrix = cache.matrix(comparison.graphs, grid=comparison.grid)
    ranked = cache.ranking(matrix, target, lam)

Graphs, probes and matrices are told apart by their content. What a computation beside the pages makes is kept by its
job in `queue`, up to `MOST_BYTES`; whatever else is here is quick to make again. What only Evaluate needs stands in
`pages.shared.cache.evaluation`.
"""

from pages.shared.cache.explanations import (
    EXACT_INFLUENCE,
    clusters,
    contrast_intervals,
    explained,
    groups,
    influence,
    intervals,
    masks,
    strongest_pairs,
    surfaces,
)
from pages.shared.cache.pictures import (
    advantage_maps,
    agreement_maps,
    compared_ranks,
    drawn_aligned,
    drawn_beside,
    full_strength,
    look_maps,
    neighbourhoods,
    overlays,
    pair_ranks,
    pair_table,
    scale_bar,
    thumbnail,
)
from pages.shared.cache.process import (
    MOST_BYTES,
    agreed,
    counted,
    device,
    listing,
    queue,
    spare_the_collector,
    spec,
    zoo,
)
from pages.shared.cache.scores import (
    agreement,
    cosines,
    cut_sentence,
    layer_ranking,
    matrix,
    measured_cuts,
    model_map,
    ranking,
    resamples,
    samples,
    similarity,
    tree,
)
from pages.shared.cache.wrappers import Graph, Graphs, Matrix

__all__ = [
    "EXACT_INFLUENCE",
    "MOST_BYTES",
    "Graph",
    "Graphs",
    "Matrix",
    "advantage_maps",
    "agreed",
    "agreement",
    "agreement_maps",
    "clusters",
    "compared_ranks",
    "contrast_intervals",
    "cosines",
    "counted",
    "cut_sentence",
    "device",
    "drawn_aligned",
    "drawn_beside",
    "explained",
    "full_strength",
    "groups",
    "influence",
    "intervals",
    "layer_ranking",
    "listing",
    "look_maps",
    "masks",
    "matrix",
    "measured_cuts",
    "model_map",
    "neighbourhoods",
    "overlays",
    "pair_ranks",
    "pair_table",
    "queue",
    "ranking",
    "resamples",
    "samples",
    "scale_bar",
    "similarity",
    "spare_the_collector",
    "spec",
    "strongest_pairs",
    "surfaces",
    "thumbnail",
    "tree",
    "zoo",
]
