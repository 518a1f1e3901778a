"""What pages and commands let one take away: every download is made, reopened, and says what the page shows."""

import io
import json

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from planted_pages import COUNT, GROUPS, LAYERS, comparison
from plotly.offline import get_plotlyjs
from typer.testing import CliRunner

import depara_core as depara
from depara_core import exports
from depara_core.cli import app as cli

TARGET = "rooms/normal"
SMALL = "torchvision/squeezenet1_1@none"


def test_models_can_be_taken_away(open_page, downloads):
    open_page("models", target=TARGET, lam="2.0")
    matrix = depara.similarity_matrix(list(comparison().graphs))
    ranked = depara.rank_sources(matrix, TARGET, 2.0)
    table = pd.read_parquet(io.BytesIO(downloads["sources-for-normal.parquet"]()))
    pd.testing.assert_frame_equal(table, ranked, check_dtype=False)
    assert table.attrs["provenance"]["lam"] == 2.0
    pairs = json.loads(downloads["similarity.json"]())["rows"]
    assert [row["score"] for row in pairs] == pytest.approx(list(matrix.total(2.0).ravel()))
    assert len(pd.read_csv(io.BytesIO(downloads["similarity.csv"]()))) == len(GROUPS) ** 2
    report = downloads["report-normal.html"]().decode()
    assert report.count('class="plotly-graph-div"') == 3
    assert "rank_sources(matrix, &#39;rooms/normal&#39;, 2.0)" in report
    assert "<b>odd</b>" not in report
    for name in ("matrix", "ranking", "tree"):
        assert downloads[f"{name}.html"]().decode().count('class="plotly-graph-div"') == 1
    script = downloads["depara-models.py"]()
    compile(script, "taken.py", "exec")
    assert all(f"depara.model({model!r})" in script for model in GROUPS)


def test_layers_can_be_taken_away_with_a_recipe_for_the_cut(open_page, monkeypatch, downloads):
    asked = []
    monkeypatch.setattr(exports, "transfer_recipe", lambda *given: asked.append(given) or "a recipe")
    app = open_page("layers", source="rooms/reshading", target=TARGET, source_layer="stem")
    found = comparison(("rooms/reshading", TARGET), LAYERS)
    matrix = depara.similarity_matrix(list(found.of("rooms/reshading")), [found.graph(TARGET)])
    ranked = depara.rank_layers(matrix, 1.0)
    best = ranked[ranked["best"]].iloc[0]["layer"]
    table = pd.DataFrame(json.loads(downloads["layers-reshading-for-normal.json"]())["rows"])
    pd.testing.assert_frame_equal(table, ranked)
    assert len(pd.read_csv(io.BytesIO(downloads["layer-pairs.csv"]()))) == len(LAYERS) ** 2
    assert downloads["layer-curves.html"]().decode().count('class="plotly-graph-div"') == 1
    script = downloads["depara-layers.py"]()
    assert 'layers="all"' in script
    assert "depara.model('rooms/reshading')" in script
    recipes = [name for name in downloads if name.startswith("transfer-")]
    assert recipes == [f"transfer-reshading-{layer}.py" for layer in dict.fromkeys((best, "stem"))]
    downloads.clear()
    app.number_input(key="takeaway.classes").set_value(7).run()
    assert [downloads[name]() for name in recipes] == ["a recipe"] * len(recipes)
    assert [(spec.id, layer, classes) for spec, layer, classes in asked] == [
        ("rooms/reshading", layer, 7) for layer in dict.fromkeys((best, "stem"))
    ]


