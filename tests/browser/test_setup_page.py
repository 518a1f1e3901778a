"""Setup in a real browser: networks of timm by a search, a checkpoint and labelled images by upload, run, and Why."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

APP = ("-c", "from depara_core.cli import app; app()", "app", "--port")
NAMED = ("test_vit.r160_in1k", "test_resnet.r160_in1k")
IMAGES = 6


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A hub's cache that holds two small models of timm, and a checkpoint of a third; all have random weights."""
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    torch.manual_seed(1)
    for name in NAMED:
        folder = tmp_path / "hub" / f"models--timm--{name}"
        place = folder / "snapshots" / "abc"
        place.mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("abc")
        save_file(timm.create_model(name.partition(".")[0]).state_dict(), place / "model.safetensors")
        (place / "config.json").write_text(json.dumps({"model_type": "timm_wrapper"}))
    torch.save(timm.create_model("test_convnext", num_classes=3).state_dict(), tmp_path / "mine.pth")
    return tmp_path / "mine.pth"


@pytest.fixture
def images(tmp_path):
    """Six images and a table of their labels."""
    rng = np.random.default_rng(0)
    files = [tmp_path / f"photo {number}.png" for number in range(IMAGES)]
    for file in files:
        Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((96, 96)).save(file)
    table = tmp_path / "labels.csv"
    table.write_text("path,label\n" + "".join(f"{file.name},{['cat', 'dog'][n % 2]}\n" for n, file in enumerate(files)))
    return [*files, table]


def add_by_search(reader, name):
    """Search for a model, select its row and add it; the table is drawn on a canvas, its first column selects."""
    page = reader.page
    page.get_by_label("Words that all must occur").fill(name)
    page.keyboard.press("Enter")
    reader.settle()
    page.get_by_text("Select rows to add them").wait_for()
    table = page.locator('[data-testid="stDataFrame"]').last
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 38 + 17)
    page.get_by_role("button", name="Add 1", exact=True).click()
    page.wait_for_url(lambda url: name in url)
    reader.settle()


def test_a_search_and_uploads_lead_to_the_reason(reader_at, serve, weights, images, tmp_path):
    with serve(APP, tmp_path, tmp_path / "store") as address:
        reader = reader_at(address).open("setup?models=no-model")
        page = reader.page
        page.get_by_text("Search all models").click()
        for name in NAMED:
            add_by_search(reader, name)
        page.get_by_text("By name, or a checkpoint of your own").click()
        page.locator('.st-key-setup-checkpoint input[type="file"]').set_input_files(weights)
        page.get_by_label("Its architecture").fill("timm/test_convnext")
        page.get_by_role("button", name="Add this checkpoint").click()
        page.wait_for_url(lambda url: "mine.pth" in url)
        reader.settle()
        page.get_by_text("Upload", exact=True).click()
        page.locator('.st-key-setup-files input[type="file"]').set_input_files(images)
        page.get_by_role("button", name="Use these images").click()
        page.wait_for_url(lambda url: "probes=upload" in url)
        reader.settle()
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text(f"3 graphs of 3 models on {IMAGES} images in 2 classes are ready.").wait_for()
        page.locator('[data-testid="stSidebar"]').get_by_role("link", name="Why").click()
        page.wait_for_selector(".st-key-page-header h1")
        reader.settle()
        assert page.locator("h1").inner_text().startswith("Why does ")
        page.locator('[aria-label="Images by their share of S"] button').first.wait_for()
        assert reader.complaints() == []
