"""Models of 64, 96 and 224 pixels: every page, the command line and the exported scripts say one and the same S."""

import json
import re

import pytest
from planted_pages import figures, start_app
from typer.testing import CliRunner

import depara_core as depara
from depara_core.benchmark import benchmarks, scoring
from depara_core.cli import app as cli
from depara_core.formatting import number, score

LAM, COUNT = 2.0, 7
SIZES = {"small": 64, "middle": 96, "large": 224}
SOURCE, TARGET = "large", "middle"  # whose own grid is not the comparison's
NETWORKS = """
import torch
from torch import nn

def network(seed, cell):
    torch.manual_seed(seed)
    mean = nn.AvgPool2d(cell)
    return nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), nn.ReLU(), mean, nn.Conv2d(4, 3, 3), nn.Tanh(), nn.Flatten())

def small(): return network(0, 8)
def middle(): return network(1, 12)
def large(): return network(2, 28)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Ids of three small networks by name: they open on a page, on the command line and in a script."""
    file = tmp_path_factory.mktemp("code") / "networks.py"
    file.write_text(NETWORKS)
    return {name: f"python/{file}:{name}?size={size}" for name, size in SIZES.items()}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEPARA_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture
def matrix(models, store):
    """All pairs by the core alone, on the smallest model's grid."""
    graphs = depara.build_graphs(
        [depara.model(name) for name in models.values()], depara.load_probes("rooms", count=COUNT)
    )
    return depara.similarity_matrix(graphs, grid=(3, 64, 64))


@pytest.fixture
def pair(matrix, models):
    """s_V, s_E and S of the pair that all look at."""
    at = tuple(models), list(models.values())
    row, column = at[0].index(SOURCE), at[0].index(TARGET)
    own = depara.similarity(matrix.rows[row], matrix.rows[column]).total(LAM)
    assert own != pytest.approx(matrix.total(LAM)[row, column], abs=1e-4), "on the pair's own grid it is another one"
    return matrix.node[row, column], matrix.edge[row, column], matrix.total(LAM)[row, column]


@pytest.fixture
def open_app(models, store, monkeypatch, tables, downloads):
    """Return a function that opens a page on the three models, the pair chosen."""
    from pages.shared import cache, consent, jobs

    monkeypatch.setattr(jobs, "PATIENCE_S", 60.0)
    for cached in (cache.queue, cache.spec):
        cached.clear()
    for model in models.values():
        consent.agree(consent.of_model_path(model))

    def start(page, **query):
        chosen = {"source": models[SOURCE], "target": models[TARGET], "lam": str(LAM), "count": str(COUNT)}
        test = start_app(page, models=list(models.values()), **chosen, **query)
        assert not test.error, test.error
        return test

    return start


def written(test):
    return " ".join(block.value for group in (test.markdown, test.caption) for block in group)


def bars(figure, source):
    """s_V and lambda * s_E of a source as a ranking draws it."""
    (row,) = [row for row in figure["data"][0]["customdata"] if row[1] == source]
    return row[3], row[4], row[5]


def run_script(made):
    space = {"__name__": "taken"}
    exec(compile(made, "taken.py", "exec"), space)
    return space


def test_why(open_app, pair, downloads):
    node, edge, total = pair
    test = open_app("why")
    assert f"S = :violet[**{score(total)}**]" in written(test)
    assert "maps compared at 64 × 64" in written(test).lower()
    assert figures(test)["why.adds"]["data"][0]["y"] == pytest.approx([node, LAM * edge, total], abs=1e-6)
    assert run_script(downloads["depara-why.py"]())["why"].total == pytest.approx(total, abs=1e-6)


def test_models(open_app, pair, models, matrix, downloads):
    node, edge, total = pair
    drawn = figures(open_app("models"))
    assert bars(drawn["models.ranking"], models[SOURCE]) == pytest.approx((node, LAM * edge, total), abs=1e-6)
    for row, column, _, _, shown, *_ in drawn["models.matrix"]["data"][1]["customdata"]:
        assert shown == pytest.approx(matrix.total(LAM)[row, column], abs=1e-6)
    ranked = run_script(downloads["depara-models.py"]())["ranking"].set_index("source")
    assert ranked.loc[models[SOURCE], "score"] == pytest.approx(total, abs=1e-6)


