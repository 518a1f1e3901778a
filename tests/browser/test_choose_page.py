"""Choose in a real browser: from images without labels to a measured table, by one click."""

from urllib.parse import parse_qs

from test_pages import SMALL, barriers

import depara_core as depara


def test_the_example_is_one_click_away_and_measured(reader):
    page = reader.open(f"choose?{SMALL}").page
    header = page.locator(".st-key-page-header")
    assert "nothing tells these candidates apart but their costs" in header.inner_text()
    page.get_by_role("button", name="Show a labelled example").click()
    page.wait_for_url(lambda url: "probes=fashion" in url)
    page.wait_for_selector(".st-key-card-choose-cost .js-plotly-plot")
    reader.settle()
    assert "By measured accuracy of a linear head on frozen features" in header.inner_text()
    assert page.locator(".st-key-card-choose-table [data-testid='stDataFrame']").count() == 1
    assert page.locator(".st-key-card-choose-agreement [data-testid='stDataFrame']").count() == 1
    assert reader.complaints() == []
    assert barriers(page) == []
    again = page.url
    page.get_by_text("Nothing", exact=True).click()
    reader.settle()
    assert "against=none" in page.url
    page.goto(again)
    page.wait_for_selector(".st-key-card-choose-cost .js-plotly-plot")
    assert "By measured accuracy" in header.inner_text()


def test_a_table_is_uploaded_and_its_columns_are_targets_elsewhere_too(reader, tmp_path):
    count = int(parse_qs(SMALL)["count"][0])
    names = depara.load_probes("rooms", count=count).names
    rows = [f"{name},{'xy'[place % 2]},{place**2}" for place, name in enumerate(names)]
    (tmp_path / "birds.csv").write_text("\n".join(["name,<b>kind</b>,size", *rows]))
    page = reader.open(f"choose?{SMALL}&against=table").page
    page.locator('.st-key-choose-table input[type="file"]').set_input_files(tmp_path / "birds.csv")
    page.get_by_role("button", name="Use this file").click()
    page.wait_for_url(lambda url: "table=upload" in url)
    page.wait_for_selector(".st-key-card-choose-cost .js-plotly-plot")
    assert "nothing was measured" in page.locator(".st-key-page-header").inner_text()
    reader.choose(page.get_by_role("combobox", name="Target"), "birds: <b>kind</b>")
    page.get_by_role("button", name="Measure their accuracy").wait_for()
    reader.settle()
    assert reader.complaints() == []
    assert barriers(page) == []
    page.get_by_role("link", name="How alike are they to each other?").click()
    page.get_by_text("S is λ · s_E alone").wait_for()
    assert "birds: <b>kind</b>" in page.locator(".st-key-page-header").inner_text()
