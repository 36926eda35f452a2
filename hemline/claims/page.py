"""The claims page: ``reports/claims.html`` and ``reports/claims.md`` from the verdicts.

The same verdicts give the same bytes; only measured seconds vary.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hemline.claims.file import Claim, Claims
from hemline.claims.finding import Finding, Verdict
from hemline.claims.kinds import AnyPart, NumberPart
from hemline.claims.outcome import Outcomes
from hemline.claims.plots import claim_figure, legend
from hemline.claims.questions import Answer
from hemline.claims.verdicts import Headline, Judged, phrase
from hemline.comparison.statistics import adjust
from hemline.report import pictures, plots
from hemline.report.page import SMALLEST_P, markdown_table, templates
from hemline.report.pictures import Picture

# Of parts, and of whole claims.
SYMBOLS: dict[Verdict | Headline, str] = {
    "shown": "✓",
    "reproduced": "✓",
    "compatible": "≈",
    "shown only if": "◐",
    "compatible only if": "◐",
    "only if": "◐",
    "in part": "◐",
    "refuted": "✗",
    "not reproduced": "✗",
    "undecided": "●",
    "not measured": "?",
}
# The verdicts on claims and on parts in the order of the summary, and the words for some of them.
_CLAIMS = ("reproduced", "compatible", "only if", "in part", "not reproduced", "undecided", "not measured")
_PARTS = ("shown", "compatible", "shown only if", "compatible only if", "refuted", "undecided", "not measured")
_CLAIM_WORDS = {
    "reproduced": "held up fully",
    "compatible": "consistent with our trainings but not confirmed",
    "only if": "only with other settings",
    "in part": "in part",
}
_PART_WORDS = {
    "compatible": "compatible (not refuted)",
    "shown only if": "shown only with other settings",
    "compatible only if": "compatible only with other settings",
}
# The meaning of the words on the page, for new readers.
GLOSSARY = {
    "shown": "the trainings by themselves show what is claimed: the whole interval lies where the claim says.",
    "compatible": "one more training like these could well give the published number, or lie in the published range. "
    "That is not refuted, which is less than shown, because other numbers nearby fit as well.",
    "refuted": "the trainings show that it is not so: the published number lies outside what one more training would "
    "give, or the whole interval lies where the claim says it does not.",
    "undecided": "the interval reaches to both sides, so the trainings neither show it nor refute it.",
    "close": "at least one in ten sets of seeds, drawn at random from those trained here, gives another verdict. "
    "Training again with other seeds may well change it.",
    "p": "how often chance alone would put a training at least as far from the mean as the published number, or make a "
    "difference at least as large where there is none. Where p is below 0.05, it is not taken for chance.",
}
# The share of true numbers outside a 95 % prediction interval.
_MISSED_SHARE = 0.05
# The level of a test.
_LEVEL = 0.05
_NO_BREAK = "\N{NO-BREAK SPACE}"


class Line(NamedTuple):
    """One part of a claim on the page: the statement, the finding, and its p-value corrected for all parts."""

    part: AnyPart
    finding: Finding
    symbol: str
    verdict: str
    corrected: str = ""


class Entry(NamedTuple):
    """One claim on the page."""

    claim: Claim
    tutorial: str
    judged: Judged
    symbol: str
    lines: list[Line]
    evidence: str
    picture: Picture | None
    legend: str


def render(claims: Claims, judged: Sequence[Judged], outcomes: Outcomes, answers: Sequence[Answer]) -> dict[str, bytes]:
    """Make the page and the summary, ``claims.html`` and ``claims.md``: contents by file name.

    ``judged`` are the claims of the file in its order; ``outcomes``, by ``experiment/variant``, are for the plots.
    """
    adjusted = corrected(judged)
    entries = [_entry(claims, each, outcomes, adjusted) for each in judged]
    context: dict[str, Any] = {
        "entries": entries,
        "summary": summary(judged),
        "by_chance": f"{by_chance(claims)} {in_all(judged)}".strip(),
        "glossary": GLOSSARY,
        "answers": answers,
        "questions_of": claims.tutorials.get(claims.questions_of or "", ""),
        "seeds": sorted({len(claims.params(name).seeds) for name in claims.experiments}),
        "experiments": list(claims.experiments),
        "table": short_table(judged),
    }
    environment = templates(Path(__file__).parent / "templates")
    environment.filters["whole"] = _whole
    names = ("claims.html", "claims.md")
    return {name: environment.get_template(f"{name}.jinja").render(context).encode() for name in names}


def headlines(judged: Sequence[Judged]) -> str:
    """Count the verdicts on claims in a sentence."""
    claims = _counted([each.headline for each in judged], _CLAIMS, _CLAIM_WORDS)
    return f"We tested {len(judged)} published claims: {claims}."


def summary(judged: Sequence[Judged]) -> str:
    """Count the verdicts on claims, those on their parts, and those that other seeds could change."""
    findings = [finding for each in judged for finding in each.counted]
    close = sum(bool(finding.close) for finding in findings)
    parts = _counted([finding.verdict for finding in findings], _PARTS, _PART_WORDS)
    other = f" Other seeds could change {close} of these verdicts." if close else ""
    return f"{headlines(judged)} Their {len(findings)} parts: {parts}.{other}"


def by_chance(claims: Claims) -> str:
    """Give the number of refutations expected by chance if all published numbers were true; empty without numbers."""
    numbers = sum(isinstance(part, NumberPart) and not part.also for claim in claims.claims for part in claim.parts)
    if not numbers:
        return ""
    return (
        f"{numbers} parts are single published numbers. Even if every one of them came from a training exactly like "
        f"ours, about {_MISSED_SHARE * numbers:.1f} of the {numbers} would be refuted by chance, because a 95 % "
        "prediction interval leaves out one training in twenty."
    )


def corrected(judged: Sequence[Judged]) -> dict[int, float]:
    """Return the p-values of the counted parts, corrected by Holm's method, by the identity of a finding."""
    tested = {id(each): each.p_value for one in judged for each in one.counted if each.p_value is not None}
    return dict(zip(tested, adjust(list(tested.values())).tolist(), strict=True))


