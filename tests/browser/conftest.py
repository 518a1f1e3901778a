"""A running app and a headless Chromium: the pages as a person meets them."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).parents[2]
NAMES = (
    "chromium-headless-shell",  # takes less time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
PATIENCE_MS = 180_000  # a busy machine computes the first comparison slowly


def probed_by_streamlit(url):
    """Streamlit's page looks for its server beside the page's own path first, and goes on when that is not there."""
    return url.endswith(("/_stcore/health", "/_stcore/host-config"))


@pytest.fixture(scope="session")
def chromium():
    """Return a headless browser; without one the tests are skipped, which is an error when CI=true."""
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        try:
            browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        except Error as error:
            why = error.message.splitlines()[0]
            reason = f"NO BROWSER: none of {', '.join(NAMES)} is here, nor Playwright's own ({why})"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start the app on a free port and return its address; all servers of a run share a store."""
    folder = tmp_path_factory.mktemp("app")
    workers = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    store = workers / "store"  # one store: what one computes the others read
    with running(("-c", "from depara_core.cli import app; app()", "app", "--port"), folder, store) as address:
        yield address


@pytest.fixture(scope="session")
def serve():
    """Return what runs a server for a test of its own: see `running`."""
    return running


@contextmanager
def running(arguments, folder, store):
    """Run Python with these arguments and a free port behind them; give the address once something answers there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DEPARA_STORE": str(store)}
    command = [sys.executable, *arguments, str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait(port, process, folder / "log")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(port, process, log):
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urlopen(f"http://localhost:{port}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The app did not start: {log.read_text()[-2000:]}")


class Reader:
    """A person at a browser: opens pages, waits until they are done, and notices whatever goes wrong."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.wrong, self.outside = [], []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._heard)
        page.on("request", self._asked)

    def _heard(self, message):
        if message.type == "error" and not probed_by_streamlit(message.location.get("url", "")):
            self.wrong.append(f"{message.text} {message.location.get('url')}")

    def _asked(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path=""):
        """Open a page by its address and wait until it has computed what it shows."""
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_selector(".st-key-page-header h1")
        return self.settle()

    def settle(self):
        """Wait until nothing runs and no progress is shown."""
        self.page.wait_for_timeout(400)
        self.page.wait_for_selector(".st-key-card-job", state="detached")
        self.page.wait_for_selector(IDLE)
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector(IDLE)
        return self

    def choose(self, box, option):
        """Choose from a box of words; on a busy machine a page that is drawn again may close the list meanwhile."""
        for _ in range(5):
            box.click()
            try:
                self.page.get_by_role("option", name=option).click(timeout=10_000)
            except Error:
                self.page.keyboard.press("Escape")
            else:
                return
        pytest.fail(f"The list with {option!r} does not stay open.")

    def complaints(self):
        """Return all that went wrong: error boxes, console errors, requests to the outside."""
        boxes = self.page.locator('[data-testid="stException"]').all_inner_texts()
        errors = self.page.locator('[data-testid="stAlertContentError"]').all_inner_texts()
        return boxes + errors + self.wrong + self.outside


@pytest.fixture(scope="session")
def desktop(chromium):
    """Return a profile that has the app's scripts at hand once a page was opened."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def reader(desktop, server):
    """Return a reader on a desktop screen, who has been here before."""
    page = desktop.new_page()
    yield Reader(page, server)
    page.close()


@pytest.fixture
def reader_at(desktop):
    """Return what gives a reader at the address of a server of a test's own."""
    pages = []

    def at(address):
        pages.append(desktop.new_page())
        return Reader(pages[-1], address)

    yield at
    for page in pages:
        page.close()


@pytest.fixture
def phone(chromium, server):
    """Return a reader on a narrow dark screen, in a fresh profile."""
    context = chromium.new_context(viewport={"width": 480, "height": 900}, color_scheme="dark")
    yield Reader(context.new_page(), server)
    context.close()
