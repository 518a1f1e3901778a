"""Setup: every choice lands in the address, the cost is told before, the outcome after."""

import pytest

from depara_core.errors import ProbeError
from pages.shared import uploads


def captions(test):
    return " ".join(element.value for element in test.main.caption)


def test_the_cost_is_told_before_anything_runs(app, zoo):
    test = app("setup")
    zoo.asked.clear()
    test.number_input(key="setup.count").set_value(10).run()
    assert "4 models × up to 10 images, 4 layers: **40 attributions**" in captions(test)
    assert zoo.asked == []
    assert test.button(key="setup.run")


def test_the_run_uses_what_was_chosen_and_reports_what_came_of_it(app, zoo):
    test = app("setup")
    zoo.broken = {"rooms/reshading"}
    test.number_input(key="setup.count").set_value(9).run()
    test.selectbox(key="setup.preset").select("released_models").run()
    test.selectbox(key="setup.method").select("saliency").run()
    test.button_group(key="setup.layers").set_value("all").run()
    assert "12 layers: **108 attributions**" in captions(test)
    zoo.asked.clear()
    test.button(key="setup.run").click().run()
    test.run()
    ((models, count, layers, options),) = zoo.asked
    assert (len(models), count, layers) == (4, 9, "all")
    assert (options.method, options.objective, options.center) == ("saliency", "mean", True)
    assert "9 graphs of 3 models on 9 images are ready." in test.success[0].value
    assert any("1 model could not be computed" in expander.label for expander in test.expander)


def test_a_store_that_keeps_nothing_is_told_and_the_result_is_shown(app, zoo):
    zoo.trouble = "The result cannot be kept in /full_disk: No space left on device."
    test = app("setup")
    assert any("graphs of" in element.value for element in test.success)
    (told,) = [one for one in test.expander if "not kept" in one.label]
    assert "No space left on device" in told.markdown[0].value
    assert r"full\_disk" in told.markdown[0].value


def test_an_option_goes_back_to_the_preset(app):
    test = app("setup", method="saliency", center="0")
    test.selectbox(key="setup.method").select("").run()
    assert "method" not in test.query_params
    test.selectbox(key="setup.center").select(True).run()
    assert test.query_params["center"] == "1"


def test_a_group_of_the_zoo_and_back_to_all(app):
    test = app("setup")
    test.button(key="setup.group.3D").click().run()
    assert test.query_params["models"] == ["rooms/normal", "rooms/reshading"]
    test.button(key="setup.group.All bundled").click().run()
    assert "models" not in test.query_params


def test_a_torchvision_model_joins(app):
    test = app("setup")
    test.selectbox(key="setup.weights").select("none").run()
    test.button(key="setup.add").click().run()
    assert test.query_params["models"][-1] == "torchvision/resnet18@none"
    assert len(test.query_params["models"]) == 5


def test_a_folder_must_exist(app, tmp_path):
    test = app("setup")
    test.button_group(key="setup.kind").set_value("path").run()
    test.text_input(key="setup.path").set_value("/no_such *folder*").run()
    assert r"/no\_such \*folder\*" in test.main.warning[0].value
    test.text_input(key="setup.path").set_value(str(tmp_path)).run()
    test.button(key="setup.use").click().run()
    assert test.query_params["probes"] == str(tmp_path)


@pytest.mark.parametrize("source", ["upload/gone", "upload/../../etc", "upload/"])
def test_an_upload_that_is_gone_says_what_to_do(source, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_STORE", str(tmp_path))
    with pytest.raises(ProbeError, match="Upload them again"):
        uploads.load(source, 10, 0)
