"""What nobody means to give: each is refused by an error that says what was expected, and none gives a number."""

import subprocess
import sys

import numpy as np
import pytest
import tiny
import torch
from torch import nn

import depara_core as depara
from depara_core.files import MOST_NAME, file_name, written_aside
from depara_core.store import Store, check_bytes, parse_size

WEIGHTS = [float("nan"), float("inf"), -1, 1e308, 10**400]
SIZES = [-1, 0, True, 10**30, "0", "", "x", "-1", "9" * 400, "9" * 30 + "T"]


@pytest.fixture(scope="module")
def graphs():
    models = [depara.model_from_module(tiny.shared_relu(seed).module, name=f"m{seed}", input_size=8) for seed in (0, 1)]
    return depara.build_graphs(models, tiny.probes(), device="cpu")


@pytest.mark.parametrize("lam", WEIGHTS, ids=str)
def test_a_weight_that_is_none_is_refused_wherever_one_is_given(graphs, lam):
    matrix = depara.similarity_matrix(graphs)
    for call in (
        lambda: matrix.total(lam),
        lambda: matrix.to_frame(lam),
        lambda: depara.similarity(*graphs).total(lam),
        lambda: depara.rank_sources(matrix, graphs[0].label, lam),
        lambda: depara.rank_layers(depara.similarity_matrix(graphs, graphs[:1]), lam),
        lambda: depara.explain(*graphs, lam),
        lambda: depara.task_tree(matrix, lam),
        lambda: depara.model_map(matrix, lam),
    ):
        with pytest.raises(depara.OptionError):
            call()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: repr(size)[:20])
def test_a_size_that_is_none_is_refused_wherever_one_is_given(size, tmp_path, monkeypatch):
    with pytest.raises(depara.OptionError, match="bytes"):
        check_bytes(size, "a size")
    if size != "":  # an empty variable is an unset one
        with pytest.raises(depara.OptionError, match="max_bytes"):
            Store(tmp_path, size)
    with pytest.raises(depara.OptionError, match="memory_budget"):
        depara.build_graphs(depara.model("rooms/normal"), tiny.probes(), memory_budget=size, store=tmp_path)
    if isinstance(size, str) and size:
        monkeypatch.setenv("DEPARA_STORE_LIMIT", size)
        with pytest.raises(depara.OptionError, match="DEPARA_STORE_LIMIT"):
            Store(tmp_path)


def test_sizes_are_exact():
    assert parse_size("0.000001M") == 1
    assert check_bytes(np.int64(7), "a size") == check_bytes("7", "a size") == 7
    assert parse_size("999999999999999999") == 999999999999999999


OTHER_TYPES = """
import numpy as np, pandas as pd
import depara_core as depara
from depara_core.benchmark.scoring import assess
from depara_core.store import Store, check_bytes

numbers = np.eye(3)
table = pd.DataFrame(numbers, index=list("abc"), columns=list("abc"))
calls = {
    "assess arrays": lambda: assess({"x": numbers}, numbers),
    "assess an array": lambda: assess({"x": numbers}, table),
    "assess a list": lambda: assess([table], table),
    "assess nothing": lambda: assess(None, None),
    "assess words": lambda: assess({"x": table}, "table"),
}
for size in (float("nan"), float("inf"), 2.5, [1], numbers):
    calls[f"store {size}"] = lambda size=size: Store("store", size)
    calls[f"size {size}"] = lambda size=size: check_bytes(size, "a size")
for name, call in calls.items():
    try:
        print(name, "gave", call())
    except depara.OptionError:
        pass
"""


def test_values_of_other_types_are_refused_too():
    """In a process of its own: pytest's run checks every annotation before the library does."""
    done = subprocess.run([sys.executable, "-c", OTHER_TYPES], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")


OUTPUTS = {
    "sparse": lambda y: y.to_sparse(),
    "compressed": lambda y: y.to_sparse_csr(),
    "nested": lambda y: torch.nested.as_nested_tensor(list(y)),
    "opaque": lambda y: y.to_mkldnn(),
    "complex": lambda y: y.to(torch.complex64),
    "whole": lambda y: y.long(),
    "scalar": lambda y: y.sum(),
    "empty": lambda y: y[:, :0],
    "nothing": lambda y: None,
    "words": lambda y: {"a": "b"},
}


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_that_is_no_feature_is_refused(kind, tmp_path):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return OUTPUTS[kind](self.body(x).mean((2, 3)))

    for build in (depara.build_graphs, depara.build_features):
        with pytest.raises(depara.ModelError):
            build(depara.model_from_module(Odd(), name="odd", input_size=8), tiny.probes(), store=tmp_path)


def test_a_layer_that_is_sparse_is_no_layer(tmp_path):
    class Inside(nn.Module):
        def forward(self, x):
            return x.to_sparse()

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.inside = nn.Conv2d(3, 4, 3), Inside()

        def forward(self, x):
            return self.inside(self.body(x).mean((2, 3))).to_dense()

    spec = depara.model_from_module(Odd(), name="odd", input_size=8)
    assert "inside" not in spec.layers
    with pytest.raises(depara.ModelError, match="not dense"):
        depara.build_graphs(spec, tiny.probes(), layers=["inside"], store=tmp_path)


@pytest.mark.parametrize("text", ["m" * 400, "日" * 400, "../../x", "a\0b", "a\ud800b", "x/" * 300])
def test_any_text_becomes_the_name_of_one_file(tmp_path, text):
    name = file_name(text, ".graphml")
    (tmp_path / name).touch()
    assert [*tmp_path.iterdir()] == [tmp_path / name]
    assert name.endswith(".graphml")
    assert len(name.encode()) <= MOST_NAME
    assert name != file_name(text + "x", ".graphml")


def test_a_long_name_can_be_written_aside(tmp_path):
    with written_aside(tmp_path / ("x" * 250)) as aside:
        aside.touch()
    assert (tmp_path / ("x" * 250)).is_file()
