"""`depara zoo`, from an empty folder to an export."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from depara_core.cli import app

pytest.importorskip("lancedb")


def test_a_zoo_is_made_filled_searched_and_emptied(tmp_path):
    folder, store = str(tmp_path / "zoo"), ("--store", str(tmp_path / "store"))

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, ["zoo", *arguments, "--json"])
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if code == 0 else result.stderr

    assert run("create", folder, "--count", "4", "--width", "32")["entries"] == 0
    assert run("add", folder, "rooms/normal", "rooms/curvature", "rooms/denoising", *store)["added"] == 3
    listed = run("list", folder, "--where", "parameters > 1000")["entries"]
    assert [row["model"] for row in listed] == ["rooms/curvature", "rooms/denoising", "rooms/normal"]
    found = run("search", folder, "rooms/normal", "-k", "2", "--lam", "0.5", *store)["found"]
    assert (found[0]["model"], len(found)) == ("rooms/normal", 2)
    assert found[0]["score"] == pytest.approx(1.5, abs=1e-5)
    assert run("remove", folder, "rooms/denoising")["removed"] == 1
    assert len(pd.read_csv(run("export", folder, "--out", str(tmp_path / "zoo.csv"))["file"])) == 2
    assert "is not in the zoo" in run("remove", folder, "rooms/denoising", code=1)
    assert "There is a zoo in" in run("create", folder, "--count", "4", code=1)
