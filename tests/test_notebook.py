"""What a notebook shows: graphs, matrices and choices as small tables in which names are text."""

from html.parser import HTMLParser

import numpy as np
import pytest
from planted import random_graph

import depara_core as depara
from depara_core import notebook
from depara_core.targets import target_from_features

ODD = "rooms/<script>alert('x')</script>&"


class Reading(HTMLParser):
    """The elements and the words of a page; a tag that is never closed, or closed twice, is an error."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words, self.open = set(), [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_a_graph_tells_its_probes_maps_and_edges():
    graph = random_graph(0, model=ODD)
    page = Reading(graph._repr_html_())
    assert page.tags == {"div", "b", "table", "tr", "th", "td"}
    assert page.words[0] == f"Attribution graph of {ODD} · output"
    assert page.words[page.words.index("probes") + 1] == "12"
    assert page.words[page.words.index("maps (channels × height × width)") + 1] == "3 × 4 × 4"
    edges = graph.edges[np.triu_indices(12, k=1)]
    assert f"mean {edges.mean():.2f}" in " ".join(page.words).replace("−", "-")


def test_a_graph_of_edges_alone_says_so():
    probes = depara.ProbeSet.from_arrays(np.random.default_rng(0).integers(0, 9, (5, 4, 4, 3), dtype=np.uint8))
    told = target_from_features(np.random.default_rng(1).normal(size=(5, 3)), probes.names, probes)
    words = Reading(told._repr_html_()).words
    assert "none: a graph of edges alone" in words
    assert "This graph has no nodes: S is lambda times s_E alone." in words


def test_a_matrix_shows_every_pair_at_lambda_one():
    graphs = [random_graph(seed, model=name) for seed, name in enumerate(("a", "b", ODD))]
    matrix = depara.similarity_matrix(graphs)
    page = Reading(matrix._repr_html_())
    cells = [
        word.replace("−", "-") for word in page.words if word.replace("−", "").replace("-", "").startswith(("0.", "2."))
    ]
    assert [float(cell) for cell in cells] == pytest.approx(matrix.total(1.0).ravel(), abs=0.006)
    assert page.words.count(ODD) == 2


def test_a_large_table_is_cut_and_says_so():
    names = [f"m{i}" for i in range(30)]
    page = Reading(notebook.shades("t", names, names[:3], [["x"] * 3] * 30, [[2.0, -1.0, 0.5]] * 30))
    assert "m23" in page.words
    assert "m24" not in page.words
    assert "and 6 more rows" in page.words
