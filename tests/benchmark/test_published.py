"""The published tables in our own form: the numbers are the paper's, and nothing is lost on the way."""

import pytest

from depara_core.benchmark.published import (
    published_layer_scores,
    published_measures,
    published_precision,
    published_table,
)
from depara_core.errors import StoreError
from depara_core.training.layer_scores import layer_agreement, layer_verdict, paper_form


def test_precision_curves_bear_our_names_and_recall_follows_from_precision():
    table = published_table("depara_models")
    curves = published_precision(table)
    assert set(curves) <= set(table["methods"].values())
    for method, values in table["precision"].items():
        curve = curves[table["methods"][method]]
        assert curve["precision"].tolist() == values
        assert (curve["recall"] * table["relevant"]).tolist() == pytest.approx(
            (curve["k"] * curve["precision"]).tolist()
        )


def test_the_table_and_the_later_study_stand_in_one_frame():
    table = published_table("depara_models")
    frame = published_measures(table)
    assert len(frame) == len(table["table"]) + 2
    later = frame[frame["probes"] == "later study"].set_index("method")["value"]
    assert later.to_dict() == {"DEPARA-V": table["spearman"]["saliency"], "RSA": table["spearman"]["RSA"]}


def test_the_layers_are_the_papers_rows_and_return_to_its_form():
    paper, scores = published_table("depara_layers"), published_layer_scores()
    assert len(scores) == sum(2 * len(columns["layer"]) for columns in paper["sources"].values())
    for source, rows in scores.groupby("source"):
        columns, table = paper["sources"][source], paper_form(rows)
        assert list(table.columns) == ["layer", "node", "edge", "S10", "acc_1", "S1", "acc_10"]
        assert table["acc_10"].tolist() == pytest.approx(columns["acc_10"])
        expected = [node + 10 * edge for node, edge in zip(columns["node"], columns["edge"], strict=True)]
        assert table["S10"].tolist() == pytest.approx(expected)
        told = layer_verdict(rows, layer_agreement(rows))
        assert told.count("of the labels S picks layer ") == 2
        assert f"from scratch {paper['from_scratch']['acc_10']:.1f} %" in told


def test_an_unknown_table_says_where_it_was_expected():
    with pytest.raises(StoreError, match="depara_nothing"):
        published_table("depara_nothing")
