"""Models as tasks of a local Ray of two workers: the same graphs as in this process, also where a worker is killed."""

import importlib.util
import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import fake_ray
import pytest
import tiny

import depara_core as depara
from depara_core.pipeline import cluster, connection

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
    assert facts["killed_in_shards"]
    assert facts["shards_differ"] <= 1e-5  # what float32 features of other batches differ by
    assert facts["artefacts"] == 1  # the graph; its parts are gone


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
    monkeypatch.setattr(connection.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(depara.OptionError, match=r"depara-explorer\[cluster\]"):
        depara.build_graphs(spec, probes, executor="ray")


@pytest.mark.parametrize(
    "raised, said",
    [
        (ConnectionError("ray client connection timeout\nand more"), r"cannot be reached: ray client .*\. Start it"),
        (
            RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 2.9\n"),
            r"another version: .*Ray: 2\.9",
        ),
    ],
)
def test_a_cluster_that_does_not_answer_or_is_of_another_version_is_told(raised, said, monkeypatch):
    ray = fake_ray.plant(monkeypatch)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def init(address, **more):
        assert address == "ray://nowhere:10001"
        raise raised

    ray.init = init
    monkeypatch.setattr(connection.socket, "create_connection", lambda place, timeout: io.BytesIO())
    with pytest.raises(depara.OptionError, match=said):
        depara.build_graphs(tiny.spec(tiny.shared_relu()), tiny.probes(), executor="ray://nowhere:10001")


@pytest.mark.parametrize("form", ["ray://127.0.0.1:{}", "127.0.0.1:{}"])
def test_an_address_where_nobody_listens_is_told_at_once(form, monkeypatch):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = form.format(one.getsockname()[1])  # bound, but not listening
        ray = fake_ray.plant(monkeypatch)
        monkeypatch.setattr(ray, "is_initialized", lambda: False)
        monkeypatch.setenv("RAY_ADDRESS", address)
        executor = address if address.startswith("ray://") else "ray"
        with pytest.raises(depara.OptionError, match=r"cannot be reached: .*refused.*ray start"):
            depara.build_graphs(tiny.spec(tiny.shared_relu()), tiny.probes(), executor=executor)


@pytest.mark.parametrize("error", [fake_ray.ObjectStoreFullError, fake_ray.OutOfDiskError])
def test_a_full_object_store_says_what_to_do_and_nothing_finished_is_lost(error, tmp_path, monkeypatch):
    ray, spec, probes = fake_ray.plant(monkeypatch), tiny.spec(tiny.shared_relu()), tiny.probes()
    (graph,) = depara.build_graphs(spec, probes, device="cpu", store=tmp_path)

    def full(value):
        raise error("no room")

    monkeypatch.setattr(ray, "put", full)
    with pytest.raises(depara.StoreError, match=r"object store is full.*--object-store-memory"):
        depara.build_graphs(spec, probes, device="cpu", store=tmp_path, executor="ray")
    (again,) = depara.build_graphs(spec, probes, device="cpu", store=tmp_path)
    assert again.digest == graph.digest
    assert not list(tmp_path.glob(".*")), "the mark is left"


def test_a_gpu_of_the_cluster_is_taken_and_what_fast_means_follows_it(tmp_path, monkeypatch):
    ray = fake_ray.plant(monkeypatch, resources={"CPU": 8.0, "GPU": 2.0})
    assert cluster.device_on("ray", "auto") == "cuda"
    assert cluster.device_on("ray", "cpu") == "cpu"
    spec, probes = tiny.spec(tiny.shared_relu()), tiny.probes()
    failed = {}
    depara.build_graphs(spec, probes, store=tmp_path, executor="ray", on_error=failed.__setitem__)
    assert [asked["num_gpus"] for asked in ray.asked] == [1]
    assert set(failed) <= {"test/tiny"}  # where this machine has no GPU the task says so


def broken():
    raise depara.ModelError("Expected whole weights.")


def test_features_are_built_on_the_cluster_and_a_broken_model_stops_no_other(tmp_path, monkeypatch):
    ray, failed = fake_ray.plant(monkeypatch), {}
    specs = [tiny.spec(broken, "broken"), tiny.spec(tiny.shared_relu(), "good")]
    told = {"device": "cpu", "on_error": failed.__setitem__}
    (made,) = depara.build_features(specs, tiny.probes(), store=tmp_path / "ray", executor="ray", **told)
    assert ray.sent == [("build_features", "test/broken"), ("build_features", "test/good")]
    assert set(failed) == {"test/broken"}
    (alone,) = depara.build_features(specs, tiny.probes(), store=tmp_path / "one", **told)
    assert (made.values == alone.values).all()
    with pytest.raises(depara.ModelError, match="whole weights"):
        depara.build_features(specs, tiny.probes(), store=tmp_path / "ray", device="cpu", executor="ray")
