"""No sentence compares without a test behind it: every text of page, summary, gate and terminal that does is listed."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMPARING = re.compile(
    r"\b(better|worse|beats?|best|higher|lower|more often|less often|reduces?|halves|improv\w+|differs?|lose|loss of)"
    r"\b",
    re.IGNORECASE,
)
# Of each text a beginning, by what makes it true.
ADJUSTED_TEST = "the verdict of `statistics.table`, adjusted for the number of variants"
INTERVAL = "the 95 % interval itself"
SETTING = "no result, but a rule, a setting, or a refusal"
SINGLE = "the order of validation accuracies at hand; no claim about other seeds or images"
BEHIND = {
    "about_data.py": {" shown to do better than ": INTERVAL},
    "confusions.py": {
        "{} is shown to make {} less often": "the adjusted test of `statistics.compare_all`",
        "{} is shown to make {} more often": "the adjusted test of `statistics.compare_all`",
    },
    "page.py": {
        ", still improving": "the rule of `convergence.still_improves`",
        "Passed: every variant is shown to lose less": INTERVAL,
        "Failed: not shown to lose less": INTERVAL,
        "**This does not rule out a loss of": INTERVAL,
        "Passed: no variant is shown to be worse": ADJUSTED_TEST,
        "Failed: worse than at ": ADJUSTED_TEST,
        "A variant fails if it is shown": SETTING,
        "So their accuracies here differ": SETTING,
        "A variant fails unless it is shown": SETTING,
        " decides; a difference above 0 is better.": SETTING,
    },
    "question.py": {
        "Does a dense network beat the ": "the question",
        "a dense network beat the baseline": "the question",
        "another variant beat ": "the question",
    },
    "verdict.py": {
        " not shown to differ from ": "the test of `selection.select`, on the validation images",
        "Better than {}": ADJUSTED_TEST,
        "Worse than {}": ADJUSTED_TEST,
        " worse than ": ADJUSTED_TEST,
        "is worse": ADJUSTED_TEST,
        "are worse": ADJUSTED_TEST,
        " differs from ": ADJUSTED_TEST,
        " is shown to differ from ": ADJUSTED_TEST,
        "Best by validation ": "the test of `selection.select`: no other variant ties",
        "No images were kept for validation, so no": SETTING,
        ". With all of them, accuracies and gains differ.": SETTING,
        "all variants still improved": "the rule of `convergence.still_improves`",
        " still improved": "the rule of `convergence.still_improves`",
        "Still improving when training ended: ": "the rule of `convergence.still_improves`",
    },
    "figures.py": {"Difference of each pair of variants, row minus column; those": "the adjusted test of all pairs"},
    "pairs.py": {
        " is shown to be the best: each other": "the tests of `pairs.may_be_best`",
        "Any of ": "the tests of `pairs.may_be_best`",
        " may be the best of these variants.": "the tests of `pairs.may_be_best`",
        "Any of these variants may be the best": "the tests of `pairs.may_be_best`",
        " shown to differ.": "the adjusted test of all pairs",
        ", the best by validation, within ": "the order of validation; the same by `pairs.p_same`, adjusted",
    },
    "plots.py": {"outside lower center": "no comparison, but a place"},
    "sizes.py": {
        ": better than ": "the intervals of `crossing.crossing`: at the largest size, the gain is shown",
        ": not shown to be better than ": "likewise: at the largest size, it is not",
        " (still improved)": "the validation loss after twice the epochs, in `commands/sizes.py`",
    },
    "sizes_plot.py": {"outside lower center": "no comparison, but a place"},
    "sizes.html.jinja": {
        '{{ figure(picture, "Bands are 95 % intervals': INTERVAL,
    },
    "changes.py": {"worse, within the margin": ADJUSTED_TEST, "worse by more than the margin": INTERVAL},
    "outcome.py": {": another seed alone makes a model better or worse": SETTING},
    "promotion.py": {
        "better than": "McNemar's test of `promotion.challenge`",
        "worse than": "McNemar's test of `promotion.challenge`",
        "not shown to differ from": "McNemar's test of `promotion.challenge`",
        "the best of ": SINGLE,
    },
    "answer.py": {"make promote, then make serve": SETTING},
    "index.html.jinja": {
        "<p>The line joins the Pareto front: the variants for which no other variant is better": SETTING,
        "intervals of two variants overlap, either may be better": SETTING,
        "shown above but not here. A separate test, against all others": SETTING,
        '<div class="drawn">{{ figure(pictures': SETTING,
        "improving”: the validation loss still fell": "the rule of `convergence.still_improves`",
        "In the differences, purple means more often": "the matrix, described; the sentence above it has the tests",
        "{{ machine_only|join(', ') }} may differ": SETTING,
    },
}


def texts(path: Path) -> list[str]:
    """Return the texts of a module that are printed, or the lines of a template."""
    if path.suffix != ".py":
        return path.read_text().splitlines()
    tree = ast.parse(path.read_text())
    documented = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docs = {ast.get_docstring(node, clean=False) for node in documented}
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in found if " " in text and text not in docs]


def test_every_text_that_compares_is_listed_with_what_stands_behind_it() -> None:
    folders = [ROOT / "hemline" / name for name in ("report", "gate", "comparison")]
    files = [path for folder in folders for path in folder.glob("*.py")]
    templates = [path for path in (ROOT / "hemline/report/templates").iterdir() if not path.name.startswith("style.")]
    unlisted, seen = [], set()
    for path in [*files, *templates, ROOT / "commands/promote.py", ROOT / "commands/answer.py"]:
        for text in filter(COMPARING.search, texts(path)):
            beginnings = [each for each in BEHIND.get(path.name, {}) if text.startswith(each)]
            unlisted += [] if beginnings else [f"{path.name}: {text!r}"]
            seen |= {(path.name, each) for each in beginnings}
    assert unlisted == []
    assert seen == {(name, each) for name, own in BEHIND.items() for each in own}
