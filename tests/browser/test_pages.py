"""Every page in a real browser: it opens, computes, shows no error, asks nothing of the outside, and its links work.

axe-core reads each page too, light and dark: nothing may stand there that it calls serious or critical.
"""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from planted_pages import PAGES as ALL

PAGES = ("", *(page for page in ALL if page != "home"))
SMALL = "count=12&models=rooms%2Fnormal&models=rooms%2Freshading&models=rooms%2Fdenoising"


def barriers(page):
    """Return what axe-core finds serious or critical: each rule with the first element that breaks it."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_from_a_link_without_a_complaint(reader, page):
    reader.open(f"{page}?{SMALL}")
    assert reader.complaints() == []
    assert barriers(reader.page) == []
    assert reader.page.title().endswith("· DEPARA Explorer")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_narrow_dark_screen(phone, page):
    phone.open(f"{page}?{SMALL}")
    assert phone.complaints() == []
    assert barriers(phone.page) == []
    main = phone.page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1


def test_axe_sees_an_image_without_words(reader):
    reader.open(f"?{SMALL}")
    reader.page.evaluate("document.querySelector('h1').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    assert [rule for rule, _ in barriers(reader.page)] == ["image-alt"]


def test_the_links_carry_the_selection_from_page_to_page(reader):
    reader.open(f"?{SMALL}&lam=2.0&probe=3")
    for name in ("Setup", "Models", "Home"):
        reader.page.locator(".st-key-navigation").get_by_role("link", name=name).click()
        reader.page.wait_for_function("name => document.title.startsWith(name)", arg=name)
        reader.settle()
        assert "lam=2.0" in reader.page.url
        assert "probe=3" in reader.page.url
    assert reader.complaints() == []


def test_a_link_reopens_the_same_view_in_another_browser(reader, phone):
    reader.open(f"?{SMALL}")
    reader.choose(reader.page.locator(".st-key-home-target, .st-key-home\\.target").first, "denoising")
    reader.page.wait_for_url(re.compile("target="))
    reader.settle()
    shown = reader.page.locator(".st-key-page-header").inner_text()
    assert "for denoising" in shown
    phone.open(reader.page.url.removeprefix(reader.address + "/"))
    assert phone.page.locator(".st-key-page-header").inner_text() == shown


def test_a_damaged_address_is_named_and_harmless(reader):
    reader.open(f"?{SMALL}&lam=%00&neighbours=many&colour=red")
    assert reader.page.locator('[data-testid="stAlertContentWarning"]').count() == 3
    assert reader.complaints() == []


def test_progress_can_be_cancelled_and_resumed(reader):
    reader.page.goto(f"{reader.address}/?count=400&seed=7")
    reader.page.locator(".st-key-job-cancel button").click()
    reader.page.get_by_text("Cancelled", exact=True).wait_for()
    reader.open("setup?" + SMALL)  # nothing is blocked meanwhile
    assert reader.complaints() == []
