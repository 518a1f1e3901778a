"""Models as tasks of a local Ray of two workers: the same graphs as in this process, also where a worker is killed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import depara_core as depara
from depara_core.pipeline import cluster

SCRIPT = Path(__file__).with_name("on_ray.py")
NAMES, NO_START = ("normal", "curvature", "denoising", "edge_texture"), 77
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="workers are found in /proc")
def test_a_killed_worker_s_models_are_done_again_and_a_broken_one_stops_no_other(tmp_path):
    probes = depara.load_probes("rooms", count=4)
    specs = [depara.model(f"rooms/{name}") for name in NAMES]
    graphs = depara.build_graphs(specs, probes, layers="all", device="cpu", store=tmp_path / "alone")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == NO_START:
        pytest.skip(f"Ray does not start on this machine: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr[-2000:]
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["killed"]
    assert facts["digests"] == {graph.label: graph.digest for graph in graphs}
    assert facts["failed"] == {"rooms/broken": "ModelError"}
    assert any("on the cluster" in message for message in facts["told"])
    assert facts["same_features"]
    assert facts["cancelled"]


def test_a_worker_refuses_other_versions_and_a_store_it_does_not_see(tmp_path):
    probes, spec = depara.load_probes("rooms", count=4), depara.model("rooms/normal")
    given = {"store": depara.Store(tmp_path)}
    other = cluster._versions() | {"torch": "0.1"}
    with pytest.raises(depara.OptionError, match=r"torch .* instead of 0\.1"):
        cluster._task(depara.build_features, spec, probes, given, tmp_path, other)
    with pytest.raises(depara.StoreError, match="does not see the store"):
        cluster._task(depara.build_features, spec, probes, given, tmp_path / "x" / "mark", cluster._versions())


def test_no_ray_and_no_address_are_told(monkeypatch):
    probes, spec = depara.load_probes("rooms", count=4), depara.model("rooms/normal")
    with pytest.raises(depara.OptionError, match="'ray://host:port' or None; 'dask' came"):
        depara.build_graphs(spec, probes, executor="dask")
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(depara.OptionError, match=r"depara-explorer\[cluster\]"):
        depara.build_graphs(spec, probes, executor="ray")
