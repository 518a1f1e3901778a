"""What can be taken away: data, graphs, figures, the Python behind a view, the transfer recipe, a one-file report."""

from depara_core.exports.documents import PICTURES, figure_document, picture_config
from depara_core.exports.graph_files import GRAPH_FORMATS, network_file
from depara_core.exports.maps import agreement_table, maps_file
from depara_core.exports.measures import measure_table, measured_pairs, score_table, target_table
from depara_core.exports.provenance import computed_with, provenance, versions
from depara_core.exports.recipe import transfer_recipe
from depara_core.exports.report import comparison_report
from depara_core.exports.scripts import VIEWS, evaluation_python, python_of
from depara_core.exports.tables import (
    TABLE_FORMATS,
    contribution_table,
    drawn_pairs,
    drawn_places,
    matrix_table,
    table_file,
    table_origin,
)
from depara_core.formatting import printable, slug

__all__ = [
    "GRAPH_FORMATS",
    "PICTURES",
    "TABLE_FORMATS",
    "VIEWS",
    "agreement_table",
    "comparison_report",
    "computed_with",
    "contribution_table",
    "drawn_pairs",
    "drawn_places",
    "evaluation_python",
    "figure_document",
    "maps_file",
    "matrix_table",
    "measure_table",
    "measured_pairs",
    "network_file",
    "picture_config",
    "printable",
    "provenance",
    "python_of",
    "score_table",
    "slug",
    "table_file",
    "table_origin",
    "target_table",
    "transfer_recipe",
    "versions",
]
