"""The whole tour in a real browser: every step opens by its link, asks, answers, and leads on to the next."""

import re

QUERY = (
    "tour?models=rooms/normal&models=rooms/reshading&models=rooms/denoising&count=12"
    "&source=rooms/reshading&target=rooms/normal&third=rooms/denoising"
)
STEPS = 12


def heading(page):
    return page.locator("h1").inner_text()


def beyond_the_screen(page):
    """Return how many pixels of a step lie below a screen of 1440 x 900."""
    return page.locator('[data-testid="stMain"]').evaluate("element => element.scrollHeight - element.clientHeight")


def test_a_learner_walks_the_whole_tour(reader):
    page, seen, tall = reader.page, [], {}
    reader.open(QUERY)
    for step in range(1, STEPS + 1):
        assert heading(page).startswith(f"{step} · ")
        seen.append(heading(page))
        answers = page.locator('[data-testid="stMain"] [data-testid="stRadio"] [role="radiogroup"] label')
        answers.first.wait_for()
        assert answers.count() >= 3
        tall[step] = beyond_the_screen(page)
        answers.last.click()  # "Just show me"
        page.locator('[data-testid="stMain"] [data-testid="stAlertContentInfo"]').first.wait_for()
        reader.settle()
        tall[step, "answered"] = beyond_the_screen(page)
        assert page.locator('[data-testid="stMain"]').locator(".js-plotly-plot, img, canvas, table").count()
        if step < STEPS:
            page.get_by_role("button", name=re.compile("^.*Next: ")).click()
            page.wait_for_url(re.compile(rf"[?&]step={step + 1}(&|$)"))
            reader.settle()
    assert len(set(seen)) == STEPS
    assert {step: pixels for step, pixels in tall.items() if pixels > 0} == {}  # one screen a step
    assert not page.get_by_role("button", name=re.compile("Next: ")).count()
    assert reader.complaints() == []


def test_a_lecturer_opens_a_step_by_its_link(reader):
    reader.open(f"{QUERY}&step=6&images=1&images=3&images=4&images=7&images=8&images=11")
    assert heading(reader.page).startswith("6 · ")
    reader.page.get_by_role("button", name=re.compile("Back: ")).click()
    reader.page.wait_for_url(re.compile(r"[?&]step=5(&|$)"))
    reader.settle()
    assert heading(reader.page).startswith("5 · ")
    assert "images=11" in reader.page.url
    assert reader.complaints() == []


def test_in_a_hall_the_arrow_keys_turn_the_steps_and_a_code_links_to_them(reader):
    reader.open(f"{QUERY}&step=5&lecture=1")
    page = reader.page
    page.get_by_alt_text("QR code of this step's address").wait_for()
    assert not page.locator('[data-testid="stSidebar"]').is_visible()
    page.locator("h1").click()
    for key, step in (("ArrowRight", 6), ("ArrowLeft", 5)):
        page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"[?&]step={step}(&|$)"))
        reader.settle()
        assert heading(page).startswith(f"{step} · ")
    assert reader.complaints() == []
