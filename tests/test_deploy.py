"""The container's own steps, run here: what it starts, what tells its health, and the path that a proxy gives it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PATIENCE_S = 120


def instruction(name):
    """The last instruction of a kind, its JSON list."""
    return json.loads(re.findall(rf"^{name}.*?(\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def placed(arguments, port):
    """The arguments on this machine: another port, this host alone, this Python."""
    moved = [one.replace("7860", str(port)).replace("0.0.0.0", "127.0.0.1") for one in arguments]
    return [sys.executable if one == "python" else one for one in moved]


def sealed(folder):
    """What runs a command with nothing writable but a folder, as a container does; [] where that may not be."""
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        return []
    mounts = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd "$0" && exec "$@"'
    return [*alone, "sh", "-c", mounts, str(folder)]


def test_the_container_s_command_serves_and_its_check_says_so(port, tmp_path):
    command = placed(instruction("CMD"), port)
    check = [one.replace("/_stcore", "/depara/_stcore") for one in placed(instruction("HEALTHCHECK"), port)]
    assert command[0] == "depara"
    depara = [sys.executable, "-c", "from depara_core.cli import app; app()"]
    run = [*sealed(tmp_path), *depara, *command[1:], "--base-path", "/depara/"]
    volume = {name: path.replace("/data", str(tmp_path)) for name, path in re.findall(r"(\w+)=(/data\S*)", DOCKERFILE)}
    assert volume.keys() == {"HOME", "DEPARA_STORE", "TMPDIR"}
    Path(volume["TMPDIR"]).mkdir()
    environment = {**os.environ, **volume, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0
    with subprocess.Popen(run, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while subprocess.run(check, capture_output=True, check=False).returncode != 0:
                assert server.poll() is None, "the server ended"
                assert time.monotonic() < deadline, "the server is not healthy"
                time.sleep(1)
            for path in ("depara/", "depara/why", "depara/app/static/inter-latin-wght-normal.woff2"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as answer:
                    assert answer.status == 200
                    assert answer.read(4) == (b"wOF2" if path.endswith("woff2") else b"<!--")
        finally:
            server.terminate()


def test_the_image_holds_what_is_pinned_and_runs_as_nobody_special():
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(r"^torch==", pins, re.MULTILINE)
    assert re.search(r"^torchvision==", pins, re.MULTILINE)
    install = (ROOT / "deploy" / "install").read_text(encoding="utf-8")
    assert "-r requirements.txt" in install
    assert re.search(r"^RUN .*/src/deploy/install /opt/depara", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^USER depara$", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"^VOLUME (.*)$", DOCKERFILE, re.MULTILINE) == ["/data"]
    assert "--public" in instruction("CMD")


def test_a_space_and_the_image_agree_on_the_port():
    told = (ROOT / "deploy" / "huggingface" / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^app_port: (\d+)$", told, re.MULTILINE)[1] in instruction("CMD")
