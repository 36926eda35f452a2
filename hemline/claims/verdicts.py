"""From the findings on its parts to the verdict on a claim, and which findings are close; pure.

A finding rests on the seeds that happened to be drawn. The bootstrap shows what others would have said (Efron 1979,
Bootstrap methods: another look at the jackknife, The Annals of Statistics 7): sets of as many seeds are drawn from
these with replacement, and the part is judged again on each. Wherever a set names a seed, it means the same row of
every training involved, because seeds are paired.

A set that holds a seed twice varies less than one of new seeds: the variance between seeds comes out too small by a
factor of (n - 1) / n on average, 5 % with twenty seeds. So slightly fewer of the drawn sets than of new ones leave a
finding undecided; this is a warning, not a test.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hemline.claims.file import Claim
from hemline.claims.finding import Finding, Refuses, Verdict
from hemline.claims.kinds import AnyPart
from hemline.claims.outcome import Outcomes

Headline = Literal["reproduced", "compatible", "only if", "in part", "not reproduced", "undecided", "not measured"]

# A finding is close where at least this share of the drawn sets gives another verdict.
CLOSE = 0.1
_SETS = 200
# Most findings are far from another verdict. Where this many sets agree, fewer than a tenth of all would differ: at a
# tenth, so many agree in 1.5 % of cases.
_ENOUGH_ALIKE = 40
_GENERATOR_SEED = 0


@dataclass(frozen=True)
class Judged:
    """A claim with a finding for each of its parts."""

    claim: Claim
    findings: list[Finding]

    @property
    def counted(self) -> list[Finding]:
        """The findings that count for the claim: all but those beside it."""
        return [finding for part, finding in zip(self.claim.parts, self.findings, strict=True) if not part.also]

    @property
    def headline(self) -> Headline:
        """The verdict on the whole, without its numbers."""
        return headline(self.counted)

    @property
    def words(self) -> str:
        """The verdict as it is printed."""
        return words(self.counted)

    @property
    def seeds(self) -> int:
        """The fewest trainings that a part rests on; 0 where none was needed."""
        return min((finding.seeds for finding in self.findings if finding.seeds), default=0)


def judge_claim(claim: Claim, outcomes: Outcomes, refuses: Refuses) -> Judged:
    """Judge a claim by the outcomes that it needs, and say which of its findings are close."""
    return Judged(claim, [_judge_with_closeness(part, outcomes, refuses) for part in claim.parts])


def headline(findings: Sequence[Finding]) -> Headline:
    """Sum up the findings that count for a claim; those that were not measured say nothing."""
    decided = _decided(findings)
    held = [finding for finding in decided if finding.holds]
    if not decided:
        return "not measured"
    if not held:
        return "undecided" if all(finding.verdict == "undecided" for finding in decided) else "not reproduced"
    if len(held) < len(decided):
        return "in part"
    if any(finding.condition for finding in held):
        return "only if"
    return "reproduced" if _shown(held) else "compatible"


def words(findings: Sequence[Finding]) -> str:
    """Write the verdict on a claim: what holds, whether that was shown or only not refuted, under which condition."""
    decided = _decided(findings)
    texts = [_verdict_words(decided)]
    missing = len(findings) - len(decided)
    if missing and decided:
        texts.append(f"{missing} {_parts(missing)} not measured")
    close = sum(bool(finding.close) for finding in decided)
    if close:
        texts.append("close" if len(findings) == 1 else f"close in {close} {_parts(close)}")
    return "; ".join(texts)


def phrase(finding: Finding) -> str:
    """Return the verdict on a part as it is printed."""
    text = f"{finding.verdict} {finding.condition}".rstrip()
    return f"{text}, close" if finding.close else text


def _verdict_words(decided: Sequence[Finding]) -> str:
    held = [finding for finding in decided if finding.holds]
    shown, condition = _shown(held), " and ".join(dict.fromkeys(each.condition for each in held if each.condition))
    # The word for a whole claim: to be compatible with it is not to reproduce it.
    word, compatible = "reproduced" if shown else "compatible", len(held) - shown
    support = f" ({shown} {_parts(shown)} shown, {compatible} compatible)" if shown and compatible else ""
    match headline(decided):
        case "reproduced" | "compatible":
            return f"{word}{support}"
        case "only if":
            return f"{word} only if {condition}{support}"
        case "in part":
            # Of parts that differ, only some depend on the condition.
            in_part = f"{word} in {len(held)} of {len(decided)} parts{support}"
            return f"{in_part}, in part only if {condition}" if condition else in_part
        case other:
            return other


def _decided(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict != "not measured"]


def _shown(held: Sequence[Finding]) -> int:
    return sum(finding.verdict.startswith("shown") for finding in held)


def _parts(count: int) -> str:
    return "part" if count == 1 else "parts"


def _judge_with_closeness(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:
    """Judge a part, and mark the finding where many other sets of seeds would overturn it."""
    finding = _judge_or_otherwise(part, outcomes, refuses)
    places = [*part.places(), *part.under_otherwise().places()]
    share = share_overturned(
        lambda drawn: _judge_or_otherwise(part, drawn, refuses).verdict, {place: outcomes[place] for place in places}
    )
    if share < CLOSE:
        return finding
    close = (
        f"Close: with {100 * share:.0f} % of other sets of seeds, drawn at random from these, the verdict is another."
    )
    return replace(finding, close=share, sentence=f"{finding.sentence} {close}")


def _judge_or_otherwise(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:
    """Judge a part as it stands and, where it does not hold, under its other condition."""
    finding = part.judge(outcomes, refuses)
    if part.otherwise is None or finding.holds or finding.verdict == "not measured":
        return finding
    condition = part.otherwise.condition
    other = part.under_otherwise().judge(outcomes, refuses)
    sentence = f"{finding.sentence} If {condition}: {other.sentence}"
    found = f"{finding.found}; if {condition}: {other.found}"
    if not other.holds:
        return replace(finding, sentence=sentence, found=found)
    verdict: Verdict = "shown only if" if other.verdict == "shown" else "compatible only if"
    p_value = other.p_value
    return replace(finding, verdict=verdict, condition=condition, sentence=sentence, found=found, p_value=p_value)


def share_overturned(verdict: Callable[[Outcomes], str], outcomes: Outcomes) -> float:
    """Return the share of drawn sets of seeds, in [0, 1], on which ``verdict`` is another than on these seeds.

    It is the same for the same outcomes, and 0 where there are none. Outcomes that the verdict does not need would be
    drawn for nothing.
    """
    if not outcomes:
        return 0.0
    own, others = verdict(outcomes), 0
    for number in range(_SETS):
        if number == _ENOUGH_ALIKE and not others:
            return 0.0
        drawn = {place: outcome.taking(_rows(outcome.n_seeds)[number]) for place, outcome in outcomes.items()}
        others += verdict(drawn) != own
    return others / _SETS


@lru_cache
def _rows(n_seeds: int) -> NDArray[np.int64]:
    """Return the rows of all sets, int64 (sets, seeds): the same for all trainings with as many seeds."""
    return np.random.default_rng(_GENERATOR_SEED).integers(n_seeds, size=(_SETS, n_seeds))
