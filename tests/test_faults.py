"""What stops real runs: full disks, vanished folders, damaged files, models and devices that fail, work asked twice."""

import errno
import os
import shutil
import threading
import time

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from depara_core.errors import Cancelled, ModelError
from depara_core.jobs import JobQueue
from depara_core.pipeline import builder as pipeline
from depara_core.pipeline.features import build_features
from depara_core.pipeline.graphs import build_graphs
from depara_core.probes import ProbeSet
from depara_core.store import Store
from depara_core.zoo.spec import Network

KEY = "ab12" * 16
LAYERS = ["bn2", "output"]


def model(name, seed=0):
    net = tiny.shared_relu(seed)
    return tiny.spec(Network(net.module, net.taps, f"{seed:064d}"), name)


def failing(name, forward, digest="f" * 64):
    """A model whose forward is given; the convolution before it has weights that a gradient passes through."""

    class Failing(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return forward(self.first(x), x)

    return tiny.spec(tiny.network(Failing(), digest=digest), name)


def probes_with_a_white_one(count=150):
    """Grey noise, enough for several batches; the last image is white, which is 1 to a model."""
    images = np.random.default_rng(0).integers(0, 200, (count, 8, 8, 3), dtype=np.uint8)
    images[-1] = 255
    return ProbeSet.from_arrays(images)


def white(x):
    return (x == 1).flatten(1).all(1)


def build(specs, store, probes=None, **more):
    return build_graphs(specs, tiny.probes() if probes is None else probes, device="cpu", store=store, **more)


def digests(graphs):
    return [graph.digest for graph in graphs]


@pytest.fixture
def computed(monkeypatch):
    """Record the name of every model that is computed."""
    calls, real = [], pipeline.extract

    def recording(network, spec, *given, **more):
        calls.append(spec.name)
        return real(network, spec, *given, **more)

    monkeypatch.setattr(pipeline, "extract", recording)
    return calls


@pytest.fixture
def disk(monkeypatch):
    """A disk whose writes fail with `disk.error`, halfway, while that is set."""
    from depara_core import artefacts

    class Disk:
        error = None

    real = artefacts.save_file

    def save_file(tensors, path, metadata):
        if Disk.error is not None:
            path.write_bytes(b"half of it")
            raise Disk.error
        real(tensors, path, metadata)

    monkeypatch.setattr(artefacts, "save_file", save_file)
    return Disk


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_takes_nothing_costs_no_result(tmp_path, disk, number):
    expected = digests(build([model("a"), model("b", 1)], tmp_path / "sound"))
    disk.error = OSError(number, os.strerror(number))
    store = Store(tmp_path / "store")
    with pytest.warns(RuntimeWarning, match=f"not kept for the next time.*{os.strerror(number)}") as told:
        graphs = build([model("a"), model("b", 1)], store, on_error=pytest.fail)
    assert digests(graphs) == expected
    assert len(told) == 1, "one warning, however many results"
    assert os.strerror(number) in store.trouble
    assert [file for file in store.path.rglob("*") if file.is_file()] == []


def test_a_disk_that_has_room_again_is_used_again(tmp_path, disk):
    disk.error = OSError(errno.ENOSPC, "No space left on device")

    def emptied(done, total, message):
        if message.startswith("b"):
            disk.error = None

    with pytest.warns(RuntimeWarning, match="No space left"):
        build([model("a"), model("b", 1)], tmp_path, progress=emptied)
    assert Store(tmp_path).status().artefacts == 1


def test_features_outlive_a_disk_that_takes_nothing(tmp_path, disk):
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.warns(RuntimeWarning, match="not kept"):
        features = build_features([model("a"), model("b", 1)], tiny.probes(), device="cpu", store=tmp_path)
    assert [one.model for one in features] == ["test/a", "test/b"]


def test_a_store_that_may_only_be_read_still_serves(tmp_path, disk, monkeypatch, computed):
    expected = digests(build(model("a"), tmp_path))

    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    disk.error = OSError(errno.EROFS, "Read-only file system")
    monkeypatch.setattr(os, "utime", denied)
    monkeypatch.setattr(os, "unlink", denied)
    assert digests(build(model("a"), tmp_path)) == expected
    assert computed == ["a"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is denied to root")
def test_a_folder_that_denies_writing(tmp_path, computed):
    expected = digests(build(model("a"), tmp_path))
    for folder in (tmp_path, *tmp_path.iterdir()):
        folder.chmod(0o555)
    with pytest.warns(RuntimeWarning, match="Permission denied"):
        graphs = build([model("a"), model("b", 1)], tmp_path)
    assert computed == ["a", "b"]
    assert digests(graphs)[0] == expected[0]


def test_a_file_that_cannot_be_read_is_none_but_is_not_removed(tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.put(KEY, {"a": np.arange(3.0)}, {})

    def unreadable(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("depara_core.store.read_artefact", unreadable)
        assert store.get(KEY) is None
        assert store.verify() == (KEY,)
    assert store.get(KEY) is not None


@pytest.mark.parametrize("blocked", [False, True])
def test_a_store_that_vanishes_in_the_middle_of_a_run(tmp_path, blocked):
    specs = [model("a"), model("b", 1), model("c", 2)]
    expected = digests(build(specs, tmp_path / "sound"))
    folder = tmp_path / "store"

    def vanish(done, total, message):
        if message.startswith("b") and not vanish.over:
            vanish.over = True
            shutil.rmtree(folder)
            if blocked:
                folder.write_text("something else took the name")

    vanish.over = False
    if blocked:
        with pytest.warns(RuntimeWarning, match="not kept") as told:
            graphs = build(specs, folder, progress=vanish, on_error=pytest.fail)
        assert len(told) == 1
    else:
        graphs = build(specs, folder, progress=vanish, on_error=pytest.fail)
        assert Store(folder).status().artefacts == 2, "the folder is made again"
    assert digests(graphs) == expected


SOUND = {
    "nodes": np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32),
    "flags": np.array([True, False, True]),
    "empty": np.zeros((0, 2), np.float64),
}
NOTES = {"model": "rooms/normal", "shape": [1, 2, 3]}


@pytest.mark.parametrize("bit", [None, *range(8)])
def test_no_damage_is_ever_read(tmp_path, bit):
    """Every bit of a file flipped, one at a time, and every way to cut it off."""
    store = Store(tmp_path)
    store.put(KEY, SOUND, NOTES)
    (file,) = store.path.rglob("*.safetensors")
    content = file.read_bytes()
    for at in range(len(content)):
        flipped = b"" if bit is None else bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        file.write_bytes(content[:at] + flipped)
        found = store.get(KEY)
        assert file.exists() == (found is not None), at
        if found is not None:  # a bit that changes nothing
            assert found.metadata == NOTES
            assert found.arrays.keys() == SOUND.keys()
            for name, array in SOUND.items():
                assert found.arrays[name].dtype == array.dtype
                np.testing.assert_array_equal(found.arrays[name], array)


@given(place=st.integers(0, 10_000), bit=st.sampled_from([None, *range(8)]))
@settings(max_examples=12)
def test_what_was_damaged_is_computed_again_and_sound(tmp_path_factory, place, bit):
    store = Store(tmp_path_factory.mktemp("store"))
    expected = digests(build([model("a"), model("b", 1)], store))
    file = next(store.path.rglob("*.safetensors"))
    content = bytearray(file.read_bytes())
    at = place % len(content)
    if bit is None:
        del content[at:]
    else:
        content[at] ^= 1 << bit
    file.unlink()  # graphs may still map it
    file.write_bytes(content)
    assert digests(build([model("a"), model("b", 1)], store)) == expected
    assert store.verify() == ()
    assert store.status().artefacts == 2


def test_what_another_process_mended_is_not_removed(tmp_path, monkeypatch):
    store, other = Store(tmp_path), Store(tmp_path)
    store.put(KEY, SOUND, {})

    def damaged(*_):
        other.put(KEY, SOUND, {"by": "another process"})
        raise ValueError("does not match")

    with monkeypatch.context() as patched:
        patched.setattr("depara_core.store.read_artefact", damaged)
        assert store.get(KEY) is None
    assert store.get(KEY).metadata == {"by": "another process"}


def test_a_model_that_throws_in_the_middle_of_its_probes(tmp_path):
    def throw(feature, x):
        if white(x).any():
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        return feature

    probes, errors, seen = probes_with_a_white_one(), {}, []
    specs = [model("a"), failing("thrower", throw), model("z", 1)]
    graphs = build(
        specs,
        tmp_path,
        probes,
        on_error=errors.__setitem__,
        progress=lambda done, total, message: seen.append((done, message)),
    )
    assert [graph.model for graph in graphs] == ["test/a", "test/z"]
    assert list(errors) == ["test/thrower"]
    assert "test/thrower" in str(errors["test/thrower"])
    assert "mat1 and mat2" in str(errors["test/thrower"])
    assert max(done for done, message in seen if message.startswith("thrower: ")) > len(probes), "it had begun"
    assert Store(tmp_path).status().artefacts == 2


@pytest.mark.parametrize(
    ("what", "forward"),
    [
        ("feature", lambda feature, x: torch.where(white(x)[:, None, None, None], torch.nan, feature)),
        ("feature", lambda feature, x: torch.where(white(x)[:, None, None, None], torch.inf, feature)),
        ("attribution", lambda feature, x: feature + (x - 1).abs().pow(0.3).sum(1, keepdim=True)),
    ],
    ids=["nan feature", "infinite feature", "nan gradient"],
)
def test_numbers_that_are_not_finite_name_model_layer_and_probe(tmp_path, what, forward):
    probes, errors = probes_with_a_white_one(), {}
    specs = [failing("wild", forward), model("z", 1)]
    graphs = build(specs, tmp_path, probes, on_error=errors.__setitem__)
    assert [graph.model for graph in graphs] == ["test/z"]
    for word in ("test/wild", "'output'", f"{what} is not finite", probes.names[-1]):
        assert word in str(errors["test/wild"])
    assert probes.names[0] + "," not in str(errors["test/wild"])


def lost(feature, x):
    raise RuntimeError("CUDA error: device lost\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.")


def test_a_device_that_disappears_is_told_and_what_is_stored_still_comes(tmp_path):
    build(model("a"), tmp_path)
    errors = {}
    graphs = build([failing("one", lost), model("a")], tmp_path, on_error=errors.__setitem__)
    assert [graph.model for graph in graphs] == ["test/a"]
    message = str(errors["test/one"])
    assert message.startswith("test/one: the device was lost. CUDA error: device lost. What was finished is kept")
    assert "Compile with" not in message


def test_a_device_that_disappears_between_layers_keeps_the_finished_one(tmp_path, monkeypatch, caplog):
    real = pipeline.extract

    def breaking(*given, **more):
        yield next(iter(real(*given, **more)))
        raise RuntimeError("CUDA error: unspecified launch failure")  # as a copy from the device raises it

    monkeypatch.setattr(pipeline, "extract", breaking)
    job = JobQueue().submit("k", "label", lambda progress: build(model("a"), tmp_path, layers=LAYERS))
    assert job.wait(30)
    assert job.state == "failed"
    assert isinstance(job.error, ModelError)
    assert "test/a: the device was lost. CUDA error: unspecified launch failure" in str(job.error)
    assert Store(tmp_path).status().artefacts == 1


@pytest.mark.parametrize("fails", [False, True])
def test_the_gpu_s_memory_is_given_back_when_the_work_ends(tmp_path, monkeypatch, fails):
    given_back = []

    def empty_cache():
        given_back.append(1)
        if fails:
            raise RuntimeError("CUDA error: device lost")

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", empty_cache)
    assert len(build(model("a"), tmp_path)) == 1
    with pytest.raises(ModelError, match="device was lost"):
        build(failing("one", lost), tmp_path)
    assert given_back == [1, 1]


def test_a_fault_of_ours_is_the_models_error_and_stands_in_the_log(tmp_path, monkeypatch, caplog):
    def fault(*_, **__):
        raise ZeroDivisionError("division by zero")

    errors = {}
    monkeypatch.setattr(pipeline, "extract", fault)
    assert build([model("a"), model("b", 1)], tmp_path, on_error=errors.__setitem__) == []
    assert str(errors["test/a"]) == "test/a cannot be computed: division by zero"
    assert "ZeroDivisionError" in caplog.text
    assert "in fault" in caplog.text


def test_two_jobs_for_the_same_thing_compute_it_once(tmp_path, computed):
    queue, together = JobQueue(workers=2), threading.Barrier(2)

    def slow(feature, x):
        time.sleep(0.2)
        return feature

    spec = failing("slow", slow)

    def work(progress):
        together.wait(10)
        return digests(build([spec], tmp_path, progress=progress))

    jobs = [queue.submit(name, "label", work) for name in ("one", "two")]
    assert all(job.wait(30) for job in jobs)
    assert jobs[0].result == jobs[1].result
    assert computed == ["slow"]


def test_who_waits_for_another_job_can_be_cancelled(tmp_path):
    entered, go_on, waiting = threading.Event(), threading.Event(), threading.Event()

    def hold(feature, x):
        entered.set()
        go_on.wait(30)
        return feature

    def notice(progress):
        def report(done, total, message):
            if "another job" in message:
                waiting.set()
            progress(done, total, message)

        return report

    spec, queue = failing("held", hold), JobQueue(workers=2)
    first = queue.submit("one", "label", lambda progress: build([spec], tmp_path, progress=progress))
    assert entered.wait(10)
    second = queue.submit("two", "label", lambda progress: build([spec], tmp_path, progress=notice(progress)))
    assert waiting.wait(10)
    second.cancel()
    assert second.wait(10)
    assert (second.state, first.state) == ("cancelled", "running")
    go_on.set()
    assert first.wait(30)
    assert first.state == "done"


def test_a_cancelled_job_asked_again_goes_on_where_it_was(tmp_path, computed):
    specs, queue = [model(name, seed) for seed, name in enumerate("abc")], JobQueue()

    def work(progress):
        def report(done, total, message):
            if report.cancelling and message.startswith("c: ") and done > 300:  # in the last model's probes
                job.cancel()
            progress(done, total, message)

        report.cancelling = work.first
        return digests(build(specs, tmp_path, probes_with_a_white_one(), progress=report))

    work.first = True
    ready = threading.Event()
    job = queue.submit("k", "label", lambda progress: ready.wait(10) and work(progress))
    ready.set()
    assert job.wait(30)
    assert job.state == "cancelled"
    assert computed == ["a", "b", "c"]
    work.first = False
    again = queue.submit("k", "label", work)
    assert again.wait(30)
    assert again.state == "done"
    assert computed == ["a", "b", "c", "c"]
    assert again.result == digests(build(specs, tmp_path / "undisturbed", probes_with_a_white_one()))


def test_a_cancelled_run_leaves_the_lock_open(tmp_path):
    spec = model("a")

    def stop(done, total, message):
        raise Cancelled("stopped")

    for _ in range(2):
        with pytest.raises(Cancelled):
            build(spec, tmp_path, progress=stop)
    assert len(build(spec, tmp_path)) == 1
