"""Tests of all pairs of variants: for a difference, for the best, and for equivalence within a margin."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hemline.comparison.crossed import Crossed
from hemline.comparison.groups import Groups, Scores
from hemline.comparison.statistics import Row, adjust, compare_all

_ERROR = 0.05
# Two one-sided tests at 5 % belong to an interval of 90 %.
_INTERVAL_OF_TWO_TESTS = 0.9
COLUMNS = (
    *("first", "second", "difference", "low", "high", "p_value", "p_holm", "verdict"),
    *("low_90", "high_90", "p_same", "same"),
    *("images_part", "seeds_part", "interaction_part", "seeds", "images", "image_freedom"),
)


def compare_pairs(
    scores: Mapping[str, Scores],
    order: Sequence[str],
    margin: float | None = None,
    *,
    groups: Groups | None = None,
    labels: NDArray[np.integer[Any]] | None = None,
    shares: bool = False,
) -> pd.DataFrame:
    """Compare all pairs of variants by the tests of ``statistics.table``.

    Args:
        scores: by variant, (seeds, images), higher is better; the same seeds for all.
        order: the variants; the earlier one of each pair is the first.
        margin: the largest difference that does not matter, in the unit of the scores; None: not set.
        groups: as in ``statistics.compare``.
        labels: likewise.
        shares: likewise.

    Returns:
        A row a pair: ``first``, ``second``; ``difference`` (positive if the first is better) with its 95 % interval,
        ``low`` and ``high``; ``p_value``; ``p_holm``, corrected for the number of pairs; ``verdict`` on the first; the
        90 % interval; ``p_same`` and ``same``, empty without a margin; the parts of the variance of the difference,
        with their numbers of seeds and images.
    """
    names = list(itertools.combinations(order, 2))
    compared = compare_all([(scores[a], scores[b]) for a, b in names], [groups] * len(names), labels, shares=shares)
    rows = [_row(*pair, row) for pair, row in zip(names, compared, strict=True) if row is not None]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    if margin is not None:
        table["p_same"] = [p_same(row.comparison.parts, margin) for row in compared if row and row.comparison]
        table["same"] = adjust(table["p_same"]) < _ERROR
    return table


def _row(first: str, second: str, row: Row) -> dict[str, Any]:
    found = row.comparison
    if found is None:
        raise ValueError(f"{first}, {second}: must be compared")
    parts, half = found.parts, _half_width(found.parts)
    return {
        "first": first,
        "second": second,
        "difference": found.gain,
        "low": found.low,
        "high": found.high,
        "p_value": row.p_value,
        "p_holm": row.adjusted_p_value,
        "verdict": row.verdict,
        "low_90": found.gain - half,
        "high_90": found.gain + half,
        "images_part": parts.images,
        "seeds_part": parts.seeds,
        "interaction_part": parts.interaction,
        "seeds": parts.n_seeds,
        "images": parts.n_images,
        "image_freedom": parts.image_freedom,
    }


def _half_width(parts: Crossed) -> float:
    """Return half the width of the 90 % interval; if nothing varied, a bound on the unseen differences."""
    if parts.error:
        return parts.cautious_half_width(_INTERVAL_OF_TWO_TESTS)
    return float((1 + abs(parts.mean)) * (1 - math.pow(_ERROR, 1 / parts.n_images)))


def parts_of(row: Mapping[Any, Any]) -> Crossed:
    """Return the parts of the variance of a pair's difference, from a row of ``compare_pairs``."""
    sizes = int(row["seeds"]), int(row["images"])
    own = row["difference"], row["images_part"], row["seeds_part"], *sizes, row["image_freedom"]
    return Crossed(*own, row["interaction_part"])


def p_same(difference: Crossed, margin: float) -> float:
    """Return the p-value for equivalence within the margin: the larger of two one-sided ones.

    Args:
        difference: its mean, and the parts of its variance.
        margin: above 0, in the same unit.

    Source:
        Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach for assessing the
        equivalence of average bioavailability, Journal of Pharmacokinetics and Biopharmaceutics 15.
    """
    distance = margin - abs(difference.mean)
    if not difference.error:
        # Nothing varied. The share of differing images has the bound of ``statistics._ends``.
        unseen = distance / (1 - abs(difference.mean)) if abs(difference.mean) < 1 else 0.0
        return float(math.pow(max(1 - unseen, 0.0), difference.n_images)) if distance > 0 else 1.0
    p_value = difference._replace(mean=distance).cautious_p() / 2
    return p_value if distance > 0 else 1 - p_value


def may_be_best(pairs: pd.DataFrame, variants: Sequence[str]) -> list[str]:
    """Return the variants that may be the best: the best is among them in 95 % of cases.

    A variant is excluded if another one beats it by a one-sided test, corrected for the number of others (Bonferroni).
    The best one is excluded in at most 5 % of cases, because that takes an error in one of its k - 1 tests.

    Args:
        pairs: from ``compare_pairs``.
        variants: all of them, in the order of the result.

    Source:
        Gupta (1965), On some multiple decision (selection and ranking) rules, Technometrics 7; Hsu (1984), Constrained
        simultaneous confidence intervals for multiple comparisons with the best, Annals of Statistics 12.
    """
    # The one-sided p-value is half of the two-sided one.
    shown = pairs[pairs["p_value"] / 2 * (len(variants) - 1) < _ERROR]
    beaten = {*shown.loc[shown["difference"] > 0, "second"], *shown.loc[shown["difference"] < 0, "first"]}
    return [variant for variant in variants if variant not in beaten]
