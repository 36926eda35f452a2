import math

import pytest

from hemline.comparison.units import POINTS
from hemline.words import isolated, listed, percent, plain_in_markdown, signed


@pytest.mark.parametrize(
    ("value", "text"), [(1.5, "+1.50"), (-0.2, "\N{MINUS SIGN}0.20"), (0.0, "0.00"), (-0.001, "0.00"), (0.005, "+0.01")]
)
def test_signs_are_written_except_for_nothing(value, text):
    assert signed(value) == text


def test_a_share_is_written_as_per_cent_and_a_missing_one_as_nothing():
    assert percent(0.8409) == "84.09"
    assert percent(math.nan) == ""


def test_equal_shares_and_gains_read_alike_in_whatever_order_they_were_summed():
    for value in (0.84095, 0.03015, -0.00565, 0.9363 - 0.5 * 0.0001):
        assert {percent(each) for each in (value, value + 1e-15, value - 1e-15)} == {percent(value)}
        assert {POINTS.gain(each) for each in (value, value + 1e-15, value - 1e-15)} == {POINTS.gain(value)}
    assert POINTS.gain(0.84095 - 0.8466) == POINTS.gain(-0.00565)


@pytest.mark.parametrize(
    ("parts", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["", "a", "", "b"], "a and b")],
)
def test_parts_are_listed_and_empty_ones_left_out(parts, text):
    assert listed(parts) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a*b_c|d", r"a\*b\_c\|d"),
        ("<b>bold", r"\<b>bold"),
        ("[here](https://example.org)", r"\[here](https://example.org)"),
        ("+4.10 [+3.10, +5.10], p < 0.001", "+4.10 [+3.10, +5.10], p < 0.001"),
    ],
)
def test_markup_of_markdown_is_escaped_and_nothing_else(text, escaped):
    assert plain_in_markdown(text) == escaped


def test_only_names_that_are_read_from_right_to_left_are_isolated():
    assert isolated("猫 cat") == "猫 cat"
    assert isolated("قطة") == "\u2068قطة\u2069"
