import numpy as np
import pytest

from hemline.report.confusions import Confusion, frequent, in_words

CLASSES = ["cat", "dog", "eel"]
BEFORE = np.array([[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0, 0.3, 0.7]])
AFTER = np.array([[0.91, 0.09, 0.0], [0.1, 0.9, 0.0], [0.0, 0.4, 0.6]])


def test_the_most_frequent_confusions_come_first_and_right_answers_are_none() -> None:
    found = [(each.true, each.predicted) for each in frequent(BEFORE, AFTER, CLASSES)]
    assert found == [("eel", "dog"), ("cat", "dog"), ("dog", "cat")]


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(10, 5, "resolved"), (10, 6, "reduced"), (10, 9.5, "unchanged"), (10, 11.5, "more frequent")],
)
def test_a_change_has_a_word(before: float, after: float, outcome: str) -> None:
    assert Confusion("cat", "dog", before, after).outcome == outcome


def test_the_words_name_what_is_resolved_and_what_is_not() -> None:
    assert in_words(frequent(BEFORE, AFTER, CLASSES), "dense", "linear") == (
        "Of the most frequent confusions of linear, dense at least halves cat taken for dog; "
        "leaves dog taken for cat as frequent, within a percentage point; makes eel taken for dog more frequent."
    )


def test_names_that_are_read_from_right_to_left_do_not_turn_the_sentence_around() -> None:
    words = in_words([Confusion("قطة", "كلب", 10, 1), Confusion("كلب", "cat", 10, 1)], "dense", "linear")
    assert "\u2068قطة\u2069 taken for \u2068كلب\u2069 and \u2068كلب\u2069 taken for cat." in words
