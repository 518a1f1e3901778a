"""Every file that is taken away, reopened by another tool, with its origin and with hostile names inside."""

import io
import json
import re
from html.parser import HTMLParser

import networkx as nx
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from planted import random_graph
from plotly.offline import get_plotlyjs

import depara_core as depara
from depara_core import exports
from depara_core.drawings import draw
from depara_core.exports.report import MOST_THUMBNAILS
from depara_core.formatting import interval, printable, score

EVIL = 'm/<script>alert("1")</script> #1, "q"\n</style>'
COUNT = 5


def probe_set(count=COUNT, names=None):
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return depara.ProbeSet.from_arrays(images, names, labels=["a"] * count)


PROBES = probe_set(names=["<script>1</script>.png", "a#b", 'c,"d"', "e\x01f\udcff", "g"])


@pytest.fixture(scope="module")
def matrix():
    models = ("m/goal", EVIL, "m/b", "m/c")
    return depara.similarity_matrix(
        [random_graph(n, count=COUNT, model=model, probes=PROBES.digest) for n, model in enumerate(models)]
    )


@pytest.fixture(scope="module")
def ranking(matrix):
    return depara.rank_sources(matrix, "m/goal", 0.5)


@pytest.fixture(scope="module")
def origin(matrix):
    return exports.provenance(matrix.rows, probes=PROBES, lam=0.5, grid=matrix.grid)


def read(content, form):
    """Return a table as pandas reads it, and what stands beside it."""
    if form == "csv":
        return pd.read_csv(io.BytesIO(content)), {}
    if form == "parquet":
        table = pd.read_parquet(io.BytesIO(content))
        return table, table.attrs
    about = json.loads(content)
    return pd.DataFrame(about.pop("rows")), about


class Reader(HTMLParser):
    """What a browser would see: elements, their attributes, the text outside scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.inside = [], [], "", ""
        self.scripts = []
        self.feed(text.replace(get_plotlyjs(), ""))  # 5 MB that the parser would read letter by letter

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside != "style":
            self.text += data


def opened(page):
    """Read a page and check that it asks nothing of the outside: plotly's own text is the only one with addresses."""
    assert page.count(get_plotlyjs()) == 1
    assert "default-src 'none'" in page
    rest = re.sub(r"data:image/png;base64,[\w+/=]+", "", page.replace(get_plotlyjs(), ""))
    assert not re.findall(r"https?:|//[a-z]|@import|url\(", rest)
    reader = Reader(page)
    assert not [value for name, value in reader.attributes if name in ("src", "href") and value[:5] != "data:"]
    return reader


def test_provenance_says_all_that_the_numbers_rest_on(matrix, origin):
    assert [one["model"] for one in origin["models"]] == [printable(graph.model) for graph in matrix.rows]
    assert {one["weights"] for one in origin["models"]} == {"w" * 64}
    assert origin["probes"] == {"count": COUNT, "digest": PROBES.digest, "source": "arrays"}
    assert origin["options"]["method"] == "input_x_gradient"
    assert origin["lam"] == 0.5
    assert {"depara", "torch", "numpy", "python"} <= set(origin["versions"])
    assert json.loads(json.dumps(origin, allow_nan=False)) == origin


def test_provenance_names_a_model_once_with_its_layers_and_the_versions_that_built_it():
    from dataclasses import replace

    layers = [random_graph(0, layer=name) for name in ("stem", "output", "stem")]
    origin = exports.provenance([replace(graph, versions={"torch": "1"}) for graph in layers])
    assert origin["models"] == [
        {"model": "planted/a", "view": "common", "layers": ["stem", "output"], "weights": "w" * 64}
    ]
    assert origin["computed_with"] == [{"torch": "1"}]


def test_provenance_of_what_does_not_belong_together_is_refused(matrix):
    with pytest.raises(depara.OptionError, match="at least one graph, got none"):
        exports.provenance([])
    with pytest.raises(depara.OptionError, match="one set of probes and options: planted/a · output differs from m/go"):
        exports.provenance([matrix.rows[0], random_graph(1, count=COUNT)])
    with pytest.raises(depara.OptionError, match="over other probes"):
        exports.provenance(matrix.rows, probes=probe_set(COUNT + 1))


@pytest.mark.parametrize("form", exports.TABLE_FORMATS)
def test_a_ranking_is_reopened_as_it_was(ranking, origin, form):
    shown = ranking.assign(source=ranking["source"].map(printable))
    table, about = read(exports.table_file(shown, form, origin), form)
    pd.testing.assert_frame_equal(table, shown, check_dtype=False)
    beside = json.loads(exports.table_origin(shown, origin))
    for told in (beside, *([about] if form != "csv" else [])):
        assert told["provenance"] == origin
        assert told["columns"]["score"] == "S = s_V + lam * s_E"
        assert set(told["columns"]) == set(ranking.columns)


