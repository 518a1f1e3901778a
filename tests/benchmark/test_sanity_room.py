"""The sanity room: changes are what they say, the committed scores are those of today, and order is counted by hand."""

import numpy as np
import pandas as pd
import pytest
import torch

from depara_core.benchmark import sanity_room
from depara_core.training.sanity_networks import LESSONS, dealt_anew


def weights(spec):
    return {name: value.clone() for name, value in spec.open(None).module.state_dict().items()}


def test_every_case_begins_with_the_reference_and_all_networks_open():
    room = sanity_room.cases()
    assert {case.networks[0].id for case in room.values()} == {"fashion/dnn_target@seed1"}
    digests = {spec.id: spec.open(None).digest for case in room.values() for spec in case.networks}
    assert len(set(digests.values())) == len(digests) == 11


def test_noise_is_a_share_of_each_parameter_s_spread():
    first, *noisy = sanity_room.cases()["noise"].networks
    name = "conv5.0.weight"
    before = weights(first)[name]
    for share, spec in zip(sanity_room.NOISES, noisy, strict=True):
        added = weights(spec)[name] - before
        assert float(added.std() / before.std()) == pytest.approx(share, rel=0.05)
    assert torch.equal(weights(first)[name], before)  # the reference itself is left alone


def test_swapped_layers_hold_each_other_s_weights():
    first, *_, most = sanity_room.cases()["swapped"].networks
    before, after = weights(first), weights(most)
    for one, other in sanity_room.SWAPS:
        assert torch.equal(after[f"{one}.0.weight"], before[f"{other}.0.weight"])
        assert torch.equal(after[f"{other}.1.running_mean"], before[f"{one}.1.running_mean"])
    assert torch.equal(after["conv1.0.weight"], before["conv1.0.weight"])


def test_labels_dealt_anew_keep_their_counts():
    labels = torch.arange(1000) % 5
    assert torch.equal(dealt_anew(labels, 0.0), labels)
    half = dealt_anew(labels, 0.5)
    assert torch.equal(half.bincount(), labels.bincount())
    assert float((half != labels).float().mean()) == pytest.approx(0.5 * 0.8, abs=0.05)
    assert set(LESSONS) == set(sanity_room.TRAINED)


def test_the_share_in_order_by_hand():
    rows = [
        ("c", step, "n", metric, value)
        for metric, values in {
            "falls": [1.0, 0.5, 0.2],
            "rises": [0.1, 0.5, 0.9],
            "still": [0.3, 0.3, 0.3],
            "mixed": [1.0, 0.2, 0.5],
        }.items()
        for step, value in enumerate(values)
    ]
    found = sanity_room.seen(pd.DataFrame(rows, columns=list(sanity_room.COLUMNS)))["c"]
    assert found.to_dict() == {"falls": 1.0, "rises": 0.0, "still": 0.5, "mixed": pytest.approx(2 / 3)}


def test_the_committed_scores_are_those_of_today(tmp_path):
    names = ["depara", "nodes", "cka", "knn"]
    now = sanity_room.score_room(names=names, store=str(tmp_path))
    kept = sanity_room.read_room()
    kept = kept[kept["metric"].isin(names)].reset_index(drop=True)
    assert kept.drop(columns="value").equals(now.drop(columns="value"))
    np.testing.assert_allclose(kept["value"], now["value"], atol=2e-3)
    seen = sanity_room.seen(kept)
    assert (seen.loc["depara"] == 1).all()
    rows = sanity_room.shown_rows(sanity_room.read_room())
    assert len(rows) == 33
    assert list(rows[0]) == ["score", *(case.title for case in sanity_room.cases().values())]