@pytest.mark.parametrize("view", ["two", "one"])
def test_graphs_can_be_taken_away(open_page, downloads, view):
    open_page("graphs", source="rooms/reshading", target=TARGET, view=view, neighbours="2")
    ends = ["graph-a-rooms-reshading-output", "graph-b-rooms-normal-output"]
    ends = ends if view == "two" else ["graph-rooms-reshading-output"]
    graphs = [comparison().graph(model) for model in ("rooms/reshading", TARGET)]
    for end, graph in zip(ends, graphs, strict=False):
        for suffix, reopen in (("graphml", nx.read_graphml), ("gexf", nx.read_gexf)):
            network = reopen(io.BytesIO(downloads[f"{end}.{suffix}"]()))
            assert network.number_of_edges() == depara.to_networkx(graph, neighbours=2).number_of_edges()
            assert network.number_of_nodes() == COUNT
        assert 'class="plotly-graph-div"' in downloads[f"{end}-drawing.html"]().decode()
    assert len(downloads) == 3 * len(ends) + 1
    compile(downloads["depara-graphs.py"](), "taken.py", "exec")


@pytest.mark.parametrize("view", ["models", "layers"])
def test_attributions_can_be_taken_away(open_page, downloads, view):
    open_page("attributions", target=TARGET, source=TARGET, view=view)
    found = comparison((TARGET,), LAYERS) if view == "layers" else comparison()
    reference = found.graph(TARGET)
    table = pd.read_parquet(io.BytesIO(downloads["attributions-normal-cosines.parquet"]()))
    means = table.groupby("graph")["cosine"].mean()
    for graph in found.graphs:
        assert means[graph.label] == pytest.approx(depara.similarity(graph, reference).node)
    maps = np.load(io.BytesIO(downloads["attributions-normal-maps.npz"]()))
    for place, label in enumerate(maps["graphs"]):
        graph = next(graph for graph in found.graphs if graph.label == label)
        np.testing.assert_array_equal(maps[f"maps_{place}"], graph.maps)
    page = downloads["attributions-normal.html"]().decode()
    assert page.count('"source":"data:image') == 6 * (1 + len(found.graphs))
    assert 'data-form="svg"' in page
    assert "The number is the cosine" in page
    script = downloads["depara-attributions.py"]()
    compile(script, "taken.py", "exec")
    assert f"chosen = ({TARGET!r}, 'output')" in script
    assert len(downloads) == 1 + 4 + 1 + 1


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for place, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)):
        Image.fromarray(pixels).save(folder / f"{place}.png")
    return folder


def test_the_command_writes_a_recipe_to_a_file_or_to_the_output(tmp_path):
    out = tmp_path / "new" / "recipe.py"
    given = ["recipe", SMALL, "--layer", "features.3", "--classes", "3"]
    result = CliRunner().invoke(cli, [*given, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert str(out) in result.stdout.replace("\n", "")
    expected = exports.transfer_recipe(depara.model(SMALL), "features.3", 3)
    assert out.read_text() == expected
    assert CliRunner().invoke(cli, given).stdout == expected
    wrong = CliRunner().invoke(cli, [*given, "--out", str(tmp_path)])
    assert wrong.exit_code == 1
    assert "cannot be written" in wrong.stderr


def test_the_command_writes_a_report_of_a_comparison(tmp_path, photos):
    out = tmp_path / "report.html"
    work = ["--probes", str(photos), "--device", "cpu", "--store", str(tmp_path / "store"), "--out", str(out), "--json"]
    result = CliRunner().invoke(cli, ["report", "rooms/denoising", "--target", TARGET, "--lam", "0.5", *work])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["target"], answer["lam"], answer["file"]) == (TARGET, 0.5, str(out))
    page = out.read_text()
    assert answer["probes"]["digest"] in page
    assert page.count('class="plotly-graph-div"') == 2
    assert page.replace(get_plotlyjs(), "").count('src="data:image/png') == 4
    assert "rank_sources(matrix, &#39;rooms/normal&#39;, 0.5)" in page


def test_a_report_on_one_model_alone_is_refused(tmp_path, photos):
    given = ["report", TARGET, "--target", TARGET, "--probes", str(photos), "--store", str(tmp_path)]
    result = CliRunner().invoke(cli, given)
    assert result.exit_code == 1
    assert "at least one other model" in result.stderr
