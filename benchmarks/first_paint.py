"""First paint, in Chromium: seconds from opening a page to its title, and on Evaluate to its conclusion.

Cold: each page is the first one opened of a fresh process of `depara app` on an empty store, asked for as soon as the
server answers. Warm: a page seen before, by a click on its link (three networks, twelve images).
Baseline: the targets the project set itself, 3 s cold, 1 s warm, and 3 s to Evaluate's conclusion from cold.

    python benchmarks/first_paint.py [--pages evaluate models ...]
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from report import headline, report

ROOT = Path(__file__).resolve().parents[1]
PAGES = tuple(sorted(file.parent.name for file in ROOT.glob("pages/*/page.py")))
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable", "chrome")
SCREEN = {"width": 1440, "height": 900}
SMALL = "count=12&models=rooms/normal&models=rooms/reshading&models=rooms/denoising"
SHOWN = "before => document.title !== before && document.querySelector('.st-key-page-header h1')"
WORDS = "measured targets"  # of Evaluate's conclusion
PATIENCE_MS = 120_000


def start(port: int, store: str) -> subprocess.Popen[bytes]:
    """Start the app and wait until it answers."""
    code = "from depara_core.cli import app; app()"
    environment = {**os.environ, "DEPARA_STORE": store, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, "app", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    app = subprocess.Popen(command, cwd=ROOT, env=environment, **quiet)
    for _ in range(600):
        try:
            with urlopen(f"http://localhost:{port}/_stcore/health", timeout=2):
                return app
        except OSError:
            time.sleep(0.1)
    app.kill()
    sys.exit("The app did not start.")


def paint(page: Page, address: str, words: str = "") -> tuple[float, float | None]:
    """Open an address; return the seconds to its title, and to some words if any are asked for."""
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1", timeout=PATIENCE_MS)
    title = time.perf_counter() - begun
    if not words:
        return title, None
    page.get_by_text(words).first.wait_for(timeout=PATIENCE_MS)
    return title, time.perf_counter() - begun


@contextmanager
def running() -> Iterator[str]:
    """Run the app on an empty store; give its address."""
    with tempfile.TemporaryDirectory() as store:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        app = start(port, store)
        try:
            yield f"http://localhost:{port}"
        finally:
            app.terminate()
            app.wait(30)


def cold(browser: Browser, name: str) -> dict[str, object]:
    """Open a page before anything else."""
    with running() as address:
        page = browser.new_page(viewport=SCREEN)
        title, said = paint(page, f"{address}/{'' if name == 'home' else name}", WORDS if name == "evaluate" else "")
        page.close()
    return {"page": name, "cold s": title, "its conclusion s": "" if said is None else said}


def warm(browser: Browser, names: Sequence[str]) -> dict[str, float]:
    """Visit all pages by their links, then once more: seconds to each title the second time."""
    took = {}
    with running() as address:
        page = browser.new_page(viewport=SCREEN)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}/?{SMALL}")
        settle(page)
        for name in [*(name for name in names if name != "home"), "home"] * 2:
            before = page.title()
            link = page.locator(".st-key-navigation").get_by_role("link", name=name.capitalize(), exact=True)
            begun = time.perf_counter()
            link.click()
            page.wait_for_function(SHOWN, arg=before)
            took[name] = time.perf_counter() - begun
            settle(page)
        page.close()
    return took


def settle(page: Page) -> None:
    """Wait until a page is drawn and computes nothing."""
    page.wait_for_selector(".st-key-page-header h1")
    page.wait_for_timeout(500)
    page.wait_for_selector(".st-key-card-job", state="detached")
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def main() -> None:
    """Measure every page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", nargs="+", choices=PAGES, default=PAGES)
    given = parser.parse_args()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        again = warm(browser, given.pages)
        rows = [cold(browser, name) for name in given.pages]
        browser.close()
    rows = [row | {"warm s": again[str(row["page"])]} for row in rows]
    report("First paint", rows, ["From opening the address, or the click, to the title on the screen."])
    for way, target in (("cold", "3 s"), ("warm", "1 s")):
        headline(f"first paint of a page, {way}, slowest", f"{max(row[f'{way} s'] for row in rows):.1f} s", target)
    for row in rows:
        if row["its conclusion s"]:
            headline("Evaluate's conclusion on an empty store, cold", f"{row['its conclusion s']:.1f} s", "3 s")


if __name__ == "__main__":
    main()
