"""The questions of a tutorial, answered one by one from the findings."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hemline.claims.file import Question
from hemline.claims.verdicts import Judged, phrase

# An answer with at least this probability counts as confident.
_SURE = 0.9


class Outputs(NamedTuple):
    """A network's outputs for the test images, float32 (seeds, images, classes), and the true labels."""

    probabilities: npt.NDArray[np.float32]
    labels: npt.NDArray[np.integer]
    classes: Sequence[str]


class Statement(NamedTuple):
    """A statement with its verdict, which is empty for a plain fact."""

    says: str
    verdict: str
    sentence: str


class Answer(NamedTuple):
    """A question, the ids of its claims, the answer in one sentence, and the evidence."""

    asks: str
    claims: list[str]
    answer: str
    evidence: list[Statement]


def answer(question: Question, judged: Mapping[str, Judged], outputs: Mapping[str, Outputs]) -> Answer:
    """Answer one question from the judged claims by id, or from the outputs by ``experiment/variant``."""
    if question.outputs_of:
        return _answer_outputs(question, outputs[question.outputs_of])
    own = [judged[name] for name in question.claims]
    evidence = [
        Statement(part.says, phrase(finding), finding.sentence)
        for each in own
        for part, finding in zip(each.claim.parts, each.findings, strict=True)
    ]
    sentences = [f"That {each.claim.says}: {each.words}." for each in own]
    return Answer(question.asks, question.claims, " ".join(sentences), evidence)


def _answer_outputs(question: Question, outputs: Outputs) -> Answer:
    shares, n_classes = outputs.probabilities, len(outputs.classes)
    largest, right = shares.max(axis=-1), shares.argmax(axis=-1) == outputs.labels
    off = float(np.abs(shares.sum(axis=-1, dtype=np.float64) - 1).max())
    sure = largest >= _SURE
    first = shares[0, 0]
    top = [f"{outputs.classes[place]} {100 * first[place]:.1f} %" for place in np.argsort(-first, kind="stable")[:3]]
    evidence = [
        Statement(
            "they sum to one",
            "",
            f"Over {shares.shape[0]} trainings and {shares.shape[1]:,} test images, the {n_classes} outputs lie "
            f"between {shares.min():.2g} and {shares.max():.2g} and sum to 1 within {off:.1g}.",
        ),
        Statement(
            "an example",
            "",
            f"Test image 0 ({outputs.classes[outputs.labels[0]]}), the first training: {', '.join(top)}.",
        ),
        Statement(
            "the largest is the answer",
            "",
            f"Its mean is {100 * largest.mean():.1f} %, and {100 * right.mean():.1f} % of these answers are right: the "
            f"network is {_sureness(float(largest.mean() - right.mean()))}.",
        ),
        Statement(
            "a large one is more often right",
            "",
            f"{100 * sure.mean():.0f} % of the answers are given with at least {100 * _SURE:.0f} %; of these, "
            f"{100 * right[sure].mean() if sure.any() else 0:.1f} % are right.",
        ),
    ]
    sentence = (
        f"They are probabilities, one for each of the {n_classes} classes: how sure the network is that the image is "
        "of that class."
    )
    return Answer(question.asks, [], sentence, evidence)


def _sureness(excess: float) -> str:
    points = f"{100 * abs(excess):.1f} percentage points"
    return f"too sure by {points}" if excess > 0 else f"less sure than it could be, by {points}"
