"""The frame in a real browser: its links keep apart, narrow screens stay short, Back goes back, the link is copied."""

import re
from itertools import pairwise

from playwright.sync_api import expect
from test_pages import SMALL


def test_the_links_of_the_sidebar_do_not_overlap(reader):
    reader.open(f"models?{SMALL}")
    boxes = [link.bounding_box() for link in reader.page.locator(".st-key-navigation a").all()]
    assert len(boxes) >= 10
    assert all(upper["y"] + upper["height"] <= lower["y"] + 0.5 for upper, lower in pairwise(boxes))


def test_a_narrow_home_is_no_longer_than_a_few_screens_and_its_sidebar_is_closed(reader):
    page = reader.page
    page.set_viewport_size({"width": 640, "height": 900})
    reader.open(f"?{SMALL}")
    assert page.locator('[data-testid="stMain"]').evaluate("element => element.scrollHeight") < 4000
    page.set_viewport_size({"width": 360, "height": 900})
    reader.open(f"?{SMALL}")
    sidebar = page.locator('[data-testid="stSidebar"]').bounding_box()
    assert sidebar is None or sidebar["x"] + sidebar["width"] <= 1
    title = page.locator(".st-key-page-header").bounding_box()
    assert title["width"] > 300  # nothing stands beside it


def test_back_undoes_the_first_change_of_a_bare_address(reader):
    page = reader.page
    reader.open("evaluate")
    page.get_by_role("radio", name="Targets").or_(page.get_by_role("button", name="Targets")).first.click()
    page.wait_for_url("**tab=targets**")
    reader.settle()
    page.go_back()
    page.wait_for_url(re.compile(r"/evaluate$"))
    reader.settle()
    expect(page.locator(".st-key-card-curves")).to_have_count(1)
    assert reader.complaints() == []


def test_the_address_is_copied(reader):
    page = reader.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.open(f"models?{SMALL}&lam=2.0")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url
    assert reader.complaints() == []