@pytest.mark.parametrize("form", exports.TABLE_FORMATS)
def test_all_pairs_are_reopened_as_they_were(matrix, origin, form):
    table, _ = read(exports.table_file(exports.matrix_table(matrix, 0.5), form, origin), form)
    cells = table.set_index(["source", "target"])["score"]
    assert len(cells) == 16
    for row, source in enumerate(matrix.rows):
        for column, target in enumerate(matrix.columns):
            found = cells[printable(source.model), printable(target.model)]
            assert found == pytest.approx(matrix.total(0.5)[row, column], abs=1e-12)


@pytest.mark.parametrize("form", exports.TABLE_FORMATS)
def test_shares_keep_their_sum_and_names_from_outside(matrix, origin, form):
    why = depara.explain(matrix.rows[1], matrix.rows[0], 0.5)
    table, _ = read(exports.table_file(exports.contribution_table(why, PROBES), form, origin), form)
    assert table["share"].sum() == pytest.approx(matrix.total(0.5)[1, 0], abs=1e-6)
    assert list(table["name"]) == ["<script>1</script>.png", "a#b", 'c,"d"', "e\ufffdf\ufffd", "g"]
    assert list(table["label"]) == ["a"] * COUNT


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_no_name_is_a_formula_in_a_spreadsheet(origin, name):
    table = pd.DataFrame({"probe": [name, "a=b"], "share": [-0.5, 0.5]})
    told = pd.read_csv(io.BytesIO(exports.table_file(table, "csv", origin)), keep_default_na=False)
    assert list(told["probe"]) == [f"'{name}", "a=b"]
    assert list(told["share"]) == [-0.5, 0.5]
    told = pd.read_parquet(io.BytesIO(exports.table_file(table, "parquet", origin)))
    assert list(told["probe"]) == [name, "a=b"]


def test_wrong_formats_and_probes_are_refused(matrix, ranking):
    with pytest.raises(depara.OptionError, match=r"'xlsx' is unknown. Expected one of: csv, parquet, json"):
        exports.table_file(ranking, "xlsx", {})
    with pytest.raises(depara.OptionError, match="the 5 probes that were explained; 6 came"):
        exports.contribution_table(depara.explain(*matrix.rows[:2], 1.0), probe_set(6))
    with pytest.raises(depara.OptionError, match=r"'dot' is unknown. Expected one of: graphml, gexf"):
        exports.network_file(matrix.rows[0], "dot")
    with pytest.raises(depara.OptionError, match="5 probes, 1 names"):
        exports.network_file(matrix.rows[0], "gexf", names=["one"])
    with pytest.raises(depara.OptionError, match=r"'webp' is unknown. Expected one of: png, svg"):
        exports.picture_config("figure", "webp")


@pytest.mark.parametrize(("form", "reopen"), [("graphml", nx.read_graphml), ("gexf", nx.read_gexf)])
def test_a_graph_is_reopened_with_its_weights_names_and_origin(matrix, form, reopen):
    graph = matrix.rows[1]
    content = exports.network_file(graph, form, neighbours=2, names=PROBES.names)
    network = reopen(io.BytesIO(content))
    expected = depara.to_networkx(graph, neighbours=2)
    assert network.number_of_nodes() == COUNT
    assert {tuple(sorted(map(int, pair))) for pair in network.edges} == set(expected.edges)
    for i, j, weight in network.edges(data="weight"):
        assert weight == pytest.approx(graph.edges[int(i), int(j)])
    assert [network.nodes[str(i)]["label"] for i in range(COUNT)] == list(map(printable, PROBES.names))
    if form == "graphml":
        about = network.graph["provenance"]
    else:
        about = nx.readwrite.gexf.ElementTree(file=io.BytesIO(content)).find(".//{*}description").text
    assert json.loads(about) == exports.provenance([graph])


def test_a_figure_is_one_page_with_its_origin_that_saves_itself(origin):
    figure = go.Figure(go.Scatter(x=[1], y=[2], text=["</script><script>alert(1)</script>"]))
    page = exports.figure_document(figure, EVIL, how_to_read="Higher is <better>.", origin=origin, dark=True)
    reader = opened(page)
    assert reader.tags.count("script") == 4  # the origin, plotly, the figure, the buttons
    assert json.loads(reader.scripts[0]) == origin
    assert "Higher is <better>." in reader.text
    assert {value for name, value in reader.attributes if name == "data-form"} == {"png", "svg"}
    assert figure.layout.paper_bgcolor is None  # the caller's figure stays as it was


