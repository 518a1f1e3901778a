"""Transfer by trained decoders: what they learn, whom they rank first, and the table that comes of it."""

import numpy as np
import pytest
import torch
from torch import nn

from depara_core.benchmark.transfer_table import load_transfer_table
from depara_core.errors import OptionError
from depara_core.rooms import TASKS
from depara_core.training import decoder_transfer, transfer_recording
from depara_core.training.decoder_transfer import TARGETS, decoder_losses, measure_decoders
from depara_core.training.scene_pool import ScenePool, build_pool
from depara_core.training.transfer import Split, SplitReadouts


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    return build_pool(tmp_path_factory.mktemp("pool"), 40, 11, workers=1)


class Blind(nn.Module):
    """Says nothing of the picture."""

    def forward(self, x):
        return torch.zeros(len(x), 16, 8, 8)


def study(pool, module):
    return SplitReadouts(module, pool, Split(0, slice(0, 24), slice(24, 40)), "")


def test_targets_are_of_every_kind_and_see_the_whole_picture():
    assert len(TARGETS) >= 10
    assert {TASKS[name].kind for name in TARGETS} == {"pixel", "vector", "class"}
    assert {"denoising", "inpainting", "colorization"}.isdisjoint(TARGETS)


@pytest.mark.parametrize("name", ["depth_zbuffer", "room_layout", "class_scene"])
def test_losses_come_scene_by_scene_and_repeat(pool, name):
    before = torch.random.get_rng_state()
    losses = decoder_losses(study(pool, Blind()), TASKS[name], steps=2)
    assert losses.shape == (len(study(pool, Blind()).usable(TASKS[name], 24)[1]),)
    assert np.isfinite(losses).all()
    assert (losses > 0).all()
    np.testing.assert_array_equal(losses, decoder_losses(study(pool, Blind()), TASKS[name], steps=2))
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_code_that_holds_the_answer_is_served_better_than_a_blind_one(pool):
    class Told(nn.Module):
        """The depth itself, cell by cell: the label of whichever picture comes."""

        def forward(self, x):
            depth = pool.labels(TASKS["depth_zbuffer"], slice(0, 40))
            rows = [int((pool.images(slice(0, 40)) * 2 - 1 - one).abs().sum((1, 2, 3)).argmin()) for one in x]
            cells = nn.functional.avg_pool2d(depth[rows], 8)
            return (cells / depth.std()).expand(-1, 16, -1, -1).contiguous()

    told, blind = (
        decoder_losses(study(pool, module), TASKS["depth_zbuffer"], steps=40).mean() for module in (Told(), Blind())
    )
    assert told < 0.8 * blind


def test_the_table_has_every_source_and_is_read_like_any_other(monkeypatch, tmp_path):
    losses = iter(np.random.default_rng(0).random((200, 30)).astype(np.float32))
    monkeypatch.setattr(decoder_transfer, "sources", lambda folder: ["normal", "reshading", "random", "pixels"])
    monkeypatch.setattr(decoder_transfer, "transfer_pool", lambda *_: ScenePool(tmp_path, 40, 0))
    monkeypatch.setattr(decoder_transfer, "SplitReadouts", lambda *_: None)
    monkeypatch.setattr(decoder_transfer, "decoder_losses", lambda *_, **__: next(losses))
    path = transfer_recording.record_decoders("planted", workers=1, folder=tmp_path, work=tmp_path / "work")
    table = load_transfer_table("planted-decoders", tmp_path)
    assert path.name == "planted-decoders.csv"
    assert table.frame().shape == (2, 10)  # the untrained control is no candidate, the pixels have no code to decode
    assert table.budgets == (decoder_transfer.LABELS,)
    assert table.about["command"] == "depara rooms decoders --seed 0"
    assert set(table.about["own_encoder_rank"]) == {"normal", "reshading"}
    again = transfer_recording.record_decoders("planted", workers=1, folder=tmp_path, work=tmp_path / "work")
    assert again.read_bytes() == path.read_bytes()  # nothing is trained twice: the planted losses would have changed


def test_unknown_targets_are_refused():
    with pytest.raises(OptionError, match="targets among edge_texture"):
        measure_decoders(targets=("denoising",))