def test_home_and_tour(open_app, pair, models):
    total = pair[2]
    test = open_app("home")
    assert bars(figures(test)["home.ranking"], models[SOURCE])[2] == pytest.approx(total, abs=1e-6)
    assert f":violet[**{number(total)}**]" in written(test)
    tour = open_app("tour", step="9", third=models["small"])
    tour.radio[0].set_value("Just show me").run()
    assert bars(figures(tour)["tour.ranking"], models[SOURCE])[2] == pytest.approx(total, abs=1e-6)


def test_graphs(open_app, pair, downloads):
    node, edge, total = pair
    shown = written(open_app("graphs"))
    assert f"s_E = :orange[**{number(edge)}**]" in shown
    assert f"s_V = :blue[**{number(node)}**]" in shown
    assert run_script(downloads["depara-graphs.py"]())["similarity"].total(LAM) == pytest.approx(total, abs=1e-6)


def test_attributions(open_app, pair, tables, downloads, models):
    open_app("attributions")
    notes = [heading["note"] for heading in tables["attributions.table"].headings]
    assert f"s_V {number(pair[0])}" in notes
    cosines = run_script(downloads["depara-attributions.py"]())["cosines"]
    assert cosines[f"{models[SOURCE]} · output"].mean() == pytest.approx(pair[0], abs=1e-6)


def test_evaluate(models, store, matrix):
    """What Evaluate, `depara evaluate` and its script compute of any models: they choose a benchmark's own."""
    own = benchmarks.Benchmark("own", "My networks", lambda count, seed, progress: None, None)
    evidence = benchmarks.gather(
        own, models=[depara.model(name) for name in models.values()], probes=depara.load_probes("rooms", count=COUNT)
    )
    scores = scoring.score_pairs(evidence, ["depara"], lam=LAM)["depara"]
    assert scores.loc[models[SOURCE], models[TARGET]] == pytest.approx(
        matrix.total(LAM)[list(models).index(SOURCE), list(models).index(TARGET)], abs=1e-6
    )


def test_why_on_networks_of_torchvision_beside_rooms(store, tables, downloads, monkeypatch):
    """The headline's S and the waterfall's sum were two numbers here: 224 beside 64 pixels."""
    from pages.shared import jobs

    monkeypatch.setattr(jobs, "PATIENCE_S", 120.0)
    ids = ["torchvision/resnet18@none", "torchvision/mobilenet_v3_small@none", "rooms/normal", "rooms/denoising"]
    test = start_app("why", models=ids, source=ids[0], target=ids[1], count="12")
    assert not test.error, test.error
    *parts, total = figures(test)["why.adds"]["data"][0]["y"]
    assert total == pytest.approx(sum(parts), abs=1e-6)
    assert f"S = :violet[**{score(total)}**]" in written(test)


def test_layers(open_app, pair, downloads):
    test = open_app("layers")
    cells = figures(test)["layers.matrix"]["data"][1]["customdata"]
    (total,) = [row[4] for row in cells if row[2] == row[3] == "output"]
    assert total == pytest.approx(pair[2], abs=1e-6)
    layers = run_script(downloads["depara-layers.py"]())["ranking"].set_index("layer")
    assert layers.loc["output", "score"] == pytest.approx(pair[2], abs=1e-6)


def test_panorama(open_app, matrix, monkeypatch):
    from pages.panorama import columns

    monkeypatch.setattr(columns, "_mount", lambda key, **given: type("Mounted", (), {"clicked": None})())
    shown = re.search(r"Closest: .*?S = :violet\[\*\*(\S+?)\*\*\]", written(open_app("panorama")))[1]
    others = matrix.total(LAM)[[0, 0, 1], [1, 2, 2]]
    assert shown == score(others.max())


def test_command_line(models, store, pair):
    arguments = [
        "rank",
        "--target",
        models[TARGET],
        *models.values(),
        "--lam",
        str(LAM),
        "--count",
        str(COUNT),
        "--json",
    ]
    answer = CliRunner().invoke(cli, arguments)
    assert answer.exit_code == 0, answer.output
    rows = {row["source"]: row for row in json.loads(answer.stdout)["ranking"]}
    assert rows[models[SOURCE]]["score"] == pytest.approx(pair[2], abs=1e-6)
