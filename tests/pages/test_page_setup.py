"""Setup: every choice lands in the address, the cost is told before, the outcome after."""

import io
import types
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from planted_pages import GRID, comparison, planted_graph, planted_probes, spec

import depara_core as depara
from depara_core.errors import ProbeError
from depara_core.probes import load_probes
from depara_core.zoo import View, split_view
from depara_core.zoo.catalogue import EXTRAS, Entry
from pages.setup import choice, images, own
from pages.shared import cache, jobs, uploads
from pages.shared.parts import Data


def captions(test):
    return " ".join(element.value for element in test.main.caption)


def test_the_cost_is_told_before_anything_runs(open_page, zoo):
    test = open_page("setup")
    zoo.asked.clear()
    test.number_input(key="setup.count").set_value(10).run()
    assert "4 models × 10 images, 4 layers: **40 attributions**" in captions(test)
    assert "of memory taken beside the networks' weights" in captions(test)
    assert "How long it takes is told once a run has shown" in captions(test)
    assert zoo.asked == []
    assert test.button(key="setup.run")


def test_the_run_uses_what_was_chosen_and_reports_what_came_of_it(open_page, zoo):
    test = open_page("setup")
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


def test_the_run_says_what_came_of_the_pair_and_how_little_few_images_tell(open_page):
    test = open_page("setup", count="9", source="rooms/reshading", target="rooms/normal")
    test.button(key="setup.run").click().run()
    test.run()
    ends = [planted_graph(f"rooms/{name}", "output", planted_probes(9)) for name in ("reshading", "normal")]
    found = depara.similarity(*ends, grid=GRID)
    (said,) = [one.value for one in test.main.markdown if one.value.startswith("**reshading** and **normal**")]
    assert f"{found.total(1.0):.2f}".replace("-", "−") in said
    assert "9 images make 36 pairs: too few to tell anything" in said


def test_two_networks_of_torchvision_are_one_click(open_page):
    test = open_page("setup")
    test.button(key="setup.group.torchvision").click().run()
    chosen = [model.partition("@")[0] for model in test.query_params["models"]]
    assert chosen == ["torchvision/mobilenet_v3_small", "torchvision/squeezenet1_1"]


def test_the_photographs_are_taken_as_soon_as_they_are_chosen(open_page):
    test = open_page("setup")
    test.button_group(key="setup.kind").set_value("fashion").run()
    assert "".join(test.query_params["probes"]) == "fashion"
    test.button_group(key="setup.kind").set_value("path").run()  # says nothing until one is named
    assert "".join(test.query_params["probes"]) == "fashion"


def test_a_store_that_keeps_nothing_is_told_and_the_result_is_shown(open_page, zoo):
    zoo.trouble = "The result cannot be kept in /full_disk: No space left on device."
    test = open_page("setup")
    test.button(key="setup.run").click().run()
    test.run()
    assert any("graphs of" in element.value for element in test.success)
    (told,) = [one for one in test.expander if "not kept" in one.label]
    assert "No space left on device" in told.markdown[0].value
    assert r"full\_disk" in told.markdown[0].value


def test_an_option_goes_back_to_the_preset(open_page):
    test = open_page("setup", method="saliency", center="0")
    test.selectbox(key="setup.method").select("").run()
    assert "method" not in test.query_params
    test.selectbox(key="setup.center").select(True).run()
    assert test.query_params["center"] == "1"


def test_a_group_of_the_zoo_and_back_to_all(open_page):
    test = open_page("setup")
    test.button(key="setup.group.3D").click().run()
    assert test.query_params["models"] == ["rooms/normal", "rooms/reshading"]
    test.button(key="setup.group.All bundled").click().run()
    assert "models" not in test.query_params


FOUND = [
    Entry("torchvision/resnet18@IMAGENET1K_V1", "torchvision", "resnet", 224, ""),
    Entry("torchvision/resnet18@none", "torchvision", "resnet", 224, ""),
    Entry("torchvision/vgg11@none", "torchvision", "vgg", 224, ""),
]


