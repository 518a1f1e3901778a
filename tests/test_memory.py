"""What results take in memory: arrays once, mapped ones not at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from planted import random_graph

from depara_core.memory import resident_bytes
from depara_core.store import Store


@dataclass(frozen=True)
class Pair:
    one: object
    other: object


def test_arrays_and_tables_are_counted_to_any_depth():
    array = np.zeros((10, 10))
    assert resident_bytes(array) == 800
    assert resident_bytes(Pair([array, {"a": np.zeros(5, np.float32)}], "text")) == 820
    frame = pd.DataFrame({"a": np.zeros(100)}, index=range(100))
    assert 800 <= resident_bytes((frame,)) < 2000
    assert resident_bytes(None) == resident_bytes(array.shape) == resident_bytes(Pair) == 0


def test_what_is_shared_counts_once():
    array = np.zeros((10, 10))
    view = array[2:].reshape(-1)
    view.setflags(write=False)
    assert resident_bytes([array, array, view]) == 800
    assert resident_bytes(view) == 800, "a view keeps the whole alive"


def test_what_is_mapped_from_a_file_counts_as_nothing(tmp_path):
    store = Store(tmp_path)
    kept = store.keep("a1", {"nodes": np.zeros((50, 50))}, {})
    assert resident_bytes(kept.arrays["nodes"]) == 0
    assert resident_bytes(kept.arrays["nodes"][3:].reshape(-1)) == 0
    np.save(tmp_path / "x.npy", np.zeros(100))
    assert resident_bytes(np.load(tmp_path / "x.npy", mmap_mode="r")) == 0


def test_a_graph_from_the_store_takes_only_what_was_computed_of_it(tmp_path):
    graph = random_graph(0, count=20)
    plain = resident_bytes(graph)
    assert plain >= graph.nodes.nbytes + graph.edges.nbytes
    graph.ranks  # noqa: B018  kept once computed
    assert resident_bytes(graph) == plain + graph.ranks.nbytes
