import json

import pandas as pd
import pytest

import depara_core as depara
from depara_core.benchmark.transfer_table import load_transfer_table, transfer_tables

ROWS = [
    (source, target, budget, split, loss, 0.01, 1 - loss)
    for source, loss in (("b", 0.2), ("a", 0.5), ("random", 0.9))
    for target in ("a", "b")
    for budget in (10, 40)
    for split in ("1", "2", "all")
]
COLUMNS = ["source", "target", "budget", "split", "loss", "error", "affinity"]


@pytest.fixture
def folder(tmp_path):
    pd.DataFrame(ROWS, columns=COLUMNS).to_csv(tmp_path / "tiny.csv", index=False)
    (tmp_path / "tiny.json").write_text(json.dumps({"controls": ["random"], "unit": "error"}))
    return tmp_path


def test_frame_is_sources_by_targets_in_the_tables_order_without_controls(folder):
    truth = load_transfer_table("tiny", folder)
    assert (truth.budgets, truth.splits, truth.controls) == ((40, 10), ("1", "2"), ("tiny/random",))
    frame = truth.frame()
    assert list(frame.index) == ["tiny/b", "tiny/a"]
    assert list(frame.columns) == ["tiny/a", "tiny/b"]
    assert frame.loc["tiny/b", "tiny/a"] == 0.8
    assert list(truth.frame(controls=True).index) == ["tiny/b", "tiny/a", "tiny/random"]


def test_losses_are_negated_so_that_higher_is_better(folder):
    frame = load_transfer_table("tiny", folder).frame(10, "2", "loss")
    assert frame.loc["tiny/a", "tiny/b"] == -0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 7}, "has no budget 7. Expected one of: 40, 10."),
        ({"split": "3"}, "has no split '3'. Expected one of: all, 1, 2."),
        ({"value": "accuracy"}, "has no value 'accuracy'. Expected one of: affinity, loss."),
    ],
)
def test_what_was_not_measured_is_refused(folder, arguments, message):
    with pytest.raises(depara.OptionError, match=message):
        load_transfer_table("tiny", folder).frame(**arguments)


def test_unknown_and_damaged_tables_say_what_to_do(folder):
    with pytest.raises(depara.OptionError, match="no table of measured transfer 'mars'"):
        load_transfer_table("mars", folder)
    (folder / "tiny.json").write_text("{")
    with pytest.raises(depara.StoreError, match="cannot be read"):
        load_transfer_table("tiny", folder)
    (folder / "tiny.csv").write_text("source,target\na,b\n")
    (folder / "tiny.json").write_text("{}")
    with pytest.raises(depara.StoreError, match="lacks the columns affinity"):
        load_transfer_table("tiny", folder)


def test_a_published_table_without_budgets_is_one_budget(tmp_path):
    (tmp_path / "paper.csv").write_text("source,target,affinity\na,b,0.1\nb,a,0.4\n")
    (tmp_path / "paper.json").write_text(json.dumps({"budget": 16000}))
    truth = load_transfer_table("paper", tmp_path)
    assert (truth.budgets, truth.splits) == ((16000,), ())
    assert truth.frame().isna().to_numpy().sum() == 2


def test_bundled_tables_name_models_that_exist():
    known = {spec.id for spec in depara.list_models()}
    assert transfer_tables()
    for name in transfer_tables():
        frame = load_transfer_table(name).frame()
        assert set(frame.index) | set(frame.columns) <= known
