"""The Graphs page in a real browser: an image, the dot of an edge, and a box of ranks answer to the mouse."""

import re

QUERY = "graphs?models=rooms/normal&models=rooms/reshading&count=16&source=rooms/normal&target=rooms/reshading"


def place(page, kind):
    """Where on the screen a mark of a kind ("probe" or "pair") of the first drawing is, and its customdata.

    It is the one farthest from any other mark, so that the mouse meets no other.
    """
    return page.evaluate(
        """kind => {
            const plot = document.querySelectorAll('.js-plotly-plot')[0];
            plot.scrollIntoView({block: 'center'});
            const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
            const marks = plot._fullData.filter(t => t.customdata).flatMap(t => [...t.customdata].map((data, i) => ({
                data, x: box.left + xaxis._offset + xaxis.c2p(t.x[i]), y: box.top + yaxis._offset + yaxis.c2p(t.y[i]),
            })));
            const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
            const room = one => Math.min(...marks.filter(other => other !== one).map(other => apart(one, other)));
            const best = marks.filter(m => m.data[0] === kind).sort((a, b) => room(b) - room(a))[0];
            return [best.x, best.y, best.data];
        }""",
        kind,
    )


def test_images_edges_and_ranks_answer_to_the_mouse(reader):
    page = reader.page
    reader.open(QUERY)
    page.wait_for_selector(".js-plotly-plot image")
    x, y, (_, probe, *_) = place(page, "probe")
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(rf"[?&]probe={probe}(&|$)"))
    reader.settle()
    ranks = page.locator(".js-plotly-plot").nth(2)
    ranks.scroll_into_view_if_needed()
    box = ranks.locator(".nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3, steps=6)
    page.mouse.up()
    page.wait_for_url(re.compile(r"[?&]region=0"))
    page.get_by_text("pairs in the brushed region").wait_for()
    reader.settle()
    page.locator('[aria-label="Pairs of images"] [data-at="0.0"]').click()
    page.wait_for_url(re.compile(r"[?&]other_probe=\d+"))
    page.get_by_text("The selected pair").wait_for()
    assert reader.complaints() == []


def test_the_dot_of_an_edge_opens_its_pair(reader):
    page = reader.page
    reader.open(QUERY + "&neighbours=1")
    page.wait_for_selector(".js-plotly-plot image")
    x, y, _ = place(page, "pair")
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"[?&]other_probe=\d+"))
    page.get_by_text("The selected pair").wait_for()
    assert reader.complaints() == []
