"""The Evaluate page: its verdict and figures are the evaluation's own, and whatever is missing is a designed state."""

import io
import json
import threading
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
import streamlit as st
import torch
from planted import random_graph
from planted_pages import figures, spec, start_app

import depara_core as depara
from depara_core.benchmark import benchmarks, committed, held_out, sanity_room, scoring, sweeps, transfer_table
from depara_core.benchmark.layer_report import layer_report
from depara_core.benchmark.scored import ScoredBenchmark
from depara_core.benchmark.titles import title
from depara_core.errors import StoreError
from depara_core.evaluation import MEASURES
from depara_core.formatting import signed
from depara_core.jobs import publish
from depara_core.training import layer_scores, layer_study
from depara_core.zoo.spec import Network
from pages.shared import text as page_text

MODELS = tuple(f"rooms/{name}" for name in ("normal", "reshading", "denoising", "<b>odd</b>", *"abcdef"))
GROUPS = {model: "3D" if i % 2 else "2D" for i, model in enumerate(MODELS)}
GRAPHS = tuple(random_graph(i, model=model) for i, model in enumerate(MODELS))
PLANTED = np.random.default_rng(5).uniform(size=(2, 2, 10, 10))
SWEEP = sweeps.Sweep(MODELS, ("these", "bare rooms"), (12, 12), *PLANTED)


def affinities(seed=0):
    return pd.DataFrame(np.random.default_rng(seed).uniform(size=(10, 10)), index=MODELS, columns=MODELS)


def table():
    """Measured transfer at two budgets; at the smaller one it is another."""
    frames = {1000: affinities(0), 250: affinities(1)}
    rows = [
        {"source": s, "target": t, "budget": budget, "split": "all", "affinity": frame.loc[s, t]}
        for budget, frame in frames.items()
        for t in MODELS
        for s in MODELS
        if s != t
    ]
    return transfer_table.TransferTable("rooms", pd.DataFrame(rows), {})


def scores(names=None, lam=1.0):
    """RSA knows the truth exactly; CKA is the opposite; LogME is undefined for one target."""
    logme = affinities(3)
    logme["rooms/a"] = np.nan
    return {"rsa": affinities(0), "cka": -affinities(0), "logme": logme, "depara": affinities(9)}


