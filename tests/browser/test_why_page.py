"""The Why page in a real browser: a link opens it, a row selects its probe, a box of ranks lists its pairs."""

import re

QUERY = (
    "why?models=rooms/normal&models=rooms/reshading&models=rooms/denoising&count=16"
    "&source=rooms/reshading&target=rooms/normal"
)


def test_a_link_a_row_and_a_box_answer(reader):
    page = reader.page
    reader.open(QUERY)
    assert page.locator("h1").inner_text() == "Why does reshading look transferable to normal?"
    row = page.locator('[aria-label="Images by their share of S"] button[data-at="2.0"]')
    row.click()
    page.wait_for_url(re.compile(r"[?&]probe=\d+"))
    reader.settle()
    assert row.get_attribute("aria-pressed") == "true"
    ranks = page.locator(".st-key-card-card-ranks .js-plotly-plot")
    ranks.scroll_into_view_if_needed()
    box = ranks.locator(".nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 0.45 * box["height"], steps=6)
    page.mouse.up()
    page.wait_for_url(re.compile(r"[?&]region=0\.5"))
    reader.settle()
    page.get_by_text("In the brushed region").wait_for()
    page.locator('[aria-label="Pairs of images by their share of S"] button[data-at="0.0"]').click()
    page.wait_for_url(re.compile(r"[?&]other_probe=\d+"))
    reader.settle()
    assert reader.complaints() == []


CELL = """([row, column]) => {
    const plot = document.querySelector('.st-key-card-card-groups .js-plotly-plot');
    plot.scrollIntoView({block: 'center'});
    const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.c2p(column), box.top + yaxis._offset + yaxis.c2p(row)];
}"""


def test_a_cell_of_groups_opens_its_pairs_and_a_link_reopens_them(reader, phone):
    page = reader.page
    reader.open(f"{QUERY}&view=groups")
    page.wait_for_selector(".st-key-card-card-groups .js-plotly-plot .point")
    page.evaluate(CELL, [0, 1])  # brings it into view
    reader.settle()
    page.mouse.click(*page.evaluate(CELL, [0, 1]))
    page.wait_for_url(re.compile(r"[?&]groups=.*&groups="))
    reader.settle()
    title = page.locator(".st-key-card-card-group-pairs h3").inner_text()
    phone.open(page.url.removeprefix(reader.address + "/"))
    assert phone.page.locator(".st-key-card-card-group-pairs h3").inner_text() == title
    page.get_by_role("button", name="Back to all groups").click()
    page.wait_for_url(lambda url: "groups=" not in url)
    assert reader.complaints() == []
    assert phone.complaints() == []


def test_every_evidence_is_drawn_without_a_complaint(reader):
    for view, label in (
        ("groups", "Groups of images"),
        ("leave_one_out", "Images by their influence on S"),
        ("contrast", "Images by their difference"),
    ):
        reader.open(f"{QUERY}&view={view}")
        reader.page.locator(f'[aria-label="{label}"] button').first.wait_for()
    reader.open(f"{QUERY}&view=surfaces")
    reader.page.get_by_text("Where in the rooms they agree").wait_for()
    assert reader.complaints() == []
