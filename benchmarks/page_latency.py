"""Server time of the app's pages: λ and the target moved on Models, each page seen again, words in the catalogue.

Streamlit's own AppTest runs the pages in this process, on the real bundled zoo, without a browser: the times are those
of the script, from the event to the last element.
Baseline: the targets the project set itself (200 ms for λ and target, 500 ms for a warm page).

    python benchmarks/page_latency.py [--quick]
"""

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from report import headline, measure, report
from streamlit.testing.v1 import AppTest

import depara_core as depara

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("home", "setup", "attributions", "graphs", "models", "panorama", "layers", "evaluate")
CATALOGUE = "Setup: other words in the catalogue"
WORDS = ("resnet", "convnext in12k", "swin", "vit clip", "mixer", "efficientnet b0", "beit", "regnet", "dino", "siglip")
PATIENCE_S = 300.0  # for the comparison's first computation


def settle(app: AppTest, page: str) -> None:
    """Visit a page until what it needs is computed."""
    deadline = time.monotonic() + PATIENCE_S
    app.switch_page(f"pages/{page}/page.py").run()
    while any("Cancel" in button.label for button in app.button):
        if time.monotonic() > deadline:
            sys.exit(f"The page {page} was still computing after {PATIENCE_S:.0f} s.")
        time.sleep(1)
        app.run()
    if app.exception or app.error:
        sys.exit(f"The page {page} shows an error: {[*app.exception, *app.error]}")


def row(step: str, events: list[Callable[[], object]], target: float) -> dict[str, object]:
    """Time each event by itself; milliseconds."""
    times = []
    for event in events:
        with measure() as watch:
            event()
        times.append(1000 * watch.seconds)
    median, worst = round(statistics.median(times)), round(max(times))
    return {"step": step, "events": len(events), "median ms": median, "worst ms": worst, "target ms": round(target)}


def main() -> None:
    """Compute the default comparison once, then time what a reader does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few events of each kind")
    count = 3 if parser.parse_args().quick else 10
    sys.path.insert(0, str(ROOT))  # for `pages`
    logging.disable(logging.WARNING)  # AppTest runs without a browser and says so in every line
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    app.run()
    settle(app, "models")
    slider, target = app.select_slider(key="models.lam"), app.selectbox(key="models.target")
    lams = [lam for lam in map(float, slider.options) if lam != slider.value][:count]
    zoo = [spec.id for spec in depara.list_models("rooms") if spec.bundled]
    goals = [model for model in zoo if model != target.value][:count]

    def move(lam: float) -> None:
        app.select_slider(key="models.lam").set_value(lam).run()

    def aim(model: str) -> None:
        app.selectbox(key="models.target").set_value(model).run()

    def search(words: str) -> None:
        app.text_input(key="setup.words").set_value(words).run()

    rows = [
        row("Models: λ moved to a new value", [partial(move, lam) for lam in lams], 200),
        row("Models: target changed to a new one", [partial(aim, model) for model in goals], 200),
    ]
    for page in PAGES:
        settle(app, page)
        app.run()
        rows.append(row(f"{page}, seen before", [app.run] * count, 500))
    settle(app, "setup")
    search("vit dinov2")
    rows.append(row(CATALOGUE, [partial(search, words) for words in WORDS[:count]], 300))
    report("Server time of the pages", rows, ["Baseline: the project's own targets; times are of the script alone."])
    for moved in (*rows[:2], rows[-1]):
        headline(f"{moved['step']}: server time, median", f"{moved['median ms']} ms", f"{moved['target ms']} ms")
    slowest = max(seen["median ms"] for seen in rows[2:-1])
    headline("any page seen before: server time, slowest median", f"{slowest} ms", "500 ms")


if __name__ == "__main__":
    main()
