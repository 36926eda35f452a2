"""From outcomes to verdicts to the page, with made-up trainings of every kind of claim."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_claims_file import EXPERIMENT, NUMBER, claim, load, values
from test_report import Page

from hemline.claims.finding import Finding
from hemline.claims.outcome import Outcome, fastest_seconds
from hemline.claims.page import by_chance, corrected, in_all, render, short_table, summary
from hemline.claims.plots import legend
from hemline.claims.questions import Outputs, answer
from hemline.claims.verdicts import Judged, judge_claim

LINEAR, DENSE = "claims-tiny/linear", "claims-tiny/dense-4"
OTHER = "claims-other/linear"
ON = {"of": DENSE, "metric": "test_loss"}
AGAINST = {"of": DENSE, "than": LINEAR}
PARTS = [
    NUMBER | ON | {"published": "9"},
    {"kind": "range", "says": "a range", **ON, "published": ["0.1", "0.9"]},
    {"kind": "ordering", "says": "slower", **AGAINST, "metric": "seconds", "claimed": "higher"},
    {"kind": "ordering", "says": "better", **AGAINST, "metric": "test_accuracy", "claimed": "higher", "also": True},
    {"kind": "trend", "says": "falls", **ON, "from_epoch": 1, "to_epoch": 3, "claimed": "falls"},
    {"kind": "gap", "says": "a gap", **ON, "metric": "accuracy", "than_metric": "test_accuracy", "claimed": "higher"},
    {"kind": "wobble", "says": "wobbles", **ON, "from_epoch": 1, "to_epoch": 3},
    {"kind": "early-stop", "says": "stops", "of": DENSE, "published": 3},
    {"kind": "threshold", "says": "high", "of": DENSE, "metric": "test_accuracy", "at_least": 0.5, "because": "half"},
    {"kind": "error", "says": "an error", "variant": {"hidden": [4], "flatten": False}, "expected": "flattened"},
]
CONTENTS = values(
    experiments={"claims-tiny": EXPERIMENT, "claims-other": EXPERIMENT},
    claims=[claim(*PARTS), claim(id="two", says="A < B & <script>alert(1)</script>", note="Mind | this.")],
    questions_of="first",
    questions=[{"asks": "What are they?", "outputs_of": DENSE}, {"asks": "Why?", "claims": ["one", "two"]}],
)


def outcome(level, seconds=True):
    """Five trainings of three epochs: losses fall by a third each epoch, accuracies rise."""
    generator = np.random.default_rng(0)
    rows = [
        {
            "seed": seed,
            "epoch": epoch,
            "loss": level * 0.7**epoch + 0.001 * seed,
            "accuracy": 0.95,
            "test_loss": level * 0.7**epoch + 0.002 * seed,
            "test_accuracy": 0.9,
        }
        for seed in range(5)
        for epoch in (1, 2, 3)
    ]
    correct = generator.random((5, 500)) < 0.8 + 0.05 * level
    losses = generator.random((5, 500), np.float32)
    seconds = level + 0.01 * np.arange(5) if seconds else None
    return Outcome.of_history(pd.DataFrame(rows), range(5), correct=correct, losses=losses, epochs=5, seconds=seconds)


def outcomes(**changes):
    return {
        LINEAR: outcome(0.5),
        DENSE: outcome(1.0),
        OTHER: outcome(9.0),
        "claims-other/dense-4": outcome(1),
    } | changes


def refuses(variant):
    return "every image is flattened" if "flatten" in variant else None


def pages(tmp_path, contents=CONTENTS, **changes):
    claims = load(tmp_path, contents)
    seen = outcomes(**changes)
    judged = [judge_claim(each, seen, refuses) for each in claims.claims]
    shares = np.full((2, 4, 3), 0.05, np.float32)
    shares[..., 1] = 0.9
    outputs = {DENSE: Outputs(shares, np.array([1, 1, 1, 0]), ["a", "b", "c"])}
    answers = [answer(question, {each.claim.id: each for each in judged}, outputs) for question in claims.questions]
    return judged, render(claims, judged, seen, answers)


def test_every_kind_of_part_gets_its_finding(tmp_path):
    judged, _ = pages(tmp_path)
    pairs = zip(judged[0].claim.parts, judged[0].findings, strict=True)
    verdicts = {part.says: finding.verdict for part, finding in pairs}
    assert verdicts.pop("loss") == "refuted"
    # Of five trainings, none or all prove little.
    assert verdicts.pop("wobbles") == "undecided"
    assert verdicts.pop("stops") == "undecided"
    assert verdicts.pop("a range") == "compatible"
    assert set(verdicts.values()) == {"shown"}
    # The one beside the claim does not count.
    assert judged[0].words == "reproduced in 6 of 9 parts (5 parts shown, 1 compatible)"
    assert judged[0].seeds == 5


def test_the_other_setting_is_tried_where_the_stated_one_does_not_fit(tmp_path):
    other = {"condition": "the pixels are not scaled", "of": OTHER}
    fits_other = NUMBER | {"published": "3.1", "otherwise": other}
    fits_none = NUMBER | {"published": "7.7", "otherwise": other}
    fits_stated = NUMBER | {"published": "0.2", "otherwise": other}
    tried = [claim(part, id=f"c-{place}") for place, part in enumerate((fits_other, fits_none, fits_stated))]
    contents = CONTENTS | {"claims": tried, "questions": []}
    judged, files = pages(tmp_path, contents)
    assert [each.words for each in judged] == [
        "compatible only if the pixels are not scaled",
        "not reproduced",
        "compatible",
    ]
    assert "If the pixels are not scaled: Published 3.1 lies in" in files["claims.md"].decode()


def test_times_that_nobody_recorded_are_no_evidence(tmp_path):
    judged, files = pages(tmp_path, **{LINEAR: outcome(0.5, seconds=False)})
    assert judged[0].findings[2].verdict == "not measured"
    assert judged[0].words == "reproduced in 5 of 8 parts (4 parts shown, 1 compatible); 1 part not measured"
    assert "No times are known for these trainings" in files["claims.html"].decode()


def test_a_time_is_that_of_the_fastest_epoch_after_the_first():
    seconds = {"a": [9.0, 2.0, 1.0], "b": [9.0, 3.0], "c": [0.1]}
    np.testing.assert_array_equal(fastest_seconds(["a", "b", "c", "d"], seconds), [1.0, 3.0, np.nan, np.nan])
    assert fastest_seconds(["a", "c"], seconds) is None


def test_the_page_is_whole_and_asks_for_nothing(tmp_path):
    _, files = pages(tmp_path)
    text = files["claims.html"].decode()
    page = Page(text)
    for identifier in ("verdict", "overview", "claims", "questions", "made", "one", "two"):
        assert f'id="{identifier}"' in text
    assert all(image["src"].startswith("data:image/png;base64,") and image["alt"] for image in page.named("img"))
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "<script" not in text
    assert "A < B & <script>alert(1)</script>" in page.text
    tags = [tag for tag, _ in page.elements]
    assert {after for tag, after in itertools.pairwise(tags) if tag == "table"} == {"caption"}
    links = [link["href"] for link in page.named("a")]
    assert links[:5] == ["#verdict", "#verdict", "#overview", "#claims", "#one"]


def test_the_questions_are_answered_with_the_evidence(tmp_path):
    _, files = pages(tmp_path)
    page = Page(files["claims.html"].decode())
    assert "1. What are they?" in page.text
    assert "one for each of the 3 classes" in page.text
    assert "Test image 0 (b), the first training: b 90.0 %" in page.text
    # The largest is 90 % in the mean, three of four answers are right.
    assert "too sure by 15.0 percentage points" in page.text
    assert "That it is so: reproduced in 6 of 9 parts (5 parts shown, 1 compatible)." in page.text


def test_the_summary_has_a_row_for_each_claim(tmp_path):
    judged, files = pages(tmp_path)
    text = files["claims.md"].decode()
    assert summary(judged) == (
        "We tested 2 published claims: 1 in part, 1 not reproduced. "
        "Their 10 parts: 5 shown, 1 compatible (not refuted), 2 refuted, 2 undecided."
    )
    assert summary(judged) in text
    assert short_table(judged) in text
    rows = [line for line in short_table(judged).splitlines() if line.startswith(("| one", "| two"))]
    assert len(rows) == 2
    assert "◐ reproduced in 6 of 9 parts (5 parts shown, 1 compatible)" in rows[0]
    assert "test loss 9 → 0.3470 [" in rows[0]
    assert len({len(row) for row in rows}) == 1


def test_close_findings_are_marked_counted_and_told(tmp_path):
    # The interval of one more training ends at 0.360.
    contents = CONTENTS | {"claims": [claim(NUMBER | ON | {"published": "0.356"})], "questions": []}
    judged, files = pages(tmp_path, contents)
    (finding,) = judged[0].findings
    assert finding.close >= 0.1
    assert judged[0].words == "compatible; close"
    assert summary(judged).endswith(
        "Their 1 parts: 1 compatible (not refuted). Other seeds could change 1 of these verdicts."
    )
    assert "≈ compatible; close" in short_table(judged)
    for text in (Page(files["claims.html"].decode()).text, files["claims.md"].decode()):
        assert "compatible, close" in text
        assert "of other sets of seeds, drawn at random from these, the verdict is another." in text


def test_the_page_says_how_many_true_numbers_fail_by_chance(tmp_path):
    numbers = [NUMBER | {"published": f"0.{digit}"} for digit in range(1, 9)]
    beside = NUMBER | {"also": True}
    contents = CONTENTS | {"claims": [claim(*numbers, beside, PARTS[1])], "questions": []}
    assert "about 0.4 of the 8 would be refuted by chance" in by_chance(load(tmp_path, contents))
    _, files = pages(tmp_path, contents)
    for text in files.values():
        assert "8 parts are single published numbers." in text.decode()


DOTS = "Dots are single trainings, upright bars their means."
ORANGE = "Orange is what was published, or the threshold."


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([0], f"{DOTS} Level grey bars are prediction intervals; orange is what was published."),
        ([1], f"{DOTS} {ORANGE}"),
        ([2], DOTS),
        ([4], "Lines are means over the seeds, bands reach from the lowest to the highest."),
        ([7], ORANGE),
        ([9], ""),
        # What orange is, is said once.
        ([7, 0], f"{DOTS} Level grey bars are prediction intervals; orange is what was published."),
    ],
)
def test_the_legend_explains_what_the_panels_show_and_no_more(tmp_path, numbers, text):
    (only,) = load(tmp_path, values(claims=[claim(*(PARTS[number] for number in numbers))])).claims
    assert legend(only.parts) == text


def test_p_values_are_also_told_as_corrected_for_the_number_of_parts() -> None:
    def judged(*p_values: float | None) -> Judged:
        parts = [
            Finding("shown" if p is not None and p < 0.05 else "undecided", "a", "b", "c.", "d", 4, p) for p in p_values
        ]
        claim = SimpleNamespace(parts=[SimpleNamespace(also=False)] * len(parts))
        return Judged(claim, parts)  # type: ignore[arg-type]

    claims = [judged(0.001, None), judged(0.02, 0.04, 0.5)]
    # Holm's: 4 x 0.001; 3 x 0.02; 2 x 0.04, the largest so far; 0.5.
    assert list(corrected(claims).values()) == pytest.approx([0.004, 0.06, 0.08, 0.5])
    assert "4 parts have a p value, 3 of them below 0.05; 1 remains so once Holm's method" in in_all(claims)
    assert in_all([judged(None)]) == ""