def test_the_mode_bar_saves_in_the_format_chosen():
    options = exports.picture_config("Sources for rooms/normal", "svg")["toImageButtonOptions"]
    assert options == {"format": "svg", "filename": "sources-for-rooms-normal", "scale": 1}


@pytest.fixture(scope="module")
def report(matrix, ranking):
    figure = go.Figure(go.Heatmap(z=matrix.total(0.5), y=[graph.model for graph in matrix.rows]))
    more = {"ranking": ranking, "probes": PROBES, "figures": {"Bright = alike.": figure, "A tree.": figure}}
    return exports.comparison_report(matrix, "m/goal", 0.5, **more, script="x = 1 < 2  # two  spaces")


def test_the_report_is_read_offline_and_says_what_it_rests_on(report, matrix, ranking):
    reader = opened(report)
    best = ranking.iloc[0]
    assert f"S = {score(best['score'])} {interval(best['low'], best['high'])}" in reader.text
    assert reader.tags.count("table") == 3
    assert reader.tags.count("img") == COUNT
    assert reader.tags.count("script") == 5  # the origin, plotly, two figures, the buttons
    assert "x = 1 < 2  # two  spaces" in reader.text
    for said in ("w" * 64, PROBES.digest, "l2_norm", depara.Options().method, "95 % interval", "How to read it"):
        assert said in reader.text
    written = json.loads(reader.scripts[0])
    assert written.pop("written").endswith("+00:00")
    assert written == exports.provenance(matrix.rows, probes=PROBES, lam=0.5, grid=matrix.grid)
    assert "maps compared at 4 × 4" in reader.text


def test_names_in_the_report_are_text_never_markup(report):
    reader = Reader(report)
    assert 'm/<script>alert("1")</script> #1, "q" </style>' in reader.text
    assert "<script>1</script>.png" in reader.text
    assert "e\ufffdf\ufffd" in reader.text
    report.encode()  # what UTF-8 cannot hold is gone


def test_the_report_ranks_by_itself_and_shows_a_bounded_number_of_probes():
    probes = probe_set(MOST_THUMBNAILS + 3)
    graphs = [random_graph(n, count=len(probes), model=f"m/{n}", probes=probes.digest) for n in range(2)]
    reader = opened(exports.comparison_report(depara.similarity_matrix(graphs), "m/0", 1.0, probes=probes))
    assert reader.tags.count("img") == MOST_THUMBNAILS
    assert f"The first {MOST_THUMBNAILS} of {len(probes)} images" in reader.text
    assert "It is the only source." in reader.text


@pytest.mark.parametrize("low", [0.85, 0.95])
def test_the_report_says_that_five_probes_tell_nothing(matrix, ranking, low):
    frame = ranking.assign(score=[1.0, 0.8, 0.1], low=[low, 0.7, 0.0], high=[1.1, 0.9, 0.2])
    assert (
        "5 images make 10 pairs: too few to tell anything"
        in Reader(exports.comparison_report(matrix, "m/goal", 0.5, ranking=frame)).text
    )


@pytest.mark.parametrize(
    ("parts", "name"),
    [(("rooms/normal", "layers"), "rooms-normal-layers"), (("../../etc/passwd",), "etc-passwd"), (("<&>",), "depara")],
)
def test_file_names_are_plain(parts, name):
    assert exports.slug(*parts) == name


def test_drawn_graphs_become_tables_of_places_and_of_pairs():
    graphs = [random_graph(n, count=COUNT, model=f"m/{n}", probes=PROBES.digest) for n in range(2)]
    drawings = [draw(graph, [4, 1, 0]) for graph in graphs]
    places = exports.drawn_places(graphs, drawings, PROBES)
    assert places["probe"].tolist() == [4, 1, 0] * 2
    assert places["name"].tolist()[:2] == ["g", "a#b"]
    np.testing.assert_array_equal(places[["x", "y"]].to_numpy()[3:], drawings[1].positions)
    pairs = exports.drawn_pairs(graphs, [4, 1, 0], PROBES)
    assert pairs[["probe", "other"]].to_numpy().tolist() == [[4, 1], [4, 0], [1, 0]]
    assert pairs["other_name"].tolist() == ["a#b", PROBES.names[0], PROBES.names[0]]
    assert pairs[graphs[1].label].tolist() == [graphs[1].edges[4, 1], graphs[1].edges[4, 0], graphs[1].edges[1, 0]]
    for form in exports.TABLE_FORMATS:
        table, about = read(exports.table_file(pairs, form, {}), form)
        assert len(table) == 3
        assert form == "csv" or "other_name" in about["columns"]
