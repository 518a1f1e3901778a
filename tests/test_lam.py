"""Lambda is checked wherever it comes in: no score is ever NaN or infinite, and a wrong weight is told a right one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import random_graph
from typer.testing import CliRunner

import depara_core as depara
from depara_core.benchmark.benchmarks import Evidence
from depara_core.benchmark.sweeps import over_lambda, over_probes
from depara_core.cli import app
from depara_core.explanation import contrast_interval, influence, interval
from depara_core.similarity import MAX_LAM, check_lam

GRAPHS = [random_graph(seed, count=6, model=f"planted/{name}") for seed, name in enumerate("abcdef")]
A, B, C = GRAPHS[:3]
MATRIX = depara.similarity_matrix(GRAPHS)
TRUTH = MATRIX.to_frame(1.0)
PAIR, WHY, WITHOUT = depara.similarity(A, B), depara.explain(A, B, 1.0), influence(A, B, 1.0)
SWEEP = over_probes(GRAPHS, counts=(4,), repeats=1)
TAKERS = {
    "similarity": lambda lam: PAIR.total(lam),
    "matrix": lambda lam: MATRIX.total(lam),
    "frame": lambda lam: MATRIX.to_frame(lam),
    "rank_sources": lambda lam: depara.rank_sources(MATRIX, "planted/a", lam, resamples=5)["high"],
    "rank_layers": lambda lam: depara.rank_layers(depara.similarity_matrix(GRAPHS, [A]), lam, resamples=5)["low"],
    "tree": lambda lam: depara.task_tree(MATRIX, lam),
    "map": lambda lam: depara.model_map(MATRIX, lam),
    "explain": lambda lam: depara.explain(A, B, lam).probe,
    "explanation at": lambda lam: WHY.at(lam).probe,
    "influence": lambda lam: influence(A, B, lam).without,
    "influence at": lambda lam: WITHOUT.at(lam).without,
    "interval": lambda lam: interval(A, B, lam, resamples=5).total.high,
    "contrast": lambda lam: contrast_interval(A, B, C, lam, resamples=5).total.low,
    "sweep": lambda lam: SWEEP.measures(TRUTH, lam)["P@1"],
    "over_lambda": lambda lam: over_lambda(MATRIX, TRUTH, [lam])["P@1"],
    "score_pairs": lambda lam: depara.score_pairs(Evidence(tuple(GRAPHS), (), {}), ["depara"], lam=lam)["depara"],
}
OUTSIDE = st.floats(max_value=0, exclude_max=True) | st.floats(min_value=MAX_LAM, exclude_min=True) | st.just(math.nan)


@pytest.mark.parametrize("name", TAKERS)
@settings(max_examples=20)
@given(lam=OUTSIDE)
def test_what_is_no_weight_is_refused(name, lam):
    with pytest.raises(depara.OptionError, match="should be a number from 0 to 1e"):
        TAKERS[name](lam)


@pytest.mark.parametrize("name", TAKERS)
@settings(max_examples=20)
@given(lam=st.floats(0, MAX_LAM))
def test_every_weight_gives_finite_numbers(name, lam):
    assert np.isfinite(np.asarray(TAKERS[name](lam), dtype=float)).all()


@pytest.mark.parametrize("lam", ["1", None, True, 1j])
def test_a_word_is_no_weight(lam):
    with pytest.raises((depara.OptionError, TypeError)):  # TypeError: the checks of annotations come first
        check_lam(lam)


@pytest.mark.parametrize("lam", ["nan", "inf", "-inf", "-1", "1e308"])
@pytest.mark.parametrize(
    "command", [("rank", "--target", "rooms/normal"), ("layers", "rooms/normal", "rooms/normal"), ("evaluate",)]
)
def test_the_command_line_refuses_it_before_anything_is_computed(command, lam):
    result = CliRunner().invoke(app, [*command, f"--lam={lam}"])
    assert result.exit_code == 1
    assert "should be a number from 0 to 1e+06" in " ".join(result.stderr.split())
    assert result.stdout == ""
