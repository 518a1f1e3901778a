"""What the pages let one take away, in a real browser: every file is downloaded and reopened by another tool."""

import ast
import io
import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from plotly.offline import get_plotlyjs
from test_exports_code import folder, train  # noqa: F401 - a fixture
from test_pages import SMALL, barriers

PAIR = f"{SMALL}&source=rooms%2Freshading&target=rooms%2Fnormal"
KINDS = {  # page -> the endings of its files
    "choose": {"csv", "parquet", "json", "html", "py"},
    "attributions": {"csv", "parquet", "json", "html", "npz", "py"},
    "graphs": {"graphml", "gexf", "html", "py"},
    "models": {"csv", "parquet", "json", "html", "py"},
    "panorama": {"csv", "parquet", "json", "html", "py"},
    "layers": {"csv", "parquet", "json", "html", "py"},
    "why": {"csv", "parquet", "json", "py"},
    "evaluate": {"csv", "parquet", "json", "html", "py"},
}


class Sources(HTMLParser):
    """Every address that a page's elements name."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href", "srcset", "action") and value]


def table(content, ending):
    if ending == "csv":
        return pd.read_csv(io.BytesIO(content))
    if ending == "parquet":
        return pd.read_parquet(io.BytesIO(content))
    return pd.DataFrame(json.loads(content)["rows"]).replace({None: np.nan})


def reopen(content, ending, name=""):
    """Read a file as its own tool would, and check that it holds something."""
    if name.endswith(".origin.json"):
        assert json.loads(content)["provenance"]
    elif ending in ("csv", "parquet", "json"):
        assert len(table(content, ending))
    elif ending in ("graphml", "gexf"):
        read = nx.read_graphml if ending == "graphml" else nx.read_gexf
        assert read(io.BytesIO(content)).number_of_nodes() == 12
    elif ending == "html":
        page = content.decode().replace(get_plotlyjs(), "")  # 5 MB that the parser would read letter by letter
        assert "default-src 'none'" in page
        assert [source for source in Sources(page).found if not source.startswith(("data:", "#"))] == []
    elif ending == "svg":
        assert ElementTree.fromstring(content).tag.endswith("svg")
    elif ending == "png":
        Image.open(io.BytesIO(content)).verify()
    elif ending == "npz":
        assert np.load(io.BytesIO(content), allow_pickle=False)["maps_0"].shape[0] == 12
    else:
        assert ending == "py"
        ast.parse(content)


def take_away(page):
    """Open the popover and download all of its files: name -> content."""
    page.get_by_role("button", name="Take away").click()
    body = page.locator('[data-testid="stPopoverBody"]')
    buttons = body.locator('[data-testid="stDownloadButton"] button:visible')
    buttons.first.wait_for()
    files = {}
    for place in range(buttons.count()):
        with page.expect_download() as waiting:
            buttons.nth(place).click()
        files[waiting.value.suggested_filename] = waiting.value.path().read_bytes()
    assert len(files) == buttons.count()
    return files


def check_every_file(reader, page):
    """Download and reopen all that a page lets one take away."""
    reader.open(f"{page}?{PAIR}")
    if page == "evaluate":  # nothing is computed unasked
        reader.page.get_by_role("button", name="Compute them on").click()
        reader.settle()
    files = take_away(reader.settle().page)
    assert {name.rpartition(".")[2] for name in files} == KINDS[page]
    for name, content in files.items():
        reopen(content, name.rpartition(".")[2], name)
    tables = {
        name: content
        for name, content in files.items()
        if name.endswith((".csv", ".parquet", ".json")) and ".origin." not in name
    }
    for stem in {name.rpartition(".")[0] for name in tables}:  # three forms of the same numbers
        csv, *others = (table(tables[f"{stem}.{ending}"], ending) for ending in ("csv", "parquet", "json"))
        for other in others:
            pd.testing.assert_frame_equal(csv, other, check_dtype=False)
    assert reader.complaints() == []


@pytest.mark.parametrize(
    "page", [page for page in KINDS if page != "evaluate"]
)  # which has its tests beside each other
def test_every_file_of_a_page_is_reopened(reader, page):
    check_every_file(reader, page)


def test_the_recipe_of_the_cut_trains_for_a_step(reader, folder, tmp_path, capsys):  # noqa: F811
    reader.open(f"layers?{PAIR}")
    reader.page.get_by_role("button", name="Take away").click()
    classes = reader.page.get_by_label("Classes of your task")
    classes.fill("3")
    classes.press("Enter")
    reader.settle()
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("button", name="Cut at").first.click()
    train(waiting.value.path().read_text(), folder, tmp_path)
    assert "validation accuracy" in capsys.readouterr().out


def test_the_camera_saves_what_was_chosen_in_the_popover(phone):
    phone.page.set_viewport_size({"width": 1440, "height": 900})  # the dark reader, with room to point
    phone.open(f"models?{PAIR}")
    page = phone.page
    figure = page.locator(".js-plotly-plot").first
    for ending in ("png", "svg"):
        page.get_by_role("button", name="Take away").click()
        body = page.locator('[data-testid="stPopoverBody"]')
        body.get_by_text(ending.upper(), exact=True).click()
        phone.settle()
        assert barriers(page) == []
        page.keyboard.press("Escape")
        body.wait_for(state="detached")
        figure.hover()
        with page.expect_download() as waiting:
            figure.locator(".modebar-btn").click()
        assert waiting.value.suggested_filename == f"models-matrix.{ending}"
        reopen(waiting.value.path().read_bytes(), ending)
    assert "picture=svg" in page.url
    assert phone.complaints() == []
