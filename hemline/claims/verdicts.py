"""The verdict on a claim from the findings on its parts, and the close findings; pure functions.

A finding depends on the drawn seeds. The bootstrap simulates other draws (Efron 1979,
Bootstrap methods: another look at the jackknife, The Annals of Statistics 7): sets of equally many seeds are
drawn from these with replacement, and the part is judged again on each. A seed of a set stands for the same row of all
outcomes, because seeds are paired.

A set with a repeated seed varies less than one of new seeds: the variance between seeds comes out too small by a
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

# A finding is close if at least this share of the drawn sets gives a different verdict.
CLOSE = 0.1
_SETS = 200
# Most findings are far from another verdict. If the first sets, this many, all agree, the search ends: at a share of a
# tenth, this happens in 1.5 % of cases.
_ENOUGH_ALIKE = 40
_GENERATOR_SEED = 0


@dataclass(frozen=True)
class Judged:
    """A claim with a finding for each of its parts."""

    claim: Claim
    findings: list[Finding]

    @property
    def counted(self) -> list[Finding]:
        """The findings that count for the claim, without additional evidence."""
        return [finding for part, finding in zip(self.claim.parts, self.findings, strict=True) if not part.also]

    @property
    def headline(self) -> Headline:
        """The verdict on the whole, without its numbers."""
        return headline(self.counted)

    @property
    def words(self) -> str:
        """The verdict as printed."""
        return words(self.counted)

    @property
    def seeds(self) -> int:
        """The fewest trainings of a part; 0 if none were needed."""
        return min((finding.seeds for finding in self.findings if finding.seeds), default=0)


def judge_claim(claim: Claim, outcomes: Outcomes, refuses: Refuses) -> Judged:
    """Judge a claim by its outcomes, and mark close findings."""
    return Judged(claim, [_judge_with_closeness(part, outcomes, refuses) for part in claim.parts])


def headline(findings: Sequence[Finding]) -> Headline:
    """Sum up the findings that count for a claim; those that were not measured are ignored."""
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
    """Write the verdict on a claim: the parts that hold, whether shown or compatible, and their condition."""
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
    # A claim without a shown part is compatible, not reproduced.
    word, compatible = "reproduced" if shown else "compatible", len(held) - shown
    support = f" ({shown} {_parts(shown)} shown, {compatible} compatible)" if shown and compatible else ""
    match headline(decided):
        case "reproduced" | "compatible":
            return f"{word}{support}"
        case "only if":
            return f"{word} only if {condition}{support}"
        case "in part":
            # Only some of the parts depend on the condition.
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
    """Judge a part, and mark the finding if many other sets of seeds would overturn it."""
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
    """Judge a part as it stands and, if it does not hold, under its other condition."""
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
    """Return the share of drawn sets of seeds, in [0, 1], with a different ``verdict`` than these seeds.

    The result is deterministic, and 0 without outcomes. Pass only the outcomes that the verdict needs.
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
