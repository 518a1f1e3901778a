"""The installed wheel, from an empty folder: the commands work, the app answers with its fonts, its pages are drawn.

A fresh virtual environment gets the wheel alone; the packages that it needs are those of the running interpreter.
"""

import json
import os
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[1]
PAGES = """
import os, sys
from depara_core.cli.serve import app_script
from streamlit.testing.v1 import AppTest
script = app_script()
sys.path.insert(0, str(script.parent))  # as `streamlit run` does
for page in sorted(folder.parent.name for folder in script.parent.glob("pages/*/page.py")):
    test = AppTest.from_file(script, default_timeout=300)
    test.query_params["count"] = "4"
    test.run().switch_page(f"pages/{page}/page.py").run()
    assert not test.exception, (page, test.exception)
    assert not test.error, (page, test.error)
    print(page, flush=True)
os._exit(0)  # whatever still computes in the background is of no interest
"""

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel, install it into an environment of its own, and return a call of it in an empty folder."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-w", str(folder)], check=True)
    (wheel,) = folder.glob("*.whl")
    home = folder / "environment"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    Path(site.strip(), "shared.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)
    empty = folder / "empty"
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["DEPARA_STORE"] = str(folder / "store")

    def start(program, *arguments):
        command = [str(python.with_name(program)), *arguments]
        return subprocess.Popen(command, cwd=empty, env=environment, stdout=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def answer(installed):
    """Return a call of `depara ... --json` that gives its answer."""

    def ask(*arguments):
        with installed("depara", *arguments, "--json") as process:
            output = process.stdout.read()
        assert process.returncode == 0
        return json.loads(output)

    return ask


def test_it_is_the_wheel_that_is_imported(installed):
    with installed("python", "-c", "import depara_core; print(depara_core.__file__)") as process:
        assert "environment" in process.stdout.read()


def test_the_commands_work(answer):
    assert len(answer("models", "--source", "rooms")) == 24
    ranked = answer("rank", "rooms/normal", "rooms/curvature", "--target", "rooms/depth_zbuffer", "--count", "4")
    assert {row["source"] for row in ranked["ranking"]} == {"rooms/normal", "rooms/curvature"}
    assert answer("evaluate", "--count", "8")["targets"] == 20


def test_the_app_answers_and_serves_its_fonts(installed):
    with installed("depara", "app", "--json") as process:
        try:
            address = json.loads(process.stdout.readline())["address"]
            assert _read(f"{address}/_stcore/health") == b"ok"
            assert b"<title>" in _read(address)
            for font in (ROOT / "static").glob("*.woff2"):
                assert _read(f"{address}/app/static/{font.name}") == font.read_bytes()
        finally:
            process.terminate()
    with pytest.raises(URLError):  # nothing is left behind
        urlopen(address, timeout=10)


def _read(address):
    """Return what is at an address, once somebody listens there."""
    for _ in range(600):
        try:
            with urlopen(address, timeout=10) as answered:
                return answered.read()
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{address} does not answer.")


def test_every_page_is_drawn(installed):
    with installed("python", "-c", PAGES) as process:
        drawn = process.stdout.read().split()
    assert process.returncode == 0
    assert drawn == sorted(page.parent.name for page in ROOT.glob("pages/*/page.py"))
