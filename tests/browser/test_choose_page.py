"""Choose in a real browser: from images without labels to a measured table, by one click."""

from test_pages import SMALL, barriers


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
