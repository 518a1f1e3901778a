"""Ctrl-C, SIGTERM and a closed terminal end a command and the app, all of it, and keep what is finished."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from depara_core.cli import serve
from depara_core.errors import OptionError
from depara_core.store import Store

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from depara_core.cli import app; app()"]
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="of POSIX")


def start(tmp_path, *arguments):
    given = {**os.environ, "DEPARA_STORE": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background may ignore it
    try:
        return subprocess.Popen([*COMMAND, *arguments], cwd=tmp_path, env=given, start_new_session=True, **pipes)
    finally:
        signal.signal(signal.SIGINT, heard)


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_command_ends_and_keeps_what_is_finished(tmp_path, number):
    with start(tmp_path, "graphs", "--count", "60", "--layers", "all") as process:
        until(lambda: any(tmp_path.rglob("*.safetensors")))
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert "goes on where this one was" in process.stderr.read()
    assert Store(tmp_path).verify() == ()
    assert Store(tmp_path).status().artefacts > 0
    assert [*tmp_path.rglob("*.part")] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_app_ends_with_all_its_processes(tmp_path, number):
    with start(tmp_path, "app", "--json", "--port", "8760") as process:
        address = json.loads(process.stdout.readline())["address"]

        def answers():
            try:
                return urlopen(f"{address}/_stcore/health", timeout=5).read() == b"ok"
            except OSError:
                return False

        until(answers)
        process.send_signal(number)
        process.communicate(timeout=60)
        port = int(address.rpartition(":")[2])
        with socket.socket() as probe:
            assert probe.connect_ex(("localhost", port)) != 0, "somebody still listens"
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)


def test_the_settings_of_the_app(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPARA_STORE", str(tmp_path))
    (tmp_path / "a").mkdir()
    given = serve.app_settings([tmp_path / "a", tmp_path], allow_code=False, public=True)
    assert given == {
        "DEPARA_ALLOW_CODE": "0",
        "DEPARA_PUBLIC": "1",
        "DEPARA_ROOTS": f"{tmp_path / 'a'}{os.pathsep}{tmp_path}",
    }
    with pytest.raises(OptionError, match="--root"):
        serve.app_settings([tmp_path / "none"], allow_code=False, public=False)
    with pytest.raises(OptionError, match="exclude each other"):
        serve.app_settings([], allow_code=True, public=True)
    monkeypatch.setenv("DEPARA_STORE", "~no-such-user-here")
    with pytest.raises(OptionError, match="home folder"):
        serve.app_settings([], allow_code=False, public=False)
