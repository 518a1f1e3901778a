"""From a fresh clone to a page with results: seconds of `make app`, downloads included.

Clones this checkout aside, runs `make app` there with empty caches of packages and results, and watches the Models page
in Chromium until it shows the default comparison's figures. Needs `make dev` in this checkout (for the browser).
Baseline: the target the project set itself on 2 cores, 180 s.

    python benchmarks/first_run.py [--quick]
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import sync_playwright
from report import report

ROOT = Path(__file__).resolve().parents[1]
PORT = 8631
LIMIT_S = 900.0
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)


def environment(scratch: Path, quick: bool) -> dict[str, str]:
    """Return an environment whose stores of results, and unless quick of packages, are empty."""
    fresh = {"DEPARA_STORE": scratch / "results"}
    if not quick:
        fresh |= {"UV_CACHE_DIR": scratch / "uv", "PIP_CACHE_DIR": scratch / "pip"}
    return {**os.environ, **{name: str(folder) for name, folder in fresh.items()}}


def await_server(app: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the server answers; stop if it died."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if app.poll() is not None:
            sys.exit(f"make app ended with code {app.returncode} before it served anything.")
        try:
            with urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"No answer from {address} after {LIMIT_S:.0f} s.")


def await_results(address: str) -> None:
    """Open the Models page and wait for its figures."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(f"{address}/models")
        page.locator(".js-plotly-plot").nth(1).wait_for(timeout=LIMIT_S * 1000)
        browser.close()


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="use the packages that were downloaded before")
    quick = parser.parse_args().quick
    address = f"http://localhost:{PORT}"
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        start = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        app = subprocess.Popen(
            ["make", "app", f"PORT={PORT}"], cwd=clone, env=environment(Path(folder), quick), start_new_session=True
        )
        try:
            await_server(app, address)
            served = time.perf_counter() - start
            await_results(address)
            shown = time.perf_counter() - start
        finally:
            os.killpg(app.pid, signal.SIGTERM)
            app.wait(30)
    rows = [
        {"step": "the address is printed and answers", "seconds": served},
        {"step": "the Models page shows its figures", "seconds": shown},
    ]
    report("A fresh clone, make app", rows, ["Baseline: the project's own target of 180 s to a page with results."])


if __name__ == "__main__":
    main()
