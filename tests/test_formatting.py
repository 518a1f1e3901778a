"""Numbers and names in words: the same everywhere, with a true minus and no sign at zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depara_core.formatting import (
    counted,
    decimals_of_sum,
    duration,
    exact,
    interval,
    megabytes,
    number,
    percent,
    printable,
    score,
    share_of,
    short_name,
    shorten,
    signed,
    significant,
    slug,
)


@pytest.mark.parametrize(
    "value, digits, text",
    [(0.125, 1, "0.1"), (-0.254, 2, "−0.25"), (-0.0004, 3, "0.000"), (1234.5, 1, "1234.5"), (3, 2, "3.00")],
)
def test_numbers_have_fixed_decimals(value, digits, text):
    assert number(value, digits) == text


@pytest.mark.parametrize(
    "value, text", [(0.25, "+0.25"), (-0.25, "−0.25"), (0.0, "0.00"), (-0.0041, "−0.004"), (0.0001, "0.000")]
)
def test_differences_have_a_sign(value, text):
    assert signed(value) == text


def test_differences_can_have_decimals_of_their_own():
    assert (signed(0.04, 1), signed(-0.254, 1), signed(0.0006, 3)) == ("0.0", "−0.3", "+0.001")


@pytest.mark.parametrize(
    "value, text",
    [(0.9, "0.90"), (0.07, "0.070"), (-0.25, "−0.25"), (1.234, "1.23"), (0.0, "0.00"), (0.0947, "0.095")],
)
def test_scores_align(value, text):
    assert score(value) == text


def test_intervals_are_written_as_scores():
    assert interval(-0.05, 0.824) == "[−0.050, 0.82]"


@pytest.mark.parametrize("value, text", [(0.12345, "0.123"), (-1.5, "−1.5"), (19900, "19\u2009900"), (0, "0")])
def test_numbers_of_any_size_have_three_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize("value, text", [(0.25, "0.25"), (-7.5, "−7.5"), (10.0, "10"), (-0.0, "0")])
def test_short_numbers_are_written_in_full(value, text):
    assert exact(value) == text


@pytest.mark.parametrize(
    "part, whole, text",
    [
        (0.0149, 1.0, "+1.5 %"),
        (-0.0028, -0.14, "−2.0 %"),
        (0.0, 1.0, "0.0 %"),
        (0.00012, 0.1, "+0.12 %"),
        (-1.2e-6, 1.0, "−0.00012 %"),
        (0.0123, 0.0, "+0.0123"),
    ],
)
def test_shares_are_per_cent_of_the_size_of_their_sum(part, whole, text):
    assert share_of(part, whole) == text


def test_shares_of_a_whole_sizes_and_counts():
    assert (percent(0.7), percent(0.1234, 1)) == ("70 %", "12.3 %")
    assert megabytes(1_234_500_000) == "1,234.5 MB"
    assert (counted(1, "model"), counted(0, "model"), counted(1000, "probe")) == ("1 model", "0 models", "1,000 probes")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1 h 30 min")]
)
def test_durations_are_told_in_words(seconds, words):
    assert duration(seconds) == words


@given(st.text(max_size=60), st.integers(3, 30))
def test_shortened_names_fit_and_keep_both_ends(name, width):
    clean, short = " ".join(name.split()), shorten(name, width)
    assert len(short) <= width
    if len(clean) > width:
        assert clean.startswith(short.split("…")[0])
        assert clean.endswith(short[-1])
    else:
        assert short == clean


def test_names_from_outside_fit_files():
    assert short_name("timm/vit/b") == "vit/b"
    assert printable("a\x00b\nc \ud800") == "a\ufffdb c \ufffd"
    assert slug("Rooms/normal", "Layers") == "rooms-normal-layers"
    assert slug("///") == "depara"


def test_as_many_decimals_as_the_written_sum_needs():
    assert decimals_of_sum(0.3, 0.4) == 2
    assert decimals_of_sum(0.226, 0.716) == 3  # 0.23 + 0.72 is written, not 0.94
    assert decimals_of_sum(0.2275, 0.7159) == 4  # 0.228 + 0.716 is not 0.943 either
    assert decimals_of_sum() == 2
