"""The libraries that the app computes with, imported beside the server's start: whoever opens a page waits less.

preloading.begin(when=runtime.exists)    # before the server starts
preloading.wait()                        # before importing any of them elsewhere: never two imports at once
"""

import contextlib
import importlib
import threading
import time
from collections.abc import Callable

MODULES = ("pandas", "torch", "scipy.stats", "networkx", "sklearn.linear_model", "plotly.graph_objects")
_POLL_S = 0.05
_IDLE_S = 3.0  # nobody has opened a page so long after the server's start: a visitor who comes first sees a title first
_OUT_S = 0.1  # for a title to leave for the browser, which importing holds up
_needed = threading.Event()
_threads: list[threading.Thread] = []


def begin(*, when: Callable[[], bool] = lambda: True) -> None:
    """Import the libraries in a thread of their own, once `when` says so."""
    _threads.append(threading.Thread(target=_load, args=(when,), name="preloading", daemon=True))
    _threads[-1].start()


def wait() -> None:
    """Wait until what was begun is there; at once where nothing was."""
    _needed.set()
    while _threads:
        _threads[-1].join()
        _threads.pop()


def _load(when: Callable[[], bool]) -> None:
    while not when():
        time.sleep(_POLL_S)
    if _needed.wait(_IDLE_S):
        time.sleep(_OUT_S)
    for name in MODULES:
        with contextlib.suppress(ImportError):  # whoever needs it says so
            importlib.import_module(name)