@pytest.fixture
def catalogue(monkeypatch, tmp_path):
    """Plant three models that a search finds; `selected` names the rows of each table that are selected."""
    seen = types.SimpleNamespace(asked=[], tables={}, selected={})

    def search(words, *, source=None):
        seen.asked.append((words, source))
        return FOUND if words != "nothing" else []

    def rows(table, key):
        seen.tables[key] = table
        return seen.selected.get(key, [])

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(depara, "search_models", search)
    monkeypatch.setattr(choice, "rows", rows)
    return seen


def test_several_models_join_from_the_catalogue(open_page, catalogue):
    test = open_page("setup")
    assert catalogue.asked == []  # what nobody asks for is not listed
    test.selectbox(key="setup.from").select("torchvision").run()
    test.text_input(key="setup.words").set_value("resnet").run()
    assert catalogue.asked[-1] == ("resnet", "torchvision")
    table = catalogue.tables["setup.found"]
    assert list(table["Weights"]) == ["not here", "here", "here"]
    assert list(table["Pixels"]) == [224] * 3
    assert test.button(key="setup.add").disabled
    catalogue.selected["setup.found"] = [1, 2]
    test.run()
    test.button(key="setup.add").click().run()
    assert test.query_params["models"][-2:] == ["torchvision/resnet18@none", "torchvision/vgg11@none"]
    assert len(test.query_params["models"]) == 6


def test_a_family_alone(open_page, catalogue):
    test = open_page("setup")
    test.text_input(key="setup.words").set_value("net").run()
    test.selectbox(key="setup.family").select("vgg").run()
    assert list(catalogue.tables["setup.found"]["Name"]) == ["vgg11@none"]


def test_parameters_are_counted_on_demand(open_page, catalogue):
    test = open_page("setup")
    test.text_input(key="setup.words").set_value("net").run()
    assert "Parameters" not in catalogue.tables["setup.found"]
    test.toggle(key="setup.found_parameters").set_value(True).run()
    assert list(catalogue.tables["setup.found"]["Parameters"]) == ["11.7 M", "11.7 M", "132.9 M"]


def test_nothing_found_and_a_missing_package_are_told(open_page, catalogue, monkeypatch):
    monkeypatch.setitem(EXTRAS, "timm", "no_such_package")
    test = open_page("setup")
    test.selectbox(key="setup.from").select("timm").run()
    assert "pip install 'depara-explorer[timm]'" in test.main.warning[0].value
    test.text_input(key="setup.words").set_value("nothing").run()
    assert "No model has all these words" in test.main.info[0].value


def test_a_starter_set_joins(open_page, catalogue):
    test = open_page("setup")
    test.button(key="setup.starter.CNN against ViT").click().run()
    assert test.query_params["models"][-4:] == list(depara.STARTERS["CNN against ViT"])


def test_models_are_removed_and_all_cleared(open_page, catalogue):
    test = open_page("setup")
    assert list(catalogue.tables["setup.chosen"]["Layers"]) == ["3"] * 4
    catalogue.selected["setup.chosen"] = [0, 3]
    test.run()
    test.button(key="setup.remove").click().run()
    assert test.query_params["models"] == ["rooms/reshading", "rooms/denoising"]
    test.button(key="setup.clear").click().run()
    assert "0 chosen" in captions(test)
    assert "0 models" in captions(test)
    assert "setup.run" not in [button.key for button in test.button]
    catalogue.selected.clear()
    test.button(key="setup.group.3D").click().run()
    assert test.query_params["models"] == ["rooms/normal", "rooms/reshading"]


