"""Choose: one table of scores, measured accuracy and costs; what needs labels waits for them; all can be taken away."""

import ast
import io
import json
import shlex
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tiny
from planted_pages import figures, start_app
from typer.testing import CliRunner

import depara_core as depara
from depara_core.choice import example
from depara_core.cli import app as command_line
from depara_core.exports.choice import choice_command, choice_python
from depara_core.exports.scripts import ScriptProbes
from pages.shared import cache, uploads

IDS = tuple(f"test/tiny{seed}" for seed in range(4))
SIX = tuple(f"test/tiny{seed}" for seed in range(6))


def networks(count=4):
    specs = [tiny.spec(tiny.shared_relu(seed), name=f"tiny{seed}") for seed in range(count)]
    return {
        spec.id: replace(
            spec, bundled=True, _open=lambda _, spec=spec, n=number: replace(spec._open(None), digest=f"{n:064d}")
        )
        for number, spec in enumerate(specs)
    }


def images(count, classes):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    drawn = rng.integers(0, 200, (count, 8, 8, 3)) + 40 * labels[:, None, None, None]
    told = [f"class {one}" for one in labels] if classes else None
    return depara.ProbeSet.from_arrays(drawn.astype(np.uint8), labels=told)


@pytest.fixture
def planted(monkeypatch, open_page):
    """Plant four networks that run at once, and labelled images under "fashion", unlabelled ones under "rooms"."""
    known = networks()

    def model(name):
        if name not in known:
            raise depara.ModelError(f"There is no model {name!r}.")
        return known[name]

    monkeypatch.setattr(depara, "model", model)
    monkeypatch.setattr(depara, "list_models", lambda source=None: list(known.values()))
    monkeypatch.setattr(depara, "load_probes", lambda source, *, count, **_: images(24, source == "fashion"))
    monkeypatch.setattr(example, "CANDIDATES", IDS[:3])
    for wrapper in (cache.zoo, cache.spec):
        wrapper.clear()
    yield known
    for wrapper in (cache.zoo, cache.spec):
        wrapper.clear()


def opened(**query):
    app = start_app("choose", **query)
    return finished(app)


def finished(app):
    """Run until nothing is computed any more: a page waits in runs of its own."""
    for job in cache.queue().jobs():
        job.wait(60)
    app.run()
    assert not app.exception, app.exception
    return app


def words(app):
    return " ".join(one.value for one in [*app.markdown, *app.caption, *app.subheader]).replace("\\", "")


def shown(app):
    (table,) = [one.value for one in app.dataframe if "GFLOPs" in one.value]
    return table


def test_without_labels_only_what_needs_none_and_an_example_is_one_click_away(planted):
    app = opened()
    assert "nothing tells these candidates apart but their costs" in words(app)
    assert list(shown(app).columns) == ["model", "parameters", "GFLOPs", "input", "ImageNet", "images/s"]
    assert figures(app) == {}
    assert "choose.measure" not in [button.key for button in app.button]
    app = finished(app.button(key="choose.example").click().run())
    assert app.query_params["probes"] == "fashion"
    assert sorted(shown(app)["model"]) == sorted(IDS[:3])
    assert "accuracy" in shown(app)
    assert "By measured accuracy of a linear head on frozen features" in words(app)


def test_labels_give_ranks_with_intervals_and_a_button_measures(planted):
    app = opened(probes="fashion")
    assert list(shown(app).columns)[:3] == ["model", "consensus", "DEPARA"]
    assert "nothing was measured" in words(app)
    assert "DEPARA is the edges' s_E alone" in words(app)
    assert "choose.cost" in figures(app)
    app = finished(app.button(key="choose.measure").click().run())
    assert app.query_params["measured"] == "1"
    assert list(shown(app).columns)[1] == "accuracy"
    expected = depara.fit(planted.values(), images(24, True)).set_index("model")["accuracy"].sort_values()
    told = shown(app).set_index("model")["accuracy"]
    assert {name: float(text.split(" ")[0]) for name, text in told.items()} == pytest.approx(
        (100 * expected).round(1).to_dict()
    )


def test_a_network_as_target_is_no_candidate(planted):
    app = opened(against="network", target=IDS[1], lam="0.5")
    assert sorted(shown(app)["model"]) == [IDS[0], IDS[2], IDS[3]]
    assert list(shown(app).columns)[:3] == ["model", "consensus", "DEPARA"]
    assert "LogME" not in shown(app)  # these images have no labels
    labelled = opened(against="network", target=IDS[1], probes="fashion")
    assert {"DEPARA", "LogME", "NCE"} <= set(shown(labelled).columns)


def test_labels_can_be_left_aside(planted):
    app = opened(probes="fashion", against="none", measured="1")
    assert list(shown(app).columns)[:2] == ["model", "parameters"]
    assert not app.error


