"""From the findings on its parts to the verdict on a claim; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hemline.claims.file import Claim
from hemline.claims.judge import Finding, Refuses, judge_part
from hemline.claims.kinds import AnyPart
from hemline.claims.outcome import Outcomes


@dataclass(frozen=True)
class Judged:
    """A claim with a finding for each of its parts, and the verdict on the whole."""

    claim: Claim
    findings: list[Finding]
    verdict: str
    condition: str

    @property
    def words(self) -> str:
        """The verdict as it is printed."""
        texts = [self.verdict]
        if self.condition:
            # Of parts that differ, only some depend on the condition.
            link = " " if self.verdict.endswith("if") else ", in part only if "
            texts = [f"{self.verdict}{link}{self.condition}"]
        counted = zip(self.claim.parts, self.findings, strict=True)
        missing = sum(finding.verdict == "not measured" and not part.also for part, finding in counted)
        if missing and self.verdict != "not measured":
            texts.append(f"{missing} part{'s' if missing > 1 else ''} not measured")
        return "; ".join(texts)

    @property
    def seeds(self) -> int:
        """The fewest trainings that a part rests on; 0 where none was needed."""
        return min((finding.seeds for finding in self.findings if finding.seeds), default=0)


def judge_claim(claim: Claim, outcomes: Outcomes, refuses: Refuses) -> Judged:
    """Give a claim its verdict.

    Args:
        claim: the claim.
        outcomes: by ``experiment/variant``, all that the claim needs.
        refuses: returns the error that a variant with these keys is refused with, or None.
    """
    findings = [_judge_or_otherwise(part, outcomes, refuses) for part in claim.parts]
    counted = [finding for part, finding in zip(claim.parts, findings, strict=True) if not part.also]
    return Judged(claim, findings, *combine(counted))


def combine(findings: Sequence[Finding]) -> tuple[str, str]:
    """Sum up the findings that count for a claim.

    Returns:
        The verdict in words, and what completes "reproduced only if ..."; parts that differ are counted.
    """
    decided = [finding for finding in findings if finding.verdict != "not measured"]
    if not decided:
        return "not measured", ""
    kinds = {finding.verdict for finding in decided}
    conditions = list(dict.fromkeys(finding.condition for finding in decided if finding.condition))
    if len(kinds) == 1 or kinds == {"reproduced", "reproduced only if"}:
        verdict = "reproduced only if" if "reproduced only if" in kinds else next(iter(kinds))
        return verdict, " and ".join(conditions)
    held = sum(finding.verdict.startswith("reproduced") for finding in decided)
    if held == 0:
        return "not reproduced", ""
    return f"reproduced in {held} of {len(decided)} parts", " and ".join(conditions)


def phrase(part: AnyPart, finding: Finding) -> str:
    """Return a finding's verdict as it is printed: evidence beside a claim is no claim that could be reproduced."""
    if part.also:
        return {"reproduced": "shown", "not reproduced": "not so"}.get(finding.verdict, finding.verdict)
    return f"{finding.verdict} {finding.condition}".rstrip()


def _judge_or_otherwise(part: AnyPart, outcomes: Outcomes, refuses: Refuses) -> Finding:
    """Judge a part as it stands and, where it does not hold, under its other condition."""
    finding = judge_part(part, outcomes, refuses)
    if part.otherwise is None or finding.verdict in {"reproduced", "not measured"}:
        return finding
    condition = part.otherwise.condition
    other = judge_part(part.under_otherwise(), outcomes, refuses)
    sentence = f"{finding.sentence} If {condition}: {other.sentence}"
    found = f"{finding.found}; if {condition}: {other.found}"
    if other.verdict != "reproduced":
        return replace(finding, sentence=sentence, found=found)
    return replace(finding, verdict="reproduced only if", condition=condition, sentence=sentence, found=found)