def test_what_networks_are_shown_is_chosen_for_all_of_them(open_page, catalogue, monkeypatch):
    planted = depara.model

    def model(id):
        plain, view = split_view(id)
        if not plain.startswith("torchvision/"):
            return planted(plain)
        return replace(spec(plain, "own"), own_view=View(72, 64, "bicubic")).seen(view)

    monkeypatch.setattr(depara, "model", model)
    names = ["rooms/normal", "torchvision/viewed_a@none", "torchvision/viewed_b@none"]
    test = open_page("setup", models=names)
    assert "All networks see the whole square" in captions(test)
    test.button_group(key="setup.view").set_value("own").run()
    assert test.query_params["models"] == ["rooms/normal", *(f"{name}?view=own" for name in names[1:])]
    assert "0 outside the crop" in captions(test)
    test.button(key="setup.starter.CNN against ViT").click().run()
    assert test.query_params["models"][-1] == f"{depara.STARTERS['CNN against ViT'][-1]}?view=own"
    test.button_group(key="setup.view").set_value("common").run()
    assert test.query_params["models"][:3] == names
    test = open_page("setup")
    assert "setup.view" not in [group.key for group in test.button_group]  # no bundled network has a crop


def test_no_more_models_than_an_address_holds(open_page, catalogue):
    test = open_page("setup", models=[f"rooms/{i}" for i in range(199)])
    assert len(catalogue.tables["setup.chosen"]) == 199
    assert "There is no model" in catalogue.tables["setup.chosen"]["State"][0]
    test.button(key="setup.starter.CNN against ViT").click().run()
    assert len(test.query_params["models"]) == 200


def test_a_model_joins_by_its_id(open_page, zoo, catalogue):
    test = open_page("setup", models=["rooms/normal"])
    test.text_input(key="setup.id").set_value("rooms/denoising").run()
    test.button(key="setup.add_id").click().run()
    assert test.query_params["models"] == ["rooms/normal", "rooms/denoising"]
    test.text_input(key="setup.id").set_value("rooms/none *such*").run()
    test.button(key="setup.add_id").click().run()
    assert r"\*such\*" in test.main.error[0].value


def test_an_uploaded_checkpoint_joins_and_is_kept(open_page, catalogue, monkeypatch):
    file = types.SimpleNamespace(name="mine.safetensors", getbuffer=lambda: memoryview(b"weights"))
    planted = depara.model
    monkeypatch.setattr(depara, "model", lambda one: spec(one, "own") if one.startswith("file/") else planted(one))
    monkeypatch.setattr(own.st, "file_uploader", lambda *_, **__: file)
    test = open_page("setup", models=["rooms/normal"])
    test.text_input(key="setup.arch").set_value("timm/resnet18").run()
    test.button(key="setup.add_checkpoint").click().run()
    first, model = test.query_params["models"]
    path, _, arch = model.removeprefix("file/").partition("?")
    assert (first, arch) == ("rooms/normal", "arch=timm/resnet18")
    assert Path(path).read_bytes() == b"weights"
    assert path.endswith("mine.safetensors")


def test_images_are_uploaded_with_a_table_of_their_labels(open_page, monkeypatch):
    def photo(value):
        held = io.BytesIO()
        Image.new("RGB", (8, 8), (value, 90, 30)).save(held, "PNG")
        return held.getvalue()

    files = {"a cat, asleep.png": photo(10), "b+dog.png": photo(90), "c.png": photo(200)}
    files["labels.csv"] = b'path,label\n"a cat, asleep.png",cat\nb+dog.png,dog\nc.png,dog\n'
    given = [
        types.SimpleNamespace(name=name, getbuffer=lambda data=data: memoryview(data)) for name, data in files.items()
    ]
    offered = []

    def uploader(label, kinds, **_):
        offered.extend(kinds)
        return given

    test = open_page("setup")
    monkeypatch.setattr(images.st, "file_uploader", uploader)
    test.button_group(key="setup.kind").set_value("upload").run()
    assert {"png", "csv", "heic", "parquet"} <= set(offered)
    assert "a CSV of path,label" in captions(test)
    test.button(key="setup.keep").click().run()
    source = "".join(test.query_params["probes"])
    probes = load_probes(uploads._source(source))  # the page has a planted one
    assert probes.names == ("a cat, asleep.png", "b+dog.png", "c.png")
    assert probes.labels == ("cat", "dog", "dog")
    assert probes.skipped == ()


