"""Measured transfer: read-outs against scikit-learn, losses on planted codes, the table and its committed cells."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge as ReferenceKernelRidge
from sklearn.linear_model import Ridge as ReferenceRidge
from torch import nn

import depara_core as depara
from depara_core.benchmark.transfer_table import load_transfer_table
from depara_core.rooms import TASKS
from depara_core.training import transfer, transfer_recording
from depara_core.training.decoder_transfer import decoder_losses
from depara_core.training.readout import PENALTIES, CellFeatures, KernelRidge, Ridge, from_cells, to_cells
from depara_core.training.scene_pool import build_pool
from depara_core.training.transfer import Cells, make_splits, measure_transfer, open_source, source_losses


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return build_pool(tmp_path_factory.mktemp("pool"), 48, 11, workers=1)


def of(losses, task):
    return losses[list(TASKS).index(task)]


@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from([1, 2, 4]), st.integers(1, 3))
@settings(max_examples=20)
def test_cells_can_be_put_together_again(count, channels, grid, side):
    labels = torch.randn(count, channels, grid * side, grid * side)
    rows = to_cells(labels, grid)
    assert rows.shape == (count * grid * grid, channels * side * side)
    assert torch.equal(from_cells(rows, grid, channels), labels)


def test_the_first_cell_is_the_upper_left_corner():
    labels = torch.arange(16.0).view(1, 1, 4, 4)
    assert to_cells(labels, 2)[0].tolist() == [0, 1, 4, 5]
    assert to_cells(labels, 2)[1].tolist() == [2, 3, 6, 7]


def test_features_of_a_cell_are_its_neighbours_its_place_and_one():
    code = torch.randn(5, 2, 4, 4)
    rows = CellFeatures(code)(code)
    assert rows.shape == (5 * 16, 9 * 2 + 206)
    scaled = (code - code.mean((0, 2, 3), keepdim=True)) / code.std((0, 2, 3), keepdim=True)
    around = rows[16 + 5].tolist()  # second scene, row 1, column 1: all neighbours are inside
    assert around[:9] == pytest.approx(scaled[1, 0, 0:3, 0:3].flatten().tolist(), abs=1e-6)
    assert rows[0, :3].tolist() == [0, 0, 0]  # the first row of neighbours of a corner lies outside
    assert rows[:, -1].eq(1).all()
    assert rows[0, 18:20].tolist() == [-1, -1]
    assert rows[3, 18:20].tolist() == [1, -1]  # x runs along a row


def test_ridge_equals_scikit_learn_with_the_penalty_that_validation_prefers():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(60, 5, generator=rng)
    y = x @ torch.randn(5, 2, generator=rng) + 3 * torch.randn(60, 2, generator=rng)
    fit, everything = x[:48].double(), x.double()
    errors = []
    for penalty in PENALTIES:
        alpha = penalty * float(torch.linalg.eigvalsh(fit.T @ fit).mean())
        model = ReferenceRidge(alpha, fit_intercept=False).fit(fit, y[:48])
        errors.append(((model.predict(x[48:].double()) - y[48:].numpy()) ** 2).sum())
    alpha = PENALTIES[int(np.argmin(errors))] * float(torch.linalg.eigvalsh(everything.T @ everything).mean())
    expected = ReferenceRidge(alpha, fit_intercept=False).fit(everything, y).coef_.T
    assert Ridge(x, 48).solve(y).numpy() == pytest.approx(expected, rel=1e-3)


def test_kernel_ridge_equals_scikit_learn():
    rng = torch.Generator().manual_seed(1)
    x, new = torch.randn(40, 3, generator=rng), torch.randn(7, 3, generator=rng)
    y = x[:, :1].sin() + 0.1 * torch.randn(40, 1, generator=rng)
    ours = KernelRidge(x, 32)
    scaled, others = (((rows - x.mean(0)) / x.std(0)).double().numpy() for rows in (x, new))
    candidates = []
    for penalty in PENALTIES:
        kernel = np.exp(-((scaled[:, None] - scaled[None]) ** 2).sum(-1) / float(ours.width))
        alpha = penalty * np.linalg.eigvalsh(kernel).mean()
        model = ReferenceKernelRidge(alpha=alpha, kernel="rbf", gamma=1 / float(ours.width))
        candidates.append(model.fit(scaled, y - y.mean(0)).predict(others) + y.mean(0).numpy())
    got = ours.predict(new, ours.solve(y)).numpy()
    assert min(np.abs(got - expected).max() for expected in candidates) < 1e-4
    assert np.abs(got - new[:, :1].sin().numpy()).mean() < 0.3


def test_pixels_as_a_source_keep_the_picture_at_half_its_size():
    picture = torch.rand(2, 3, 64, 64)
    code = Cells()(picture)
    assert code.shape == (2, 48, 8, 8)
    assert code[1, 16 + 4 * 1 + 2, 3, 5].item() == pytest.approx(
        picture[1, 1, 8 * 3 + 2 : 8 * 3 + 4, 8 * 5 + 4 : 8 * 5 + 6].mean().item()
    )


def test_splits_share_no_scene():
    rows = [set(range(*part.indices(10**6))) for split in make_splits() for part in (split.train, split.test)]
    assert sum(map(len, rows)) == len(set().union(*rows)) == transfer.SPLITS * (transfer.BUDGETS[-1] + transfer.TEST)


def test_a_code_that_holds_the_picture_gives_it_back_and_an_empty_one_gives_the_mean(pool):
    splits = make_splits(32, 16, 1)
    seen = source_losses(Cells(), pool, splits, (32,), ("autoencoding", "class_object", "room_layout"))
    assert seen.shape == (20, 1, 1, 16)
    assert of(seen, "autoencoding").mean() < 0.1
    labelled = np.isin(np.arange(32, 48), pool.usable(TASKS["class_object"]))
    assert (np.isfinite(of(seen, "class_object")[0, 0]) == labelled).all()
    assert np.isnan(of(seen, "depth_zbuffer")).all()

    class Empty(nn.Module):
        def forward(self, x):
            return torch.zeros(len(x), 4, 8, 8)

    blank = source_losses(Empty(), pool, splits, (32,), ("room_layout", "autoencoding"))
    assert of(blank, "room_layout").mean() == pytest.approx(1, abs=0.5)
    assert of(blank, "autoencoding").mean() > 5 * of(seen, "autoencoding").mean()


@pytest.mark.parametrize("task", ["denoising", "inpainting", "colorization"])
def test_three_tasks_show_every_source_the_corrupted_picture(pool, task):
    shown = []

    class Spy(nn.Module):
        def forward(self, x):
            shown.append((x + 1) / 2)
            return Cells()(x)

    source_losses(Spy(), pool, make_splits(32, 16, 1), (32,), (task,))
    source_losses(Spy(), pool, make_splits(32, 16, 1), (32,), (task,))
    half = len(shown) // 2
    assert all(torch.equal(a, b) for a, b in zip(shown[:half], shown[half:], strict=True))  # the same for all sources
    clean = pool.images(slice(0, 32))
    assert not torch.allclose(shown[0], clean, atol=0.05)
    if task == "colorization":
        assert torch.allclose(shown[0][:, 0], shown[0][:, 2])


def test_what_was_measured_is_read_and_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "transfer_pool", lambda *_: None)
    monkeypatch.setattr(transfer, "sources", lambda folder: ["normal", "pixels"])
    losses = np.ones((20, 2, 3, 4), np.float32)
    digest = transfer.card("normal")["sha256"][:12]
    for number, name in enumerate((f"normal-{digest}", "pixels-control")):
        file = tmp_path / f"transfer-{transfer.VERSION}-0-{name}.safetensors"
        transfer.save_file({"losses": losses * number}, file)
    found = measure_transfer(work=tmp_path)
    assert {name: float(values.max()) for name, values in found.items()} == {"normal": 0, "pixels": 1}
    with pytest.raises(depara.OptionError, match="seed >= 0 and workers >= 1, got 0 and 0"):
        measure_transfer(work=tmp_path, workers=0)


def cells(table, source, target, budget=250):
    return table[(table.source == source) & (table.target == target) & (table.budget == budget)]


@pytest.fixture
def losses():
    """Return losses of three sources; each task's own encoder is the best for it, the pixels the worst."""
    rng = np.random.default_rng(0)
    shape = (len(TASKS), len(transfer.BUDGETS), transfer.SPLITS, 6)
    made = {name: rng.uniform(0.4, 0.6, shape).astype(np.float32) for name in ("normal", "curvature", "pixels")}
    for name in ("normal", "curvature"):
        of(made[name], name)[:] = 0.1
    made["pixels"][:] += 1
    for values in made.values():
        of(values, "class_object")[..., :2] = np.nan
    return made


