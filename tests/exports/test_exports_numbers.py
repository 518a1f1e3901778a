"""Maps, agreements, scores and ranking measures as files: what is reopened is what was computed."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from planted import random_graph

import depara_core as depara
from depara_core import exports
from depara_core.benchmark import scoring as scoring
from depara_core.grids import probe_cosines

COUNT = 5
IMAGES = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
PROBES = depara.ProbeSet.from_arrays(IMAGES, ["a\x01", "b", "c", "d", "e"])
A, B = (random_graph(seed, count=COUNT, model=f"m/{seed}", probes=PROBES.digest) for seed in (1, 2))
NAMES = [f"m/{letter}" for letter in "abcdefgh"]


def planted(seed):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(8, 8)), index=NAMES, columns=NAMES)


def truth():
    """Measured transfer: a model is no source of its own."""
    return planted(0).mask(np.eye(8, dtype=bool))


def test_maps_are_reopened_by_numpy_without_pickle():
    origin = exports.provenance([A, B], probes=PROBES)
    found = np.load(io.BytesIO(exports.maps_file([A, B], PROBES, origin)), allow_pickle=False)
    np.testing.assert_array_equal(found["maps_0"], A.maps)
    np.testing.assert_array_equal(found["maps_1"], B.maps)
    assert found["graphs"].tolist() == [A.label, B.label]
    assert found["probes"].tolist() == ["a\ufffd", "b", "c", "d", "e"]
    assert json.loads(str(found["provenance"])) == origin


def test_agreements_are_the_cosines_and_their_mean_is_s_v():
    table = exports.agreement_table([A, B], B, PROBES)
    assert list(table.columns) == ["graph", "probe", "name", "cosine"]
    first, own = (part["cosine"] for _, part in table.groupby("graph", sort=False))
    np.testing.assert_allclose(first, probe_cosines(A, B, A.shape))
    assert first.mean() == pytest.approx(depara.similarity(A, B).node)
    np.testing.assert_allclose(own, 1)


def test_maps_over_other_probes_are_refused():
    other = depara.ProbeSet.from_arrays(np.ones((COUNT, 8, 8, 3), dtype=np.uint8))
    with pytest.raises(depara.OptionError, match="built over other probes"):
        exports.maps_file([A], other, {})
    with pytest.raises(depara.OptionError, match="built over other probes"):
        exports.agreement_table([A], B, other)
    with pytest.raises(depara.OptionError, match="at least one graph, got none"):
        exports.maps_file([], PROBES, {})


@pytest.mark.parametrize("form", exports.TABLE_FORMATS)
def test_scores_stand_beside_the_measured_transfer(form):
    scores = {"rsa": planted(1), "logme": planted(2)}
    scores["logme"]["m/c"] = np.nan  # not defined for one target
    table = exports.score_table(scores, truth())
    written = exports.table_file(table, form, {})
    read = {
        "csv": lambda: pd.read_csv(io.BytesIO(written)),
        "parquet": lambda: pd.read_parquet(io.BytesIO(written)),
        "json": lambda: pd.DataFrame(json.loads(written)["rows"]),
    }[form]()
    assert read.groupby("metric").size().to_dict() == {"rsa": 56, "logme": 49}
    row = read[(read["metric"] == "logme") & (read["source"] == "m/b") & (read["target"] == "m/a")].iloc[0]
    assert (row["value"], row["measured"]) == pytest.approx(
        (scores["logme"].loc["m/b", "m/a"], planted(0).loc["m/b", "m/a"])
    )
    assert exports.score_table({}, truth()).empty
    assert len(exports.measured_pairs(truth())) == 56


def test_figures_of_merit_are_the_evaluations_own():
    result = scoring.assess({"rsa": planted(1)}, truth(), resamples=50)
    merits = exports.measure_table(result).set_index(["metric", "measure"])
    found = result.summary()
    np.testing.assert_allclose(merits[["mean", "lower", "upper"]], found[["mean", "low", "high"]])
    assert merits.loc[("rsa", "P@5"), "random"] == result.random["P@5"]
    assert merits.loc[("rsa", "P@5"), "oracle"] == result.oracle["P@5"]
    targets = exports.target_table(result)
    by_metric = targets[targets["metric"] == "rsa"]
    assert by_metric["P@5"].mean() == pytest.approx(found.loc[("rsa", "P@5"), "mean"])
    for table in (exports.measure_table(result), targets):
        json.loads(exports.table_file(table, "json", {}))
