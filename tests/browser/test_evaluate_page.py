"""The Evaluate page in a real browser: a point sets the pair, and every file is reopened."""

import re

from test_takeaway import check_every_file

QUERY = "evaluate?target=rooms/normal&tab=targets"

WHERE = """() => {
    const plot = document.querySelector('.st-key-card-ranks .js-plotly-plot');
    const trace = plot._fullData.find(t => t.customdata), {xaxis, yaxis} = plot._fullLayout;
    plot.scrollIntoView({block: 'center'});
    const box = plot.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.c2p(trace.x[0]), box.top + yaxis._offset + yaxis.c2p(trace.y[0]),
            trace.customdata[0][1]];
}"""


def test_a_click_on_a_source_sets_the_pair(reader):
    page = reader.page
    reader.open(QUERY)
    page.wait_for_selector(".st-key-card-ranks .js-plotly-plot .point")
    page.evaluate(WHERE)  # brings it into view
    reader.settle()
    x, y, source = page.evaluate(WHERE)
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(rf"[?&]source={re.escape(source).replace('/', '(/|%2F)')}(&|$)"))
    assert re.search(r"[?&]target=rooms(/|%2F)normal(&|$)", page.url)
    reader.settle()
    assert page.locator(".st-key-card-ranks").get_by_text(" for normal").count()
    assert reader.complaints() == []


def test_every_file_is_reopened(reader):
    check_every_file(reader, "evaluate")
