"""What figures call classes and variants."""

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from hemline.report.labels import FONT, class_labels, label_key

ONE_LETTER_APART = ["z" * 30 + letter + "z" * 29 for letter in "AB"]


def test_short_names_that_the_font_has_stay_as_they_are():
    names = ["T-shirt/top", "Ankle boot", "éclair", "Привет", "قطة", "a|b*c"]
    assert class_labels(names) == names
    assert label_key(names, range(6)) == []


@pytest.mark.parametrize("name", ["猫", "dog (犬)", "👩 woman", "हिन्दी", "ไทย"])
def test_a_name_with_a_letter_that_the_font_lacks_becomes_the_number(name):
    assert class_labels(["cat", name]) == ["cat", "#1"]


def test_long_names_lose_their_middle_and_become_numbers_where_only_that_differs():
    assert class_labels(["x" * 60, *ONE_LETTER_APART]) == ["x" * 10 + "…" + "x" * 11, "#1", "#2"]


def test_a_name_that_looks_like_a_number_is_not_taken_for_one():
    assert class_labels(["#1", "猫"]) == ["#0", "#1"]


def test_the_key_has_the_full_names_of_what_is_shown():
    assert label_key(["cat", "猫", "犬", "y" * 60], [0, 2, 3]) == [("#2", "犬"), ("yyyyyyyyyy…yyyyyyyyyyy", "y" * 60)]


def test_the_letters_are_those_of_the_font_that_matplotlib_draws_with():
    assert font_manager.findfont(FONT).startswith(mpl.get_data_path())