def in_all(judged: Sequence[Judged]) -> str:
    """Give the number of tests that hold after the correction for their number; empty without tests."""
    adjusted = corrected(judged)
    if not adjusted:
        return ""
    findings = [finding for each in judged for finding in each.counted]
    low = sum(finding.p_value is not None and finding.p_value < _LEVEL for finding in findings)
    kept = sum(p_value < _LEVEL for p_value in adjusted.values())
    return (
        f"Verdicts are each at 5 %, uncorrected. {len(adjusted)} parts have a p value, {low} of them below 0.05; "
        f"{kept} {'remains' if kept == 1 else 'remain'} so once Holm's method has corrected them for their number."
    )


def short_table(judged: Sequence[Judged]) -> str:
    """Write one row a claim as a Markdown table: the claim, the verdict, and the deciding number."""
    header = ["Claim", "What was published", "Verdict", "Published → found [95 % interval]", "Seeds"]
    rows = [
        [
            each.claim.id,
            each.claim.says,
            f"{SYMBOLS[each.headline]} {each.words}",
            _decisive(each),
            f"{each.seeds or ''}",
        ]
        for each in judged
    ]
    # A vertical bar would end the cell.
    return markdown_table(header, [[cell.replace("|", r"\|") for cell in row] for row in rows])


def _decisive(judged: Judged) -> str:
    """Name the first part that kept a claim from being reproduced, or else its first part."""
    measured = [finding for finding in judged.counted if finding.verdict != "not measured"]
    if not measured:
        return ""
    finding = min(measured, key=lambda each: each.verdict in {"shown", "compatible"})
    return f"{finding.published} → {finding.found}"


def _entry(claims: Claims, judged: Judged, outcomes: Outcomes, adjusted: Mapping[int, float]) -> Entry:
    claim = judged.claim
    lines = [
        Line(part, finding, SYMBOLS[finding.verdict], phrase(finding), _corrected_words(adjusted.get(id(finding))))
        for part, finding in zip(claim.parts, judged.findings, strict=True)
    ]
    figure = claim_figure(judged, outcomes)
    text = f"{claim.id}: single trainings against what was published; the table beside it has the numbers."
    picture = pictures.from_png(plots.png(figure), text) if figure else None
    tutorial, symbol = claims.tutorials[claim.tutorial], SYMBOLS[judged.headline]
    return Entry(claim, tutorial, judged, symbol, lines, _decisive(judged), picture, legend(claim.parts))


def _corrected_words(p_value: float | None) -> str:
    if p_value is None:
        return ""
    return f"Corrected for all parts: p {f'= {p_value:.3f}' if p_value >= SMALLEST_P else f'< {SMALLEST_P}'}."


def _whole(text: str) -> str:
    """Keep an interval, and a number with its unit, on one line."""
    spaced = re.sub(r"\[[^]]*\]", lambda match: match[0].replace(" ", _NO_BREAK), text)
    return spaced.replace(" %", f"{_NO_BREAK}%")


def _counted(found: Iterable[str], verdicts: Iterable[str], words: Mapping[str, str]) -> str:
    counts = Counter(found)
    return ", ".join(f"{counts[each]} {words.get(each, each)}" for each in verdicts if counts[each])
