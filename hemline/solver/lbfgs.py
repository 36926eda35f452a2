"""L-BFGS with a preconditioner (Nocedal and Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5)."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hemline.solver.objective import Evaluated, Floats
from hemline.solver.preconditioner import Preconditioner

# Pairs of steps and changes of the gradient that are kept, and the numbers that they have together.
_PAIRS, _FEWEST_PAIRS, _LARGEST_PAIRS = 20, 3, 2**26
# The decrease that a step must bring, as a share of what the slope at its start promises (Armijo) ...
_DECREASE = 1e-4
# ... or the slope that may be left at its end, where rounding hides the decrease: so much of the objective
# (Hager and Zhang 2005, "A new conjugate gradient method with guaranteed descent", section 4).
_SLOPE_LEFT, _ROUNDING = 0.9, 1e-7
# A shorter step in a line search means that rounding dominates.
_SHORTEST = 1e-4


class Point(NamedTuple):
    """Flat parameters, the result of one pass there, and the number of passes so far."""

    parameters: Floats
    evaluated: Evaluated
    passes: int


def minimise(
    evaluate: Callable[[Floats], Evaluated],
    start: Point,
    preconditioner: Preconditioner,
    is_done: Callable[[Evaluated], bool],
    most_passes: int,
) -> Point:
    """Return a better point: where ``is_done``, or after ``most_passes``, or where rounding stops the search."""
    most_pairs = max(_FEWEST_PAIRS, min(_PAIRS, _LARGEST_PAIRS // (2 * len(start.parameters))))
    pairs: deque[tuple[Floats, Floats]] = deque(maxlen=most_pairs)
    point = start
    while not is_done(point.evaluated) and point.passes < most_passes:
        found = _search(evaluate, point, -_times_inverse(point.evaluated.gradient, pairs, preconditioner))
        if found is None:
            break
        step, change = found.parameters - point.parameters, found.evaluated.gradient - point.evaluated.gradient
        if step @ change > 0:
            pairs.append((step, change))
        point = found
    return point


def _search(evaluate: Callable[[Floats], Evaluated], point: Point, direction: Floats) -> Point | None:
    """Return a better point along ``direction``; None if rounding prevents it."""
    here, passes, length = point.evaluated, point.passes, 1.0
    slope = float(direction @ here.gradient)
    while length > _SHORTEST and slope < 0:
        parameters = point.parameters + length * direction
        there, passes = evaluate(parameters), passes + 1
        rise = there.objective - here.objective
        flat = abs(float(there.gradient @ direction)) <= _SLOPE_LEFT * abs(slope)
        if rise <= _DECREASE * length * slope or (flat and rise <= _ROUNDING * abs(here.objective)):
            return Point(parameters, there, passes)
        # To the minimum of the parabola through the known values, unless it is far away.
        bend = rise - length * slope
        length *= float(np.clip(-length * slope / (2 * bend), 0.1, 0.5)) if bend > 0 else 0.5
    return None


def _times_inverse(gradient: Floats, pairs: deque[tuple[Floats, Floats]], preconditioner: Preconditioner) -> Floats:
    """Return the gradient times the approximate inverse of the second derivatives: the two loops."""
    rest, shares = gradient.copy(), []
    for step, change in reversed(pairs):
        share = float(step @ rest) / float(step @ change)
        rest -= share * change
        shares.append(share)
    result = preconditioner @ rest
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        result += (share - float(change @ result) / float(step @ change)) * step
    return result