def test_a_folder_must_exist(open_page, tmp_path):
    test = open_page("setup")
    test.button_group(key="setup.kind").set_value("path").run()
    test.text_input(key="setup.path").set_value("/no_such *folder*").run()
    assert r"/no\_such \*folder\*" in test.main.warning[0].value
    test.text_input(key="setup.path").set_value(str(tmp_path)).run()
    test.button(key="setup.use").click().run()
    assert test.query_params["probes"] == str(tmp_path)


def test_a_pattern_is_looked_up_where_it_begins(open_page, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    test = open_page("setup")
    test.button_group(key="setup.kind").set_value("path").run()
    test.text_input(key="setup.path").set_value(f"{tmp_path}/none/*.png").run()
    assert "There is nothing at" in test.main.warning[0].value
    test.text_input(key="setup.path").set_value(f"{tmp_path}/*.png").run()
    test.button(key="setup.use").click().run()
    assert test.query_params["probes"] == f"{tmp_path}/*.png"
    assert "4 models × 1 image," in captions(test)


def test_a_split_and_a_background_are_chosen(open_page, zoo, tmp_path, monkeypatch):
    asked = []
    planted = depara.load_probes
    monkeypatch.setattr(depara, "load_probes", lambda source, **given: asked.append(given) or planted("rooms", **given))
    for place in ("train/cat/1.png", "train/dog/2.png", "train/dog/3.png", "val/cat/4.png"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"")
    test = open_page("setup", probes=str(tmp_path))
    assert test.selectbox(key="setup.split").options == ["all (4)", "train (3)", "val (1)"]
    test.selectbox(key="setup.split").select("train").run()
    assert test.query_params["split"] == "train"
    assert "4 models × 3 images" in captions(test)
    test.selectbox(key="setup.background").select("black").run()
    assert test.query_params["background"] == "black"
    test.button(key="setup.run").click().run()
    test.run()
    assert asked[-1]["split"] == "train"
    assert asked[-1]["background"] == "black"
    test = open_page("setup")  # rooms have neither
    assert "setup.split" not in [box.key for box in test.selectbox]
    assert "setup.background" not in [box.key for box in test.selectbox]


@pytest.mark.parametrize("source", ["upload/gone", "upload/../../etc", "upload/"])
def test_an_upload_that_is_gone_says_what_to_do(source, tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_STORE", str(tmp_path))
    with pytest.raises(ProbeError, match="Upload them again"):
        uploads.load(Data(probes=source))


def test_the_images_that_are_there_are_counted(open_page, tmp_path):
    for name in ("a.png", "b.jpg", "c.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    test = open_page("setup", probes=str(tmp_path), count="50", fails=False)
    assert "4 models × 3 images" in captions(test)


def test_the_pace_is_that_of_all_runs_by_their_pixels(monkeypatch):
    def run(elapsed, done):
        shown = comparison()
        job = types.SimpleNamespace(result=shown, elapsed_s=elapsed, done=done)
        every = len(shown.specs) * len(shown.probes)
        job.expected = shown.pixels * min(1, done / every)
        return job

    runs = [run(2.0, 24), run(10.0, 48)]
    monkeypatch.setattr(cache, "queue", lambda: types.SimpleNamespace(jobs=lambda: runs))
    assert jobs.pace() == pytest.approx(sum(one.expected for one in runs) / 12.0)
    runs.append(run(8.0, 1))  # found in the store: it computed nothing, and its time is no pace
    assert jobs.pace() == pytest.approx(sum(one.expected for one in runs[:2]) / 12.0)
    runs.clear()
    assert jobs.pace() is None