def test_a_candidate_that_fails_is_told_and_the_rest_goes_on(planted):
    def broken(_):
        raise depara.ModelError("Expected *whole* weights.")

    planted[IDS[2]] = replace(planted[IDS[2]], _open=broken)
    app = opened(probes="fashion")
    assert len(shown(app)) == 3
    (told,) = [one for one in app.expander if "could not be computed" in one.label]
    assert "Expected *whole* weights" in told.markdown[0].value.replace("\\", "")


def test_the_ranking_on_parts_of_the_images_is_computed_on_request(planted):
    app = opened(probes="fashion")
    (button,) = [one for one in app.button if "parts of the images" in one.label]
    app = finished(button.click().run())
    (table,) = [one.value for one in app.dataframe if "best kept" in one.value]
    assert table["images"].tolist()[0] == "25 % of the images (6)"
    assert not any("other images" in one for one in table["images"])


def test_the_ranking_on_other_images_is_computed_on_request(planted):
    app = opened(probes="fashion", others="fashion")
    (button,) = [one for one in app.button if "and on the others" in one.label]
    app = finished(button.click().run())
    (table,) = [one.value for one in app.dataframe if "best kept" in one.value]
    assert table["images"].tolist()[-1] == "other images: arrays (24)"
    assert table["best kept"].tolist()[-1] == "100 %"
    app = app.text_input(key="choose.other").set_value("/nowhere").run()
    app = app.button(key="choose.other.use").click().run()
    assert "There is nothing at" in app.warning[0].value
    app = app.button(key="choose.other.none").click().run()
    assert "others" not in app.query_params


def test_the_best_are_fine_tuned_on_request(planted):
    app = opened(probes="fashion", measured="1")
    (button,) = [one for one in app.button if one.label == "Fine-tune the best 3"]
    app = finished(button.click().run())
    (table,) = [one.value for one in app.dataframe if "fine-tuned" in one.value]
    assert table["model"].tolist() == shown(app)["model"].tolist()[:3]
    assert (table["frozen"] == [text.split(" (")[0] for text in shown(app)["accuracy"][:3]]).all()


def test_models_that_do_not_exist_leave_an_empty_page(planted):
    app = opened(models=["test/none"])
    assert "None of the chosen models exists here" in words(app)


def test_all_of_it_can_be_taken_away(planted, downloads):
    app = opened(probes="fashion", measured="1")
    names = {
        "report-choice.html",
        "choice.csv",
        "choice.json",
        "choice.parquet",
        "choice.origin.json",
        "quality-cost.html",
    }
    assert set(downloads) == {*names, "depara-choose.py", "measured.csv"}
    measured = pd.read_csv(io.BytesIO(downloads["measured.csv"]().encode()))
    assert measured["model"].tolist() == shown(app)["model"].tolist()
    assert set(measured["target"]) == {"fashion"}
    table = pd.read_csv(io.BytesIO(downloads["choice.csv"]()), comment="#")
    assert table["model"].tolist() == shown(app)["model"].tolist()
    assert json.loads(downloads["choice.json"]())["rows"][0]["model"] == table["model"][0]
    assert "Do the scores tell the truth here?" in downloads["report-choice.html"]().decode()
    scope = {}
    exec(compile(downloads["depara-choose.py"](), "choose.py", "exec"), scope)
    assert scope["choice"].table["accuracy"].tolist() == pytest.approx(table["accuracy"].tolist())
    assert app.code[0].value.startswith("depara choose --models test/tiny")


@pytest.mark.parametrize("target", ["labels", "rooms/x'y", None])
def test_the_python_is_python_and_the_command_a_command(target):
    probes = ScriptProbes("/pictures/my cats", 50, 3, "abc")
    code = choice_python(["rooms/a", "rooms/'b"], probes, target=target, lam=0.5, measure=False)
    ast.parse(code)
    assert ("labels=None" in code) == (target is None)
    assert "measure=False" in code
    command = shlex.split(choice_command(["rooms/a", "rooms/'b"], probes, target=target, lam=0.5, measure=False))
    assert command[:6] == ["depara", "choose", "--models", "rooms/a", "--models", "rooms/'b"]
    assert command[command.index("--images") + 1] == "/pictures/my cats"
    assert ("--target" in command) == (target == "rooms/x'y")
    assert not {"--split", "--background"} & set(command)
    parts = replace(probes, split="val", background="#808080")
    command += shlex.split(choice_command(["rooms/a"], parts, target=target, measure=False))
    assert command[command.index("--split") + 1] == "val"
    assert command[command.index("--background") + 1] == "#808080"
    assert "split='val', background='#808080')" in choice_python(["rooms/a"], parts, target=target, measure=False)
    options = CliRunner().invoke(command_line, ["choose", "--help"], env={"COLUMNS": "200"}).output
    assert all(word in options for word in command if word.startswith("--"))


