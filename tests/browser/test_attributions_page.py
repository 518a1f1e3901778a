"""The Attributions page in a real browser: a click on a map enlarges it, selects its image and leads to why."""

import re

QUERY = "attributions?models=rooms/normal&models=rooms/reshading&models=rooms/keypoints2d&count=12&target=rooms/normal"


def test_a_click_on_a_map_selects_the_image(reader):
    page = reader.page
    reader.open(QUERY)
    page.locator('[data-at="2.2"]').click()
    page.wait_for_url("**probe=2**")
    reader.settle()
    assert page.locator('[data-at="2.2"]').get_attribute("aria-pressed") == "true"
    slider = page.get_by_role("dialog").get_by_role("slider")
    uncovered = page.locator(".after").first
    before = uncovered.evaluate("one => getComputedStyle(one).clipPath")
    slider.fill("80")
    assert uncovered.evaluate("one => getComputedStyle(one).clipPath") != before
    assert page.get_by_role("dialog").locator("figcaption").count() == 3  # two maps, and where both look
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    name = page.locator('[data-at="2.0"] span').inner_text()
    assert name in page.locator('[data-testid="stSidebar"]').inner_text()
    page.get_by_role("link", name="Why do ").click()
    page.wait_for_url(re.compile(r"/why\?.*"))
    reader.settle()
    assert re.search(r"[?&]source=.*[?&]target=rooms(/|%2F)normal.*[?&]probe=2", page.url)
    reader.open(QUERY)
    page.locator("button.heading").first.click()
    page.wait_for_url(lambda url: "normal" not in url.rpartition("target=")[2].partition("&")[0])
    reader.settle()
    assert reader.complaints() == []
