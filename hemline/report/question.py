"""The question of the comparison: whether networks, or other models, beat the baseline."""

from typing import NamedTuple

from hemline.families.family import NetworkFamily
from hemline.families.registry import family_of
from hemline.params import Params


class Question(NamedTuple):
    """The question, and the words of its answer."""

    text: str  # without data set and question mark
    baseline: str  # the baseline's name, and whether it is a solved linear model
    # the variants that the answer is about; with a solved linear baseline, other linear models are left out
    asked: list[str]
    noun: str = "variants"  # the word for these variants


def question(params: Params) -> Question:
    """Return the question that the comparison of these variants answers."""
    linear, baseline = params.linear_models(), params.baseline
    others = [name for name in params.variants if name != baseline]
    how = linear.get(baseline)
    if how != "solved":
        text = f"Does {'a dense network beat the baseline' if how else f'another variant beat {baseline}'}"
        return Question(text, f"the baseline {baseline}", others)
    asked = [name for name in others if name not in linear] or others
    networks = all(isinstance(family_of(params.variants[name]), NetworkFamily) for name in asked)
    noun = "variants" if asked == others else "networks" if networks else "other models"
    return Question(
        "Does a dense network beat the linear baseline", f"the solved linear baseline {baseline}", asked, noun
    )
