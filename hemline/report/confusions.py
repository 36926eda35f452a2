"""A sentence about the confusions that a variant makes less often or more often than the baseline."""

import pandas as pd

from hemline.words import isolated, listed

# The most confusions of an outcome that the sentence names; the table has all.
NAMED = 4
PHRASES = {
    "less frequent": "{} is shown to make {} less often",
    "more frequent": "{} is shown to make {} more often",
    "no difference shown": "for {1} no difference is shown",
}


def in_words(confusions: pd.DataFrame, variant: str, baseline: str) -> str:
    """Sum up the tested confusions in one sentence; only differences that a test shows get a verb.

    Args:
        confusions: from ``comparison.confusion.most_frequent``; it may be empty.
        variant: the variant that ``after`` refers to.
        baseline: the variant that ``before`` refers to.
    """
    if confusions.empty:
        return f"{variant} and {baseline} confuse no classes of these test images."
    parts = []
    for outcome, phrase in PHRASES.items():
        rows = confusions[confusions["outcome"] == outcome].to_dict("records")
        if rows:
            few = [f"{isolated(row['true'])} taken for {isolated(row['predicted'])}" for row in rows]
            named = str(len(rows)) if outcome == "no difference shown" else _few(few)
            parts.append(phrase.format(variant, named))
    return f"Of the most frequent confusions of {baseline} and {variant}, {'; '.join(parts)}."


def _few(names: list[str]) -> str:
    if len(names) > NAMED + 1:
        names = [*names[:NAMED], f"{len(names) - NAMED} others"]
    return listed(names)
