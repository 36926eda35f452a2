"""The claims page: verdicts in, ``reports/claims.html`` and ``reports/claims.md`` out.

The same verdicts give the same bytes; only measured seconds differ from one measurement to the next.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hemline.claims.file import Claim, Claims
from hemline.claims.judge import Finding
from hemline.claims.kinds import AnyPart
from hemline.claims.outcome import Outcomes
from hemline.claims.plots import claim_figure, legend
from hemline.claims.questions import Answer
from hemline.claims.verdicts import Judged, phrase
from hemline.report import pictures, plots
from hemline.report.page import markdown_table, templates
from hemline.report.pictures import Picture

SYMBOLS = {
    "reproduced": "✓",
    "reproduced only if": "◐",
    "not reproduced": "✗",
    "no difference shown": "●",
    "not measured": "?",
}
_NO_BREAK = "\N{NO-BREAK SPACE}"
_PARTLY = "◐"


@dataclass(frozen=True)
class Line:
    """One part of a claim on the page: what was said, and the finding."""

    part: AnyPart
    finding: Finding
    symbol: str
    verdict: str


@dataclass(frozen=True)
class Entry:
    """One claim on the page."""

    claim: Claim
    tutorial: str
    judged: Judged
    symbol: str
    kind: str
    lines: list[Line]
    evidence: str
    picture: Picture | None
    legend: str


def render(claims: Claims, judged: Sequence[Judged], outcomes: Outcomes, answers: Sequence[Answer]) -> dict[str, bytes]:
    """Make the page and the summary.

    Args:
        claims: the file.
        judged: its claims with their verdicts, in its order.
        outcomes: by ``experiment/variant``, for the plots.
        answers: to its questions.

    Returns:
        Contents by file name: ``claims.html``, ``claims.md``.
    """
    entries = [_entry(claims, each, outcomes) for each in judged]
    context: dict[str, Any] = {
        "entries": entries,
        "summary": summary(judged),
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


def summary(judged: Sequence[Judged]) -> str:
    """Count the verdicts in one sentence."""
    counts = Counter(_kind(each.verdict) for each in judged)
    words = {
        "reproduced": "reproduced",
        "reproduced only if": "reproduced only under another condition",
        "partly": "reproduced in part",
        "not reproduced": "not reproduced",
        "no difference shown": "without a difference shown",
        "not measured": "not measured",
    }
    listed = [f"{counts[kind]} {word}" for kind, word in words.items() if counts[kind]]
    return f"Of {len(judged)} published claims: {', '.join(listed)}."


def short_table(judged: Sequence[Judged]) -> str:
    """Write one row a claim as a Markdown table: what it says, the verdict, and the number that decided it."""
    header = ["Claim", "What was published", "Verdict", "Published → found [95 % interval]", "Seeds"]
    rows = [
        [
            each.claim.id,
            each.claim.says,
            f"{_symbol(each.verdict)} {each.words}",
            _decisive(each),
            f"{each.seeds or ''}",
        ]
        for each in judged
    ]
    # A vertical bar would end its cell.
    return markdown_table(header, [[cell.replace("|", r"\|") for cell in row] for row in rows])


def _decisive(judged: Judged) -> str:
    """Name the first part that kept a claim from being reproduced, or else its first part."""
    pairs = [
        (part, finding)
        for part, finding in zip(judged.claim.parts, judged.findings, strict=True)
        if not part.also and finding.verdict != "not measured"
    ]
    if not pairs:
        return ""
    pairs.sort(key=lambda pair: pair[1].verdict == "reproduced")
    finding = pairs[0][1]
    return f"{finding.published} → {finding.found}"


def _entry(claims: Claims, judged: Judged, outcomes: Outcomes) -> Entry:
    claim = judged.claim
    lines = [
        Line(part, finding, SYMBOLS[finding.verdict], phrase(part, finding))
        for part, finding in zip(claim.parts, judged.findings, strict=True)
    ]
    figure = claim_figure(judged, outcomes)
    picture = None
    if figure is not None:
        text = f"{claim.id}: single trainings against what was published; the table beside it has the numbers."
        picture = pictures.from_png(plots.png(figure), text)
    return Entry(
        claim, claims.tutorials[claim.tutorial], judged, _symbol(judged.verdict), _kind(judged.verdict), lines,
        _decisive(judged), picture, legend(claim.parts),
    )  # fmt: skip


def _whole(text: str) -> str:
    """Keep an interval, and a number with its unit, on one line."""
    spaced = re.sub(r"\[[^]]*\]", lambda match: match[0].replace(" ", _NO_BREAK), text)
    return spaced.replace(" %", f"{_NO_BREAK}%")


def _kind(verdict: str) -> str:
    return verdict if verdict in SYMBOLS else "partly"


def _symbol(verdict: str) -> str:
    return SYMBOLS.get(verdict, _PARTLY)
