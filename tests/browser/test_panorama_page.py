"""The Panorama page in a real browser: what is pointed at lights up in every model, on the spot; clicks select."""

import re

MODELS = "models=rooms/normal&models=rooms/reshading&models=rooms/denoising"
QUERY = f"panorama?{MODELS}&count=12&source=rooms/reshading&target=rooms/normal&probe=0&neighbours=2"
LIT = (
    "graphs => graphs.map(g => [...g.querySelectorAll('g')].flatMap((n, i) => n.classList.contains('lit') ? [i] : []))"
)


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def free_line(graph):
    """A point of the screen on a line of a graph, as far from every node as can be, and the line's number."""
    return graph.evaluate(
        """graph => {
            const at = (made) => {
                const box = made.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            };
            const nodes = [...graph.querySelectorAll('g')].map(at);
            const lines = [...graph.querySelectorAll('line:not(.pair)')].map(at);
            const room = lines.map(([x, y]) => Math.min(...nodes.map(([a, b]) => Math.hypot(a - x, b - y))));
            const line = room.indexOf(Math.max(...room));
            return [...lines[line], room[line]];
        }"""
    )


def lit(page):
    return page.locator(".graph").evaluate_all(LIT)


def test_a_probe_lights_up_in_every_model_and_a_click_selects_it(reader):
    page = reader.page
    reader.open(QUERY)
    page.locator(".graph").first.scroll_into_view_if_needed()
    assert lit(page) == [[0]] * 3  # at rest: the selected probe
    page.mouse.move(*middle(page.locator(".graph").nth(1).locator("g").nth(7)))
    assert lit(page) == [[7]] * 3
    assert page.locator(".readout p").inner_text().startswith("room 007: of the images drawn, most alike to room ")
    assert "probe=7" not in page.url  # only pointed at
    page.locator(".map").first.hover()
    assert page.locator(".lit.map").count() == 3  # the row's maps, in every model
    page.locator(".graph").nth(1).locator("g").nth(7).click()
    page.wait_for_url(re.compile(r"[?&]probe=7(&|$)"))
    reader.settle()
    assert page.locator(".first.chosen span").all_inner_texts() == ["room 007"]
    page.mouse.move(0, 0)
    assert lit(page) == [[7]] * 3
    assert reader.complaints() == []


def test_a_line_is_drawn_in_every_model_with_its_cosine(reader):
    page = reader.page
    reader.open(QUERY + "&drawn=4")
    graph = page.locator(".graph").nth(1)
    graph.scroll_into_view_if_needed()
    x, y, room = free_line(graph)
    assert room > 12  # pixels: else the node is meant
    page.mouse.move(x, y)
    pairs = lit(page)
    assert pairs == [pairs[0]] * 3
    assert len(pairs[0]) == 2
    assert page.locator(".pair:not(.off)").count() == 3
    cosines = page.locator("div.said").all_inner_texts()
    assert all(re.fullmatch(r"−?[01]\.\d\d", cosine) for cosine in cosines)
    said = page.locator(".readout p").inner_text()
    pattern = r"most alike for \w+ \(cosine .*\), least for \w+ \(.*\)\.|more alike than \d+ % of the pairs drawn, .*"
    assert re.fullmatch(rf"room 0\d\d and room 0\d\d: ({pattern})", said)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"[?&]other_probe=\d+"))
    reader.settle()
    assert len(page.locator(".first.chosen").all()) == 2
    assert page.locator(".readout p").inner_text().startswith("Selected: " + said.partition(":")[0])
    assert reader.complaints() == []


def test_the_keyboard_reaches_probes_lines_and_models(reader):
    page = reader.page
    reader.open(QUERY)
    page.locator(".graph[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert lit(page) == [[1]] * 3
    page.keyboard.press("ArrowDown")
    [pair, *others] = lit(page)
    assert len(pair) == 2
    assert 1 in pair
    assert others == [pair] * 2
    page.keyboard.press("Escape")
    assert lit(page) == [[0]] * 3
    page.keyboard.press("Shift+ArrowLeft")
    assert page.locator(".graph:focus").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"[?&]probe=2(&|$)"))
    reader.settle()
    assert page.locator(".graph:focus").count() == 1  # the keyboard stays where it was
    assert reader.complaints() == []


def test_a_heading_makes_its_model_the_target_and_the_evidence_follows(reader):
    page = reader.page
    reader.open(QUERY)
    page.locator("button.heading", has_text="denoising").click()
    page.wait_for_url(re.compile(r"[?&]target=rooms(/|%2F)denoising"))
    reader.settle()
    assert re.search(r"[?&]source=rooms(/|%2F)normal", page.url)
    assert page.locator(".heading.target b").inner_text() == "denoising"
    page.locator(".st-key-panorama-links").get_by_role("link", name="Why?").click()
    page.wait_for_function("() => document.title.startsWith('Why')")
    reader.settle()
    assert page.locator("h1").inner_text().split()[2:5:2] in [
        ["normal", "unlike"],
        ["normal", "related"],
        ["normal", "transferable"],
    ]
    assert reader.complaints() == []


def test_the_columns_scroll_on_a_narrow_dark_screen_and_the_images_stay(phone):
    page = phone.page
    phone.open(QUERY)
    assert phone.complaints() == []
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
    board = page.locator(".columns")
    assert board.evaluate("element => element.scrollWidth - element.clientWidth") > 50
    thumb = page.locator("button.first").first
    before = thumb.bounding_box()["x"]
    board.evaluate("element => { element.scrollLeft = 10000; }")
    assert abs(thumb.bounding_box()["x"] - before) < 8
