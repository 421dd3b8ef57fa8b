"""A reader of the maths in headers and notes: computes from the text, knowing nothing of expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_CALLS: Mapping[str, Callable[..., float]] = {"√": math.sqrt, "max": max, "min": min}


@dataclass
class Reader:
    """What a text is worth with those names; nan where it has no value. Anything ambiguous is refused.

    closest: the smallest relative distance between two numbers that were compared.
    """

    names: Mapping[str, float]
    closest: float = field(default=math.inf, init=False)

    def __post_init__(self) -> None:
        ends = {name: "(?![A-Za-z0-9_])" if name[-1].isidentifier() else "" for name in self.names}
        self._names = [re.compile(re.escape(name) + ends[name]) for name in sorted(ends, key=len, reverse=True)]

    def worth(self, text: str) -> float:
        """The value of a whole text."""
        self._rest = text
        value = self._choice()
        assert not self._rest, f"{text!r} cannot be read from {self._rest!r} on"
        return value

    def _take(self, pattern: str | re.Pattern[str]) -> str:
        found = re.match(pattern, self._rest)
        if found:
            self._rest = self._rest[found.end() :]
        return found[0] if found else ""

    def _expect(self, text: str) -> None:
        assert self._take(re.escape(text)), f"{text!r} is missing before {self._rest!r}"

    def _choice(self) -> float:
        """`u if c, else v`; an `else` reaches to the end."""
        then = self._comparison()
        if not self._take(" if "):
            return then
        condition = self._comparison()
        self._expect(", else ")
        otherwise = self._choice()
        return math.nan if math.isnan(condition) else then if condition else otherwise

    def _comparison(self) -> float:
        left = self._signed()
        if not self._take(" > "):
            return left
        right = self._signed()
        if math.isnan(left + right):
            return math.nan
        self.closest = min(self.closest, abs(left - right) / (max(abs(left), abs(right)) or 1.0))
        return float(left > right)

    def _signed(self) -> float:
        """A sum; or a quotient after a minus, which ends there."""
        if self._take("−"):
            return -self._quotient()
        value = self._quotient()
        while sign := self._take(r" [+−] "):
            right = self._quotient()
            value = value + right if sign == " + " else value - right
        return value

    def _quotient(self) -> float:
        """A product, perhaps over one power: what would follow could be meant to be above or below the line."""
        value = self._product()
        if self._take(" / "):
            below = self._power()
            value = value / below if below else math.nan
            assert not re.match("·| / ", self._rest), f"is {self._rest!r} above or below the line?"
        return value

    def _product(self) -> float:
        value = self._power()
        while self._take("·"):
            value *= self._power()
        return value

    def _power(self) -> float:
        value = self._atom()
        exponent = self._take("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
        return value ** int(exponent.translate(_DIGITS)) if exponent else value

    def _atom(self) -> float:
        for name in self._names:
            if found := self._take(name):
                assert found.isidentifier() or found[-1] in ")]" or not re.match("[⁰¹²³⁴⁵⁶⁷⁸⁹]", self._rest), (
                    f"{found!r} is not one word: what does the power after it belong to?"
                )
                return self.names[found]
        if found := self._take(r"\d+(\.\d+)?(e[+-]\d+)?"):
            return float(found)
        call = self._take("√|max|min")
        self._expect("(")
        arguments = [self._choice()]
        while self._take(", "):
            arguments.append(self._choice())
        self._expect(")")
        if not call:
            (value,) = arguments
            return value
        assert call != "√" or not re.match("[⁰¹²³⁴⁵⁶⁷⁸⁹]", self._rest), "a power of a root is not in brackets"
        bad = any(map(math.isnan, arguments)) or (call == "√" and arguments[0] < 0)
        return math.nan if bad else _CALLS[call](*arguments)
