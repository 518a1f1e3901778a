"""What a newcomer asks, answered in a real browser by at most four clicks from Home, without a word read before."""

import re

import pandas as pd
import pytest

ZOO = ("normal", "reshading", "denoising", "class_scene", "keypoints2d")
QUERY = "count=16&" + "&".join(f"models=rooms%2F{name}" for name in ZOO)
MOST = 4


class Newcomer:
    """A reader who counts their clicks."""

    def __init__(self, reader):
        self.reader, self.page, self.clicks = reader, reader.page, 0
        reader.open(f"?{QUERY}")

    def click(self, what):
        self.clicks += 1
        what.click()
        self.reader.settle()
        return self

    def go(self, name):
        """Click a page of the sidebar."""
        self.click(self.page.locator(".st-key-navigation").get_by_role("link", name=name, exact=True))
        self.page.wait_for_function("name => document.title.startsWith(name)", arg=name)
        self.reader.settle()
        return self

    @property
    def headline(self):
        return self.page.locator(".st-key-page-header").inner_text()


@pytest.fixture
def newcomer(reader):
    """Return who stands on Home; in the end nothing went wrong and the clicks were few."""
    one = Newcomer(reader)
    yield one
    assert one.clicks <= MOST
    assert reader.complaints() == []


def test_who_is_best_and_how_sure_is_that(newcomer):
    assert re.search(r"(start from|highest S has) (\w+): S = [\d.]+ \[", newcomer.headline)
    assert "16 " in newcomer.headline
    assert re.search(r"overlaps", newcomer.headline)


def test_who_is_worst_and_what_it_looks_at(newcomer):
    newcomer.go("Attributions")
    worst = re.search(r"least: (\w+),", newcomer.headline).group(1)
    headings = [text.replace("\u200b", "") for text in newcomer.page.locator(".heading b").all_inner_texts()]
    column = headings.index(worst)
    assert newcomer.page.locator(f'[data-at="0.{column}"] img').count() == 1


def test_is_it_better_than_rsa_here(newcomer):
    newcomer.go("Evaluate")
    assert re.search(r"RSA by P@5 (is better|these targets cannot tell)|better than RSA by P@5", newcomer.headline)
    assert newcomer.page.locator(".st-key-card-pair").inner_text().count("P@5 differs by")


def test_which_two_are_closest(newcomer):
    newcomer.go("Panorama")
    assert re.search(r"Closest: \w+ and \w+, S = ", newcomer.headline)


def test_where_to_cut_and_what_that_is_worth_as_measured(newcomer):
    newcomer.go("Layers").click(newcomer.page.get_by_role("link", name="See S beside the measured accuracy"))
    newcomer.page.get_by_text("Measured for a cut at").wait_for()
    assert re.search(r"keep \S+ up to \w+: S = ", newcomer.headline)
    assert re.search(r"Measured for a cut at \w+: [\d.]+ % right with 100 labels", newcomer.headline)


def test_is_it_the_nodes_or_the_edges(newcomer):
    newcomer.go("Why")
    assert re.search(
        r"\d+ % of it comes from edges|nodes give", newcomer.page.locator(".st-key-why-words").inner_text()
    )


def test_which_image_pulls_the_score_down_and_where(newcomer):
    newcomer.go("Why")
    lines = newcomer.page.locator(".st-key-card-card-shares button.row, .table.lines button.row")
    last = lines.last
    assert re.search(r"share [−+]?[\d.]+ %, nodes", last.get_attribute("aria-label"))
    shares = [re.search(r"share ([−+]?[\d.]+) %", line.get_attribute("aria-label")).group(1) for line in lines.all()]
    numbers = [float(share.replace("−", "-")) for share in shares]
    assert numbers == sorted(numbers, reverse=True)
    assert last.locator("img").count() >= 4  # the image, both maps, and where they agree
    newcomer.click(last)
    assert "probe=" in newcomer.page.url


def test_what_does_lambda_change(newcomer):
    newcomer.go("Models")
    before = newcomer.headline
    slider = newcomer.page.locator(".st-key-models-lam, .st-key-models\\.lam").get_by_role("slider")
    newcomer.clicks += 1
    slider.focus()
    for _ in range(6):  # one drag of a mouse
        newcomer.page.keyboard.press("ArrowRight")
    newcomer.page.wait_for_url("**lam=10.0**")
    newcomer.reader.settle()
    assert newcomer.headline != before


def test_two_networks_of_torchvision_on_three_photographs(newcomer):
    page = newcomer.page
    newcomer.go("Setup").click(page.get_by_role("button", name="torchvision · 2"))
    newcomer.click(
        page.get_by_role("radio", name="Photographs").or_(page.get_by_role("button", name="Photographs")).first
    )
    count = page.get_by_role("spinbutton", name="Images at most")
    count.fill("3")
    count.press("Enter")
    newcomer.reader.settle()
    newcomer.click(page.get_by_role("button", name="Run", exact=True))
    page.get_by_text("2 graphs of 2 models on 3 images").wait_for()
    newcomer.reader.settle()
    said = page.locator(".st-key-card-run").inner_text()
    assert re.search(r"mobilenet_v3_small\S* and squeezenet1_1|squeezenet1_1\S* and mobilenet_v3_small", said)
    assert re.search(r"S [−\d.]+", said)
    assert "3 images make 3 pairs: too few to tell anything" in said


def test_the_link_the_data_and_the_code(newcomer, tmp_path):
    page = newcomer.page
    newcomer.reader.open(f"models?{QUERY}")
    newcomer.click(page.get_by_role("button", name="Copy link"))
    newcomer.click(page.get_by_role("button", name="Take away"))
    body = page.locator('[data-testid="stPopoverBody"]')
    for label, ending in (("CSV", "csv"), ("Python", "py")):
        newcomer.clicks += 1
        with page.expect_download() as waiting:
            body.get_by_role("button", name=label).first.click()
        file = tmp_path / f"taken.{ending}"
        file.write_bytes(waiting.value.path().read_bytes())
    assert len(pd.read_csv(tmp_path / "taken.csv")) == len(ZOO) ** 2
    compile((tmp_path / "taken.py").read_text(), "taken.py", "exec")