def test_the_table_pools_splits_and_leaves_unlabelled_scenes_out(losses, tmp_path):
    table = transfer_recording.transfer_table(losses)
    assert len(table) == 3 * 20 * 2 * 4
    one = table[(table.source == "normal") & (table.target == "class_object") & (table.budget == 250)].set_index(
        "split"
    )
    expected = of(losses["normal"], "class_object")[0, :, 2:]
    assert one.loc["2", "loss"] == pytest.approx(expected[1].mean(), rel=1e-6)
    assert one.loc["all", "loss"] == pytest.approx(expected.mean(), rel=1e-6)
    assert one.loc["all", "error"] == pytest.approx(expected.std(ddof=1) / np.sqrt(12), rel=1e-5)
    sums = table.groupby(["target", "budget", "split"]).affinity.sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))
    assert transfer_recording.own_ranks(table) == {"normal": 1, "curvature": 1}

    path = transfer_recording.write_transfer_table(table, "tiny", 3, folder=tmp_path)
    about = json.loads(path.with_suffix(".json").read_text())
    assert about["command"] == "depara rooms transfer --seed 3"
    assert about["flagged"] == []
    frame = load_transfer_table("tiny", tmp_path).frame(250)
    assert frame["rooms/normal"].idxmax() == "rooms/normal"
    assert "rooms/pixels" not in frame.index