@pytest.fixture
def benchmark(monkeypatch, tmp_path):
    """Plant a benchmark of ten models with measured transfer; `benchmark.broken` holds models that do not open."""
    from pages.shared import jobs

    planted = SimpleNamespace(broken=set(), asked=[])

    def opened(name):
        def refuse(progress):
            if name in planted.broken:
                raise depara.ModelError(f"{name} has no *weights* here.")
            return Network(torch.nn.Identity(), {}, "0" * 64)

        return replace(spec(name, GROUPS[name]), _open=refuse)

    def unmeasured():
        raise StoreError("Nothing is measured.")

    def gather(one, *, count, seed, probes, progress, on_error, **more):
        planted.asked.append((one.name, count, seed, probes))
        models = {model.id for model in one.models}
        progress(0, len(models), "graphs")
        for name in sorted(models & planted.broken):
            on_error(name, depara.ModelError(f"{name} has no *weights* here."))
        known = models - planted.broken
        return benchmarks.Evidence(tuple(graph for graph in GRAPHS if graph.model in known), (), {})

    def known_scores(evidence, *, progress, **more):
        progress(0, 1, "Scores of rsa")
        ids = [graph.model for graph in evidence.graphs]
        return {name: frame.loc[ids, ids] for name, frame in scores().items()}

    monkeypatch.setenv("DEPARA_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(jobs, "PATIENCE_S", 60.0)
    monkeypatch.setattr(transfer_table, "transfer_tables", lambda: ("rooms",))
    monkeypatch.setattr(benchmarks, "load_transfer_table", lambda name: table())
    monkeypatch.setattr(benchmarks, "model", opened)
    monkeypatch.setattr(benchmarks, "gather", gather)
    monkeypatch.setattr(scoring, "score_pairs", known_scores)
    monkeypatch.setattr(sweeps, "over_probes", lambda graphs, progress: SWEEP)
    monkeypatch.setattr(sweeps, "over_probe_sets", lambda specs, sets, progress: SWEEP)
    monkeypatch.setattr(benchmarks, "probe_sets", lambda count, seed, progress: [])
    monkeypatch.setattr(layer_study, "read_layer_table", lambda folder=None: unmeasured())
    monkeypatch.setattr(held_out, "is_here", lambda: False)
    monkeypatch.setattr(committed, "committed_benchmark", lambda: None)
    monkeypatch.setattr(layer_scores, "target_probes", lambda **given: None)
    images = np.zeros((12, 8, 8, 3), dtype=np.uint8)
    monkeypatch.setattr(depara, "load_probes", lambda *given, **options: depara.ProbeSet(images, ("i",) * 12))
    st.cache_data.clear()
    st.cache_resource.clear()
    yield planted
    st.cache_data.clear()
    st.cache_resource.clear()


def open_page(**query):
    """The page with all that its tab offers computed: nothing of it begins by itself."""
    app = start_app("evaluate", **query)
    for button in [button.key for button in app.button if button.key.endswith("-begin")]:
        app.button(key=button).click().run()
        assert not app.exception, app.exception
    return app


def text(app):
    return " ".join(block.value for block in [*app.markdown, *app.caption])


def evaluation(lam=1.0, budget=1000):
    matrix = depara.similarity_matrix(list(GRAPHS))
    return scoring.assess({**scores(), "depara": matrix.to_frame(lam)}, table().frame(budget))


def test_page_answers_with_what_depara_finds_and_whether_its_rival_is_better(benchmark):
    app = open_page()
    assert app.title[0].value == "Does the score tell the truth?"
    mean = evaluation().summary().loc[("depara", "P@5"), "mean"]
    assert f"DEPARA finds :violet[**{mean:.2f}**]" in text(app)
    assert "10 measured targets" in text(app)
    assert evaluation().compare("depara", "rsa", "P@5").verdict == "no"
    assert "**RSA** by P@5 is better." in text(app)
    assert benchmark.asked == [("rooms", 100, 0, None)]


TABS = {
    "verdict": ["curves", "differences", "measures"],
    "targets": ["targets", "ranks", "measured", "predicted"],
    "robustness": ["lambda", "probes", "sets"],
    "layers": ["predictors", "cuts", "layers", "agreement"],
    "published": ["published"],
}


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_draws_its_own_figures(benchmark, tab):
    drawn = figures(open_page(tab=tab))
    assert [name.removeprefix("evaluate.") for name in drawn if name.startswith("evaluate.")] == TABS[tab]


def test_every_figure_is_drawn_from_the_evaluation(benchmark):
    drawn = figures(open_page())
    means = evaluation().summary().xs("P@5", level="measure")["mean"]
    points = {
        row[1]: x
        for trace in drawn["evaluate.measures"]["data"]
        for row, x in zip(trace["customdata"], _numbers(trace["x"]), strict=True)
    }
    assert points == pytest.approx(means.to_dict())
    drawn = figures(open_page(tab="targets"))
    places = {row[1]: row[3] for trace in drawn["evaluate.ranks"]["data"] for row in trace["customdata"]}
    expected = depara.similarity_matrix(list(GRAPHS)).to_frame(1.0)["rooms/normal"].drop("rooms/normal")
    assert places == pytest.approx(expected.to_dict())


def _numbers(values):
    """Plotly packs arrays; read them back."""
    if isinstance(values, dict):
        from base64 import b64decode

        return np.frombuffer(b64decode(values["bdata"]), dtype=values["dtype"]).tolist()
    return values


def test_controls_change_the_address_and_the_numbers(benchmark):
    app = open_page()
    app.selectbox(key="evaluate.measure").set_value("Spearman").run()
    app.selectbox(key="evaluate.budget").set_value(250).run()
    app.select_slider(key="evaluate.lam").set_value(10.0).run()
    assert (app.query_params["measure"], app.query_params["budget"]) == ("Spearman", "250")
    compared = evaluation(10.0, 250).compare("depara", "rsa", "Spearman")
    assert f"Spearman differs by **{signed(compared.difference)}**" in text(app)
    measures = figures(app)["evaluate.measures"]["layout"]["xaxis"]["title"]["text"]
    assert measures.startswith("Spearman (mean of 10 targets")


def test_pair_metrics_and_target_of_a_link_are_shown(benchmark):
    link = {"metric": "cka", "rival": "rsa", "metrics": ["rsa", "cka"], "target": "rooms/<b>odd</b>"}
    app = open_page(**link, published="1")
    assert ":red[**No, it is worse.**]" in text(app)
    drawn = figures(app)
    curves = [trace["name"] for trace in drawn["evaluate.curves"]["data"]]
    assert curves[:4] == ["measured transfer", "a random order", "RSA", "Linear CKA"]
    assert "published: DEPARA" in curves
    app = open_page(**link, tab="targets")
    assert "Predicted against measured for \\<b\\>odd\\</b\\>" in [block.value for block in app.subheader]


def asked(app, *names):
    """What the address says."""
    return [np.ravel(app.query_params[name])[0] for name in names]


def test_a_click_on_any_mark_brings_what_stands_behind_it(click, benchmark):
    app = open_page(published="1")
    click(app, "evaluate.curves", 1, "cka", "Linear CKA", 0.2)
    assert asked(app, "metric", "measure") == ["cka", "P@1"]
    click(app, "evaluate.curves", 3, "rsa", "RSA", 0.2)  # no figure has a K of 3: it stays
    assert asked(app, "metric", "measure") == ["rsa", "P@1"]
    click(app, "evaluate.curves", 1, "", "published: DEPARA", 0.2)
    assert asked(app, "metric") == ["rsa"]
    app = open_page(tab="robustness")
    click(app, "evaluate.lambda", "Spearman", 10.0)
    assert asked(app, "measure", "lam") == ["Spearman", "10.0"]
    assert "metric" not in app.query_params  # DEPARA, whose figures these are
    click(app, "evaluate.probes", "Spearman", 12)
    assert asked(app, "measure") == ["Spearman"]
    app = open_page(tab="published")
    click(app, "evaluate.published", "RSA", "P@1")
    assert asked(app, "metric", "measure") == ["rsa", "P@1"]
    app = open_page(tab="targets")
    click(app, "evaluate.ranks", 0, "rooms/a")
    assert asked(app, "source", "target") == ["rooms/a", "rooms/normal"]


def test_the_sanity_room_shows_which_scores_see_its_cases(benchmark):
    app = open_page(tab="robustness")
    (shown,) = [one.value for one in app.dataframe if "Shuffled labels" in one.value]
    told = shown.set_index("score")["Shuffled labels"].astype(float)
    expected = sanity_room.seen(sanity_room.read_room())["labels"]
    assert told.to_dict() == {title(metric): pytest.approx(value, abs=0.006) for metric, value in expected.items()}


def test_the_evaluation_can_be_taken_away(benchmark, downloads):
    open_page(lam="2.0", budget="250", measure="Spearman")
    measures = pd.read_parquet(io.BytesIO(downloads["rooms-measures.parquet"]()))
    expected = evaluation(2.0, 250).summary()
    found = measures.set_index(["metric", "measure"])["mean"]
    pd.testing.assert_series_equal(found.loc[expected.index], expected["mean"])
    assert (measures.attrs["provenance"]["budget"], measures.attrs["provenance"]["lam"]) == (250, 2.0)
    transfer_table = pd.read_csv(io.BytesIO(downloads["rooms-transfer.csv"]()))
    assert len(transfer_table) == 90
    assert transfer_table["measured"].sum() == pytest.approx(np.nansum(table().frame(250)))
    scored = pd.DataFrame(json.loads(downloads["rooms-scores.json"]())["rows"])
    sizes = scored.groupby("metric").size()
    assert (sizes["depara"], sizes["logme"], sizes["static_mean"]) == (90, 81, 90)
    for name in ("curves", "metrics"):
        assert 'class="plotly-graph-div"' in downloads[f"rooms-{name}.html"]().decode()
    script = downloads["depara-evaluate.py"]()
    compile(script, "taken.py", "exec")
    assert "to_frame(2.0)" in script
    assert "frame(250)" in script
    assert len(downloads) == 4 * 4 + 2 + 1


def test_without_models_the_truth_can_still_be_taken_away(benchmark, downloads):
    benchmark.broken = set(MODELS)
    open_page()
    scored = pd.read_parquet(io.BytesIO(downloads["rooms-scores.parquet"]()))
    assert set(scored["metric"]) == set(scoring.CONTROLS)
    assert "depara-evaluate.py" not in downloads


def test_unknown_words_in_a_link_fall_back(benchmark):
    app = open_page(metric="psychic", rival="depara", benchmark="mars", budget="7", metrics="none")
    assert not app.error
    assert app.selectbox(key="evaluate.metric").value == "depara"
    assert app.selectbox(key="evaluate.rival").value != "depara"
    told = " ".join(warning.value.replace("\\", "") for warning in app.warning)
    for wrong in (
        "benchmark as 'mars'",
        "'psychic', which is no metric",
        "'none', which is no metric",
        "'7', which is",
    ):
        assert wrong in told
    assert "250" not in app.query_params.get("budget", "")


def test_a_target_that_was_not_measured_is_told(benchmark):
    app = open_page(target="rooms/unmeasured")
    assert "'rooms/unmeasured', which is no measured target here" in app.warning[0].value.replace("\\", "")
    assert not open_page().warning


def test_metric_undefined_for_a_target_says_so(benchmark):
    app = open_page(metric="logme", target="rooms/a", tab="targets")
    assert "LogME is not defined for this target" in text(app)
    assert "evaluate.ranks" not in figures(app)
    app = open_page(metric="logme", target="rooms/a")
    assert "LogME \\(1\\)" in text(app)


def test_one_missing_model_is_told_and_the_rest_is_evaluated(benchmark):
    benchmark.broken.add("rooms/f")
    app = open_page()
    assert "**rooms/f**: rooms/f has no \\*weights\\* here\\." in text(app)
    assert "On **9 measured targets**" in text(app)


def test_benchmark_without_its_models_says_what_to_install_and_shows_the_rest(benchmark):
    benchmark.broken.update(MODELS)
    app = open_page()
    assert "The models of this benchmark are not here" in [block.value for block in app.subheader]
    assert "has no \\*weights\\* here" in text(app)
    assert "evaluate.measures" in figures(app)
    drawn = figures(open_page(tab="targets"))
    assert "evaluate.measured" in drawn
    assert "evaluate.predicted" not in drawn
    assert "evaluate.published" in figures(open_page(tab="published"))
    benchmark.broken.clear()
    app.button(key="evaluate.again").click().run()
    assert "DEPARA finds" in text(app)


def test_no_truth_is_a_designed_state(benchmark, monkeypatch):
    monkeypatch.setattr(transfer_table, "transfer_tables", lambda: ())
    app = open_page()
    assert "No measured transfer is here." in [block.value for block in app.subheader]
    assert not figures(app)


def test_table_lists_every_figure_of_every_metric(benchmark):
    shown = open_page().dataframe[0].value
    assert list(shown.columns) == ["metric", "kind", *MEASURES, "paper"]
    assert set(shown["kind"]) == {"label-free", "with labels", "control"}
    assert shown["metric"].tolist()[0] == "RSA"
    assert json.dumps(shown["P@1"].tolist()[0]) == '"1.00 [1.00, 1.00]"'


def test_zoo_of_another_seed_is_shown_where_its_tables_are(benchmark, monkeypatch):
    other = replace(table(), table=table().table.query("budget == 250"))
    monkeypatch.setattr(held_out, "is_here", lambda: True)
    monkeypatch.setattr(held_out, "held_out_scores", lambda: ({"depara": affinities(1), "rsa": affinities(8)}, other))
    app = open_page()
    assert "On a zoo that no choice was made on" in [block.value for block in app.subheader]
    assert "Is **DEPARA** better than **RSA** there? :green[**Yes.**]" in text(app)
    points = [row[1] for trace in figures(app)["evaluate.heldout"]["data"] for row in trace["customdata"]]
    assert set(points) == {"depara", "rsa", *scoring.CONTROLS}


def layers(source):
    """Three cuts at two budgets; S picks conv2 where conv3 is best with much data, and conv3, the best, with little."""
    rows = [
        {
            "source": source,
            "layer": f"conv{k}",
            "k": k,
            "budget": budget,
            "lam": lam,
            "node": 0.5,
            "edge": edge,
            "score": 0.5 + lam * edge,
            "accuracy": accuracy,
            "scratch": 0.55,
            "negative": accuracy < 0.55,
        }
        for budget, lam, edges, found in (
            (0.1, 1.0, (0.1, 0.6, 0.2), (0.5, 0.6, 0.7)),
            (0.01, 10.0, (0.0, 1.0, 2.0), (0.6, 0.7, 0.8)),
        )
        for k, edge, accuracy in zip((1, 2, 3), edges, found, strict=True)
    ]
    return pd.DataFrame(rows)


def test_layers_measured_here_stand_beside_the_published_ones(click, benchmark, monkeypatch):
    sources = [f"rooms/{name}" for name in layer_study.STUDY_SOURCES]
    full = [(source, k) for source in sources for k in range(1, len(layer_study.CUTS) + 1)]
    known = pd.DataFrame([*full, (layer_study.SCRATCH, 0)], columns=["source", "k"])
    monkeypatch.setattr(layer_study, "read_layer_table", lambda folder=None: known)
    both = pd.concat([layers(source) for source in sources])
    monkeypatch.setattr(layer_scores, "score_layers", lambda probes, progress: both)
    app = open_page(tab="layers")
    assert "With 10 % of the labels S picks conv2, conv3 is best \\(10\\.0 points lost\\)" in text(app)
    assert "S picks conv3, the best; from scratch 55\\.0 %, and 0 of 3 cuts do worse" in text(app)
    rows = figures(app)["evaluate.agreement"]["layout"]["yaxis"]["ticktext"]
    assert rows[0].startswith("DNN-")
    assert len(rows) == 8
    assert sum("published" in row for row in rows) == 4
    click(app, "evaluate.dnn_rich", 1, "conv2")
    assert asked(app, "study_source", "study_layer") == ["rooms/dnn_rich", "conv2"]
    assert "target" not in app.query_params  # the study has a target of its own
    (why,) = [link.proto for link in app.get("page_link") if link.proto.label == "Why this score of conv2?"]
    query = parse_qs(why.query_string)
    ends = [query[name] for name in ("source", "source_layer", "target")]
    assert ends == [["rooms/dnn_rich"], ["conv2"], ["rooms/dnn_target"]]
    assert query["models"] == ["rooms/dnn_source", "rooms/dnn_rich", "rooms/dnn_target"]


def test_layers_measured_in_part_are_not_shown(benchmark, monkeypatch):
    part = pd.DataFrame(
        [(f"rooms/{layer_study.STUDY_SOURCES[0]}", 1), (layer_study.SCRATCH, 0)], columns=["source", "k"]
    )
    monkeypatch.setattr(layer_study, "read_layer_table", lambda folder=None: part)
    assert "Our own layers are not measured yet." in text(open_page(tab="layers"))


def test_layer_study_on_photographs_is_told_and_shown_seed_by_seed(benchmark):
    app = open_page(tab="layers")
    found = layer_report()
    assert page_text.plain(found.sentence) in text(app)
    drawn = figures(app)
    assert len(_numbers(drawn["evaluate.predictors"]["data"][0]["x"])) == len(found.summary)
    curve = next(one for one in drawn["evaluate.cuts"]["data"] if one.get("mode") == "lines+markers")
    expected = found.curves[1].query("source == 'dnn_rich' and labels == 100")["accuracy"]
    assert _numbers(curve["y"]) == pytest.approx((100 * expected).tolist())
    app.segmented_control(key="evaluate.study_seed").set_value(3).run()
    assert asked(app, "study_seed") == ["3"]
    expected = found.curves[3].query("source == 'dnn_rich' and labels == 100")["accuracy"]
    curve = next(one for one in figures(app)["evaluate.cuts"]["data"] if one.get("mode") == "lines+markers")
    assert _numbers(curve["y"]) == pytest.approx((100 * expected).tolist())
    app.segmented_control(key="evaluate.study_way").set_value("fine-tuned").run()
    tuned = layer_report(way="fine-tuned")
    assert page_text.plain(tuned.sentence) in text(app)
    assert tuned.sentence != found.sentence
    links = [one.proto for one in app.get("page_link") if one.proto.label.endswith("computed here")]
    assert [parse_qs(link.query_string)["probes"] for link in links] == [["fashion"]] * 2


@pytest.fixture
def at_once(benchmark, monkeypatch):
    """Committed scores are at hand, and computing any takes until the test says so."""
    from pages.shared import jobs

    known = ScoredBenchmark("rooms", table(), tuple(spec(m, GROUPS[m]) for m in MODELS), (), scores(), (), "committed")
    gate = threading.Event()
    monkeypatch.setattr(committed, "committed_benchmark", lambda: known)
    monkeypatch.setattr(jobs, "PATIENCE_S", 0.1)

    def some(evidence, *, progress, **more):
        publish({name: scores()[name] for name in ("depara", "rsa")})
        gate.wait(30)
        return scores()

    monkeypatch.setattr(scoring, "score_pairs", some)
    benchmark.gate = gate
    yield benchmark
    gate.set()


def test_committed_scores_answer_at_once_and_nothing_is_computed_unasked(at_once):
    from pages.shared import cache

    for tab in TABS:
        app = start_app("evaluate", tab=tab)
        assert "DEPARA finds :violet[**" in text(app)
        assert cache.queue().jobs() == ()
    assert at_once.asked == []


def test_other_images_are_scored_when_somebody_asks_and_each_metric_is_shown_as_it_comes(at_once):
    from pages.shared import cache

    app = start_app("evaluate", count="12")
    assert "DEPARA finds :violet[**" in text(app)
    assert "Shown meanwhile: the committed scores, on 100 rooms." in text(app)
    assert cache.queue().jobs() == ()
    app.button(key="scores-begin").click().run()
    (job,) = cache.queue().jobs()
    for _ in range(100):
        if job.partial is not None:
            break
        job.wait(0.1)
    app.run()
    assert "Shown: the 2 metrics that are there so far." in text(app)
    assert set(app.selectbox(key="evaluate.metric").options) == {"DEPARA", "RSA", *map(title, scoring.CONTROLS)}
    at_once.gate.set()
    assert job.wait(30)
    app.run()
    assert "so far" not in text(app)
    assert "Linear CKA" in app.selectbox(key="evaluate.metric").options


def test_the_committed_scores_are_those_of_the_bundled_weights():
    found = committed.committed_benchmark()
    assert found is not None
    assert len(found.models) == 20
    known = found.scores_at(0.0)
    pd.testing.assert_frame_equal(known["depara"], found.scores["nodes"], check_names=False)
    ten = found.scores_at(10.0)["depara"]
    pd.testing.assert_frame_equal(ten, found.scores["nodes"] + 10 * found.scores["edges"], check_names=False)
    assert found.evaluate(1.0).summary().loc[("depara", "P@5"), "mean"] > 0.6


def test_a_target_is_chosen_without_a_mouse(benchmark):
    app = open_page(tab="targets")
    app.selectbox(key="evaluate.target").set_value("rooms/c").run()
    assert asked(app, "target") == ["rooms/c"]
    assert "Predicted against measured for c" in [block.value for block in app.subheader]
