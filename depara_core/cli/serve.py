"""`depara app`: the web app on this machine."""

import contextlib
import importlib
import importlib.util
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from depara_core import preloading
from depara_core.cli.options import Json
from depara_core.errors import OptionError
from depara_core.paths import PUBLIC, ROOTS, expanded

HOST = "localhost"
TRIES = 50  # ports looked at from the wanted one on

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The first free port from here on is used.")] = 8501,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let models be Python files and exported programs, which are run.")
    ] = False,
    root: Annotated[
        list[Path] | None,
        typer.Option("--root", help="A folder that links may read without asking; may be given several times."),
    ] = None,
    public: Annotated[
        bool,
        typer.Option("--public", help="Strangers use it: other paths, downloads and long work are refused, not asked."),
    ] = False,
    host: Annotated[
        str, typer.Option("--address", help="Where it listens: '0.0.0.0' is every network, for containers.")
    ] = HOST,
    base: Annotated[str, typer.Option("--base-path", help="The path that a proxy serves it under.")] = "",
    as_json: Json = False,
) -> None:
    """Start the web app on localhost and print its address; Ctrl-C stops it."""
    settings = app_settings(root or [], allow_code=allow_code, public=public)
    script = app_script()
    if importlib.util.find_spec("streamlit") is None:
        raise OptionError("The app needs streamlit, which is not installed. Run: pip install 'depara-explorer[app]'")
    free, path = first_free(port, host), base.strip("/")
    address = f"http://{host}:{free}" + (f"/{path}" if path else "")
    line = json.dumps({"address": address}) if as_json else f"DEPARA Explorer: {address}   (Ctrl-C stops it)"
    typer.echo(line)
    sys.stdout.flush()
    os.environ.update(settings)
    os.chdir(script.parent)  # streamlit reads .streamlit/config.toml from the folder it starts in
    flags = ["--server.address", host, "--server.port", str(free), "--server.headless", "true"]
    flags += ["--server.baseUrlPath", path] if path else []
    sys.argv = ["streamlit", "run", str(script), *flags]
    pages = importlib.import_module("streamlit.runtime.pages_manager").PagesManager
    pages.uses_pages_directory = False  # the router is app.py: else the first link opened would not find its page
    preloading.begin(when=importlib.import_module("streamlit.runtime").exists)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))  # a closed terminal ends it
    with contextlib.redirect_stdout(sys.stderr):
        runpy.run_module("streamlit", run_name="__main__")  # in this process: what ends it ends the server


def app_settings(roots: Sequence[Path], *, allow_code: bool, public: bool) -> dict[str, str]:
    """Return the environment that the app runs in; raises an error of what cannot be meant."""
    if public and allow_code:
        raise OptionError("--public and --allow-code exclude each other: strangers would run code on this machine.")
    places = [expanded(root).resolve() for root in roots]
    for place in places:
        if not place.is_dir():
            raise OptionError(f"--root: expected a folder; there is none at {str(place)!r}.")
    from depara_core.store import Store  # late: it brings numpy along

    Store()  # a store that cannot be meant is told now, not on every page
    return {
        "DEPARA_ALLOW_CODE": "1" if allow_code else "0",
        PUBLIC: "1" if public else "0",
        ROOTS: os.pathsep.join(map(str, places)),
    }


def app_script() -> Path:
    """Return app.py: beside the package in a checkout, inside it where a wheel packed it there."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent, package / "app"):
        if (folder / "app.py").is_file() and (folder / "pages").is_dir():
            return folder / "app.py"
    raise OptionError(f"The app's pages are not installed: expected app.py and pages/ beside {package}.")


def first_free(port: int, host: str = HOST) -> int:
    """Return the first port from `port` on that nothing on this machine listens at."""
    for candidate in range(port, min(port + TRIES, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    raise OptionError(f"No free port was found from {port} on. Choose another with --port.")