def test_a_target_whose_own_encoder_is_not_near_the_top_is_flagged(losses, tmp_path):
    losses["normal"][:] += 2
    for extra in ("depth_zbuffer", "reshading"):
        losses[extra] = losses["curvature"] + np.float32(0.01)
    path = transfer_recording.write_transfer_table(
        transfer_recording.transfer_table(losses), "tiny", 0, folder=tmp_path
    )
    assert "normal" in json.loads(path.with_suffix(".json").read_text())["flagged"]


@pytest.fixture(scope="module")
def committed_scenes(tmp_path_factory):
    """The scenes that the committed tables' first split learned from and was tested on."""
    return build_pool(tmp_path_factory.mktemp("scenes"), make_splits()[0].test.stop, transfer.POOL_SEED, workers=1)


def test_random_cells_of_the_committed_table_come_out_again_from_the_committed_weights(committed_scenes):
    table = pd.read_csv(transfer_recording.table_path("rooms"), dtype={"split": str})
    split, scenes = make_splits()[0], committed_scenes
    rng = np.random.default_rng(0)
    for source in rng.choice(list(TASKS), 2, replace=False):
        targets = rng.choice(["depth_zbuffer", "edge_texture", "class_scene"], 2, replace=False).tolist()
        again = source_losses(open_source(source), scenes, [split], (250,), tuple(targets))
        for target in targets:
            row = cells(table, source, target).set_index("split").loc["1"]
            assert np.nanmean(of(again, target)) == pytest.approx(row.loss, rel=0.02), (source, target)


@pytest.mark.parametrize(("source", "target"), [("normal", "depth_zbuffer"), ("class_scene", "class_object")])
def test_cells_of_trained_decoders_come_out_again_from_the_committed_weights(committed_scenes, source, target):
    table = pd.read_csv(transfer_recording.table_path("rooms-decoders"))
    study = transfer.SplitReadouts(open_source(source), committed_scenes, make_splits()[0], "")
    again = decoder_losses(study, TASKS[target]).mean()
    assert again == pytest.approx(cells(table, source, target)["loss"].item(), rel=0.02)
