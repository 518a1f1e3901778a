"""The connection to a Ray cluster, and why there is none."""

import importlib
import importlib.util
import os
import socket
from typing import Any

from depara_core.errors import OptionError

LOCAL = "ray"  # the cluster that RAY_ADDRESS names, else one on this machine
ANSWER_S = 10.0  # that a cluster has to answer at its address


def connect(executor: str) -> Any:
    """Return Ray, connected: to the cluster that RAY_ADDRESS names, else to one on this machine, or to an address."""
    if executor != LOCAL and not executor.startswith("ray://"):
        raise OptionError(f"Expected executor='ray', 'ray://host:port' or None; {executor!r} came.")
    if importlib.util.find_spec("ray") is None:
        raise OptionError("This needs Ray, which is not installed. Run: pip install 'depara-explorer[cluster]'")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to the outside
    ray = importlib.import_module("ray")
    if not ray.is_initialized():
        address = None if executor == LOCAL else executor
        try:
            _require_answer(address or os.environ.get("RAY_ADDRESS", ""))
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:
            raise _unreachable(executor, error) from error
    return ray


def _require_answer(address: str) -> None:
    """Raise an OSError where nobody listens at "host:port" or "ray://host:port": Ray itself tries for minutes."""
    host, _, port = address.removeprefix("ray://").partition("/")[0].rpartition(":")
    if host and port.isdecimal():  # else "auto" or "local"
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()


def _unreachable(executor: str, error: Exception) -> OptionError:
    lines = (str(error).strip() or type(error).__name__).splitlines()
    if "version mismatch" in lines[0].lower():  # of Ray itself or of Python; which ones stands in the next lines
        told = " ".join(" ".join(lines).split())
        return OptionError(f"Ray at {executor!r} is another version: {told} Install the same one on every machine.")
    return OptionError(f"Ray at {executor!r} cannot be reached: {lines[0]}. Start it first: ray start.")
