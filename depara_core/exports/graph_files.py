"""Attribution graphs as files for graph tools: GraphML and GEXF, their origin inside."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import SubElement

import networkx as nx
from networkx.readwrite.gexf import GEXFWriter

from depara_core.errors import OptionError
from depara_core.exports.provenance import provenance
from depara_core.formatting import printable
from depara_core.graphs import AttributionGraph, to_networkx


@dataclass(frozen=True)
class GraphFormat:
    """One way to write a networkx graph."""

    label: str
    mime: str
    write: Callable[[nx.Graph], bytes]


def network_file(
    graph: AttributionGraph, form: str, *, neighbours: int | None = 8, names: Sequence[str] | None = None
) -> bytes:
    """Write a graph as one of GRAPH_FORMATS, each probe tied to its strongest `neighbours` (None: to all).

    Edges carry the cosine as "weight", nodes the probe's name as "label" where `names` (N) are given. The origin is
    JSON in the graph's attribute "provenance" (GraphML) or in the file's description (GEXF).
    """
    if form not in GRAPH_FORMATS:
        raise OptionError(f"The format {form!r} is unknown. Expected one of: {', '.join(GRAPH_FORMATS)}.")
    if names is not None and len(names) != len(graph):
        raise OptionError(f"Expected one name a probe: {len(graph)} probes, {len(names)} names.")
    network = to_networkx(graph, neighbours=neighbours)
    network.graph.update(
        model=printable(graph.model), layer=printable(graph.layer), provenance=json.dumps(provenance([graph]))
    )
    if names is not None:
        nx.set_node_attributes(network, dict(enumerate(map(printable, names))), "label")
    return GRAPH_FORMATS[form].write(network)


def _graphml(network: nx.Graph) -> bytes:
    buffer = io.BytesIO()
    nx.write_graphml(network, buffer)
    return buffer.getvalue()


def _gexf(network: nx.Graph) -> bytes:
    writer, buffer = GEXFWriter(), io.BytesIO()
    writer.add_graph(network)
    meta = writer.xml.find("meta")  # the format has no attributes for a whole graph
    SubElement(meta, "description").text = network.graph["provenance"]
    writer.write(buffer)
    return buffer.getvalue()


GRAPH_FORMATS: dict[str, GraphFormat] = {
    "graphml": GraphFormat("GraphML", "application/graphml+xml", _graphml),
    "gexf": GraphFormat("GEXF", "application/gexf+xml", _gexf),
}
