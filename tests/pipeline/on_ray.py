"""What test_cluster runs in a process of its own: a local Ray of two workers, of which one is killed; prints JSON."""

import dataclasses
import json
import os
import signal
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import ray

import depara_core as depara
from depara_core.errors import ModelError
from depara_core.pipeline import shards

NAMES = ("normal", "curvature", "denoising", "edge_texture")
MARK = uuid.uuid4().hex  # the processes of our Ray carry it in their environment
NO_START = 77


def refuse(progress):
    raise ModelError("rooms/broken has no weights.")


def kill_a_worker():
    """Kill one process of our Ray that works on a task; return whether there was one."""
    for process in Path("/proc").iterdir():
        try:
            if (
                process.name.isdecimal()
                and (process / "cmdline").read_bytes().startswith(b"ray::_task")
                and MARK.encode() in (process / "environ").read_bytes()
            ):
                os.kill(int(process.name), signal.SIGKILL)
                return True
        except OSError:
            continue
    return False


def in_shards(folder):
    """Build a graph over probes that are divided, with a worker killed; return what came of it."""
    spec, probes, killed = depara.model("rooms/normal"), depara.load_probes("rooms", count=12), []

    def progress(done, total, message):
        until = time.monotonic() + 10
        while not killed and time.monotonic() < until:
            killed.extend([True] if kill_a_worker() else [])
            time.sleep(0.005)

    shards.SHARD_PROBES = 2
    told = {"device": "cpu", "center": True}
    (alone,) = depara.build_graphs(spec, probes, store=folder / "whole", **told)
    (made,) = depara.build_graphs(spec, probes, store=folder / "parts", executor="ray", progress=progress, **told)
    differ = max(float(np.abs(a - b).max()) for a, b in ((made.nodes, alone.nodes), (made.edges, alone.edges)))
    artefacts = depara.Store(folder / "parts").status().artefacts
    return {"killed_in_shards": bool(killed), "shards_differ": differ, "artefacts": artefacts}


def main(folder):
    """Build graphs with a worker killed and a model that fails, then features, then stop."""
    probes = depara.load_probes("rooms", count=4)
    killed, told, failed = [], [], {}

    def progress(done, total, message):
        told.append(message)
        if not killed and kill_a_worker():
            killed.append(True)

    broken = dataclasses.replace(depara.model("rooms/normal"), id="rooms/broken", _open=refuse, _identity=None)
    specs = [*(depara.model(f"rooms/{name}") for name in NAMES), broken]
    graphs = depara.build_graphs(
        specs, probes, layers="all", device="cpu", store=folder / "graphs", executor="ray", progress=progress,
        on_error=lambda model, error: failed.update({model: type(error).__name__}),
    )  # fmt: skip
    here = depara.build_features(specs[0], probes, device="cpu", store=folder / "here")[0].values
    there = depara.build_features(specs[0], probes, device="cpu", store=folder / "there", executor="ray")[0].values

    def stop(done, total, message):
        raise depara.Cancelled("Enough.")

    try:
        depara.build_features(specs[0], probes, store=folder / "never", executor="ray", progress=stop)
        cancelled = False
    except depara.Cancelled:
        cancelled = True
    digests = {graph.label: graph.digest for graph in graphs}
    parts = in_shards(folder)
    facts = {"killed": bool(killed), "digests": digests, "failed": failed, "told": told, "cancelled": cancelled}
    print(json.dumps(facts | parts | {"same_features": bool(np.array_equal(here, there))}))


if __name__ == "__main__":
    os.environ |= {"DEPARA_TEST_MARK": MARK, "RAY_USAGE_STATS_ENABLED": "0"}
    try:
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=10**8)
    except Exception as error:  # noqa: BLE001 - Ray gives its own processes 30 seconds, and no longer
        print(error, file=sys.stderr)
        sys.exit(NO_START)
    main(Path(sys.argv[1]))
