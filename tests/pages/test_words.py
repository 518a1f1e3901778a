"""Sentences on pages: sums add up as printed, and a question about a pair says no more than its score."""

import re

import pytest

from pages.shared import text
from pages.shared.questions import question


@pytest.mark.parametrize(
    "node, edge, lam",
    [(0.2261, 0.7172, 1.0), (0.653, -0.4985, 1.0), (0.123456, 0.0345678, 10.0), (0.01, 0.02, 0.3), (0.5, 0.25, 0.0)],
)
def test_sums_add_up_as_printed(node, edge, lam):
    said = text.parts(node, edge, lam)
    one, two, total = re.findall(r"\*\*(.+?)\*\*", said.replace("−", "-"))
    digits = len(total.partition(".")[2])
    assert round(float(one) + lam * float(two), digits) == float(total)
    assert float(total) == pytest.approx(node + lam * edge, abs=0.51 * 10**-digits)
    assert digits <= 4


@pytest.mark.parametrize(
    "total, lam, said",
    [
        (0.035, 1.0, "Why is a hardly related to b?"),
        (0.9, 10.0, "Why is a hardly related to b?"),
        (0.9, 1.0, "Why does a look transferable to b?"),
        (-0.9, 1.0, "Why is a unlike b?"),
    ],
)
def test_what_is_near_zero_does_not_look_transferable(total, lam, said):
    assert question("a", "b", total, lam) == said
