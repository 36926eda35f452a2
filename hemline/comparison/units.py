"""Units of printed gains: percentage points for shares, nats or none for others."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hemline.words import same, signed


class Unit(NamedTuple):
    """A unit of gains."""

    name: str  # in a sentence; empty for pure numbers
    short: str  # in a heading
    factor: float  # that multiplies values from files
    digits: int  # after the point

    def gain(self, value: float) -> str:
        """Write a gain with its sign, without the unit."""
        return signed(self.factor * same(value), self.digits)

    def ends(self, row: Mapping[Any, Any]) -> tuple[str, str, str]:
        """Write ``gain``, ``gain_low`` and ``gain_high`` of a row, as ``gain`` does."""
        return self.gain(row["gain"]), self.gain(row["gain_low"]), self.gain(row["gain_high"])

    def losses(self, gain: float, low: float, high: float) -> tuple[str, str, str]:
        """Write a negative gain and its interval as positive amounts, as in "worse by 0.56"."""
        loss, least, most = (self.gain(-value).removeprefix("+") for value in (gain, high, low))
        return loss, least, most

    def after(self, text: str) -> str:
        """Put the unit's name after a number."""
        return f"{text} {self.name}".rstrip()

    def heading(self, text: str) -> str:
        """Put the unit after the title of a column: "Gain, points"."""
        return f"{text}, {self.short}" if self.short else text


POINTS = Unit("percentage points", "points", 100, 2)
NATS = Unit("nats", "nats", 1, 4)
PLAIN = Unit("", "", 1, 4)