def test_own_results_are_a_benchmark_on_evaluate(planted, downloads):
    """A table of a labelled target and a network: read, scored by a click, and held against size."""
    planted |= networks(6)
    lines = [f"{name},fashion,{90 - 5 * place}" for place, name in enumerate(SIX)]
    lines += [f"{name},{SIX[5]},{40 + 5 * place}" for place, name in enumerate(SIX)]
    kept = uploads.keep([("mine.csv", "\n".join(["model,target,value", *lines, "test/<b>,fashion,3"]).encode())])
    app = finished(start_app("evaluate", tab="mine", own=kept))
    assert "6 models** and **2 targets**, 1 of them networks" in words(app)
    assert "'test/<b>' is left out" in words(app)
    (button,) = [one for one in app.button if one.label == "Hold every score against them"]
    app = finished(button.click().run())
    (table,) = [one.value for one in app.dataframe if "p (P@5)" in one.value]
    assert {"DEPARA", "LogME", "local directed", "static: size", "static (mean)"} <= set(table["metric"])
    assert "evaluate.mine" in figures(app)
    assert "Cannot tell whether depara is better than static_size" in words(app)
    scores = pd.read_csv(io.BytesIO(downloads["my-scores.csv"]()))
    assert set(scores.loc[scores["metric"] == "logme", "target"]) == {"fashion"}


@pytest.mark.parametrize(
    ("table", "message"),
    [(b"network,accuracy\n<script>,1\n", "lacks model, target, value"), (b"\x00\xff", "cannot be read as a CSV")],
)
def test_a_table_that_is_none_says_so(planted, table, message):
    app = finished(start_app("evaluate", tab="mine", own=uploads.keep([("mine.csv", table)])))
    assert message in app.error[0].value.replace("\\", "")


def test_a_table_opens_no_path_that_nobody_agreed_to(planted, monkeypatch):
    monkeypatch.delenv("DEPARA_ROOTS")
    lines = [f"{name},/etc,{90 - 5 * place}" for place, name in enumerate(IDS)]
    kept = uploads.keep([("mine.csv", "\n".join(["model,target,value", *lines, "file//etc/x.pth,/etc,3"]).encode())])
    app = finished(start_app("evaluate", tab="mine", own=kept))
    assert "names a file on this machine, which nobody has agreed to read" in words(app)
    assert "Hold every score against them" not in [one.label for one in app.button]
    assert "/etc" in words(app)
    assert "consent.agree" in [one.key for one in app.button]


def kept(lines):
    return uploads.keep([("birds.csv", "\n".join(lines).encode())])


def test_a_column_of_classes_stands_in_place_of_the_labels(planted, downloads):
    names = images(24, False).names
    table = kept(["name,colour,size", *(f"{name},{'gr'[i % 2]},{i * i}" for i, name in enumerate(names))])
    app = opened(against="table", table=table, target="labels/birds: colour")
    assert {"DEPARA", "LogME", "NCE"} <= set(shown(app).columns)
    assert "choose.measure" in [button.key for button in app.button]
    code = downloads["depara-choose.py"]()
    assert "by_file(probes, 'path/to/birds.csv', target='labels/birds: colour')" in code.replace('"', "'")
    compile(code, "choose.py", "exec")
    assert "birds.csv:colour" in app.code[0].value
    by_labels = opened(probes="fashion")
    assert shown(by_labels)["consensus"].tolist() == shown(app)["consensus"].tolist()  # the same two classes


@pytest.mark.parametrize("target", ["labels/birds", "labels/birds: size"])
def test_numbers_and_several_columns_are_compared_by_edges_alone(planted, target):
    names = images(24, False).names
    table = kept(["name,colour,size", *(f"{name},{'gr'[i % 2]},{i * i}" for i, name in enumerate(names))])
    app = opened(against="table", table=table, target=target)
    assert "DEPARA" in shown(app)
    assert "LogME" not in shown(app)
    assert "DEPARA is the edges' s_E alone" in words(app)
    assert app.selectbox(key="choose.known").value == target


def test_a_table_of_other_images_is_told(planted):
    app = opened(against="table", table=kept(["name,colour", "a,r", "b,g"]), target="labels/birds")
    assert "no probe is named 'a', 'b'" in " ".join([words(app), *(one.value.replace("\\", "") for one in app.error)])
    bare = opened(against="table")
    assert list(shown(bare).columns)[:2] == ["model", "parameters"]
    damaged = opened(against="table", table=uploads.keep([("x.npz", b"PK\x03\x04 no archive")]))
    assert "is no .npz of plain arrays" in damaged.error[0].value.replace("\\", "")
