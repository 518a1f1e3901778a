"""What can be taken away: data, graphs, figures, the Python behind a view, the transfer recipe, a one-file report."""

from depara_core.exports.documents import figure_document, picture_config
from depara_core.exports.networks import GRAPH_FORMATS, network_file
from depara_core.exports.provenance import provenance
from depara_core.exports.recipe import transfer_recipe
from depara_core.exports.report import comparison_report
from depara_core.exports.scripts import VIEWS, python_of
from depara_core.exports.tables import TABLE_FORMATS, drawn_pairs, drawn_places, matrix_table, share_table, table_file
from depara_core.exports.texts import slug

__all__ = [
    "GRAPH_FORMATS",
    "TABLE_FORMATS",
    "VIEWS",
    "comparison_report",
    "drawn_pairs",
    "drawn_places",
    "figure_document",
    "matrix_table",
    "network_file",
    "picture_config",
    "provenance",
    "python_of",
    "share_table",
    "slug",
    "table_file",
    "transfer_recipe",
]
