"""How a function of the core is kept: how many of its results, shared or copied, told apart by content."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import streamlit as st

import depara_core as depara

P = ParamSpec("P")
R = TypeVar("R")
Graph = depara.AttributionGraph
Graphs = tuple[Graph, ...]
Matrix = depara.SimilarityMatrix


def _identity(graph: Graph) -> tuple[str, str, str]:
    return graph.model, graph.layer, graph.digest


_BY_CONTENT: dict[Any, Callable[[Any], Any]] = {
    Graph: _identity,
    Matrix: lambda matrix: (matrix.grid, *map(_identity, matrix.rows), "by", *map(_identity, matrix.columns)),
    depara.ProbeSet: lambda probes: probes.digest,
    "depara_core.benchmark.scored.ScoredBenchmark": lambda scored: scored.key,  # by name: only Evaluate imports it
}


def shared(entries: int, *, spinner: str | bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the last `entries` results of a function as they are; nobody may change them."""
    return st.cache_resource(show_spinner=spinner, max_entries=entries, hash_funcs=_BY_CONTENT)


def copied(entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the last `entries` results of a function; each caller gets a copy of its own."""
    return st.cache_data(show_spinner=False, max_entries=entries, hash_funcs=_BY_CONTENT)


def figure(draw: Callable[P, R]) -> Callable[P, R]:
    """Keep the figures of a function of `depara_core.figures` by their content; they may not be changed."""
    return shared(64)(draw)
