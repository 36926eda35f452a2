"""The finding on one part of a claim, and the words for it.

There are four verdicts: ``shown`` if the trainings by themselves support the claim; ``refuted`` if they show the
opposite; ``undecided`` if they show neither, which does not mean "equal": the interval gives the possible difference;
and ``compatible``, for published numbers that are merely not refuted. ``verdicts`` adds ``only if`` after trying a
second setting. ``not measured`` is no verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from hemline.claims.intervals import Estimate
from hemline.words import signed

Verdict = Literal["shown", "compatible", "shown only if", "compatible only if", "refuted", "undecided", "not measured"]
# The error for a variant, or None if it is accepted.
Refuses = Callable[[dict[str, Any]], str | None]

_SMALLEST_P = 0.001


@dataclass(frozen=True)
class Finding:
    """The finding on one part of a claim, with numbers as printed."""

    verdict: Verdict  # in words
    published: str  # the claimed value
    found: str  # the measured value, with its interval in brackets
    sentence: str  # the finding in a full sentence
    method: str  # the method of the interval
    seeds: int  # trainings on either side; 0 if none were needed
    # two-sided; of one more training that gives the published number, or of a difference of 0. None where no
    # such test decides
    p_value: float | None = None
    condition: str = ""  # completes "shown only if ..."
    close: float = 0.0  # the share of other sets of seeds that overturn it, if it is large; otherwise 0

    @property
    def holds(self) -> bool:
        """Whether the part is shown or compatible, as it stands or under its condition."""
        return self.verdict.startswith(("shown", "compatible"))


def sign_verdict(difference: Estimate, sign: int) -> Verdict:
    """Judge a claimed sign by the interval of a difference."""
    if difference.low <= 0 <= difference.high:
        return "undecided"
    return "shown" if (difference.low > 0) == (sign > 0) else "refuted"


def limit_verdict(estimate: Estimate, limit: float) -> Verdict:
    """Judge "at least": shown once the whole interval reaches the limit, refuted once all of it lies below."""
    if estimate.low >= limit:
        return "shown"
    return "refuted" if estimate.high < limit else "undecided"


def same_verdict(difference: Estimate, margin: float, unit: str) -> tuple[Verdict, str]:
    """Judge "the same": shown once the whole interval lies within the margin, refuted once all of it lies beyond."""
    _, low, high = difference
    limit = f"{margin:g} {unit}".rstrip()
    if -margin < low and high < margin:
        tiny = " A difference is shown, but it is smaller than that." if low > 0 or high < 0 else ""
        return "shown", f" The whole interval lies within {limit}, which was taken as nothing.{tiny}"
    if low >= margin or high <= -margin:
        return "refuted", f" The whole interval lies beyond {limit}, which was taken as nothing."
    return "undecided", f" The interval reaches beyond {limit}, which was taken as nothing, but not all of it does."


def interval_text(numbers: Estimate, digits: int = 4) -> str:
    """Print a difference with its interval."""
    return f"{signed(numbers.value, digits)} [{signed(numbers.low, digits)}, {signed(numbers.high, digits)}]"


def share_text(share: Estimate) -> str:
    """Print the interval of a share."""
    return f"between {100 * share.low:.0f} and {100 * share.high:.0f} %"


def p_text(p_value: float) -> str:
    """Print a p value."""
    return f"p < {_SMALLEST_P}" if p_value < _SMALLEST_P else f"p = {p_value:.3f}"
