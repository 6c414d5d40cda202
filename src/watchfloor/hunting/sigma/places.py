"""Where a field lies in our tables, and how KQL asks there whether it has a value.

A place answers with a predicate that is true or false and never null: texts of our tables are never null, numbers are guarded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
    TimestampPart,
)

from watchfloor.hunting.sigma.inside import element
from watchfloor.hunting.sigma.refusing import Refusal
from watchfloor.hunting.sigma.texts import json_pattern, pattern, pieces, plain, quoted

NUMBERS = frozenset({"int", "long", "real", "decimal"})
COMPARISONS = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
PARTS = {
    TimestampPart.MINUTE: "datetime_part('minute', {})",
    TimestampPart.HOUR: "hourofday({})",
    TimestampPart.DAY: "dayofmonth({})",
    TimestampPart.WEEK: "week_of_year({})",
    TimestampPart.MONTH: "monthofyear({})",
    TimestampPart.YEAR: "getyear({})",
}
MULTI = SpecialChars.WILDCARD_MULTI


Row = dict[str, Any]


class Place(Protocol):
    """One field's place."""

    def put(self, row: Row, value: Any) -> None:
        """Write the field's value of a recorded event into the row that our table would hold for it."""
        ...

    def meets(self, value: SigmaType) -> str:
        """KQL that is true where the field has this value. Raises Refusal."""
        ...

    def text(self) -> str:
        """KQL that reads the field as text. Raises Refusal where it is none."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...


def number(value: Any) -> float:
    """A number as events write it: decimal or with 0x in front; 0 for what is none."""
    try:
        return int(str(value), 0)
    except ValueError:
        return 0


def either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else "(" + " or ".join(parts) + ")"


def both(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else "(" + " and ".join(parts) + ")"


@dataclass(frozen=True, slots=True)
class Read:
    """An expression of KQL with its type; `of` are the columns in it."""

    kql: str
    type: str
    of: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.of

    def put(self, row: Row, value: Any) -> None:
        row[self.of[0]] = number(value) if self.type in NUMBERS else value

    def text(self) -> str:
        return self.kql if self.type == "string" else f"tostring({self.kql})"

    def meets(self, value: SigmaType) -> str:
        match value:
            case SigmaString():
                return self._has_text(value, cased=isinstance(value, SigmaCasedString))
            case SigmaTimestampPart():
                return self._has_part(value)
            case SigmaNumber():
                return self._has_number(value.number)
            case SigmaBool():
                return self._has_bool(bool(value))
            case SigmaRegularExpression():
                flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
                found = f"(?{flags})" if flags else ""
                return f"{self.text()} matches regex {quoted(found + str(value.regexp))}"
            case SigmaCIDRExpression():
                check = "ipv6_is_in_range" if ":" in value.cidr else "ipv4_is_in_range"
                return f"coalesce({check}({self.text()}, {quoted(value.cidr)}), false)"
            case SigmaCompareExpression():
                read = self.kql if self.type in NUMBERS else f"todouble({self.kql})"
                return f"coalesce({read} {COMPARISONS[value.op.name]} {value.number.number}, false)"
            case SigmaNull():
                return self._is_empty()
            case SigmaExists():
                return f"not({self._is_empty()})" if value else self._is_empty()
        raise Refusal(f"a {type(value).__name__} cannot be asked for")

    def _is_empty(self) -> str:
        return f"isempty({self.kql})" if self.type == "string" else f"isempty(tostring({self.kql}))"

    def _has_number(self, number: float) -> str:
        return f"{self.kql} == {number}" if self.type in NUMBERS else f'{self.text()} == "{number}"'

    def _has_bool(self, value: bool) -> str:
        if self.type == "bool":
            return self.kql if value else f"not({self.kql})"
        if self.type in NUMBERS:
            return f"{self.kql} == {int(value)}"
        return f'{self.text()} =~ "{str(value).lower()}"'

    def _has_part(self, value: SigmaTimestampPart) -> str:
        moment = self.kql if self.type == "datetime" else f"todatetime({self.kql})"
        return f"coalesce({PARTS[value.timestamp_part].format(moment)} == {value.number}, false)"

    def _has_text(self, value: SigmaString, *, cased: bool) -> str:
        parts = pieces(value)
        if not parts:
            return self._is_empty()
        if parts == [MULTI]:
            return f"not({self._is_empty()})"
        whole = plain(value)
        if not whole:
            return self._has_pattern(value, cased=cased)
        if len(parts) == 1 and self.type in NUMBERS and whole.isascii() and whole.isdigit():
            return f"{self.kql} == {int(whole)}"
        word = {(0, 0): "equals", (1, 0): "endswith", (0, 1): "startswith", (1, 1): "contains"}[
            int(parts[0] is MULTI), int(parts[-1] is MULTI)
        ]
        if word == "equals":
            return f"{self.text()} {'==' if cased else '=~'} {quoted(whole)}"
        return f"{self.text()} {word}{'_cs' if cased else ''} {quoted(whole)}"

    def word(self, value: SigmaType) -> str:
        """The text the field has to equal, ignoring case; "" where the value is anything else."""
        if not isinstance(value, SigmaString) or isinstance(value, SigmaCasedString):
            return ""
        return "" if self.type in NUMBERS or value.contains_special() else plain(value)

    def _has_pattern(self, value: SigmaString, *, cased: bool) -> str:
        """Wildcards inside: the longest plain part is looked for first, as that is cheap."""
        words = [part for part in pieces(value) if isinstance(part, str)]
        matched = f"{self.text()} matches regex {quoted(pattern(value, cased=cased))}"
        if not words:
            return matched
        return f"({self.text()} contains{'_cs' if cased else ''} {quoted(max(words, key=len))} and {matched})"


@dataclass(frozen=True, slots=True)
class Joined(Read):
    """Several columns as one text with `sign` between them, empty when all of them are."""

    sign: str = ""

    def put(self, row: Row, value: Any) -> None:
        *before, last = str(value).rsplit(self.sign, len(self.of) - 1)
        row |= dict(zip(reversed(self.of), (last, *reversed(before)), strict=False))

    def _is_empty(self) -> str:
        return f"isempty(strcat({', '.join(self.of)}))"


@dataclass(frozen=True, slots=True)
class Several:
    """A field that stands in any of several places; recorded events have it in the first."""

    places: tuple[Place, ...]

    def put(self, row: Row, value: Any) -> None:
        self.places[0].put(row, value)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for place in self.places for column in place.columns)

    def text(self) -> str:
        return f"coalesce({', '.join(place.text() for place in self.places)})"

    def meets(self, value: SigmaType) -> str:
        empty = isinstance(value, SigmaNull) or (isinstance(value, SigmaExists) and not value)
        empty = empty or (isinstance(value, SigmaString) and not value.s)
        return (both if empty else either)([place.meets(value) for place in self.places])


@dataclass(frozen=True, slots=True)
class Spelled:
    """A field some of whose words are conditions here; `otherwise` reads all others."""

    words: Mapping[str, str]
    otherwise: Place | None = None
    reads: tuple[str, ...] = ()

    def put(self, row: Row, value: Any) -> None:
        if self.otherwise is not None:
            self.otherwise.put(row, value)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.reads if self.otherwise is None else self.otherwise.columns

    def text(self) -> str:
        if self.otherwise is None:
            raise Refusal("it stands here as a condition and not as a text")
        return self.otherwise.text()

    def meets(self, value: SigmaType) -> str:
        known = self.words.get(_word(value))
        if known is not None:
            return f"({known})"
        if self.otherwise is None:
            said = ", ".join(f"“{word}”" for word in self.words)
            raise Refusal(f"only these values are known here: {said}")
        return self.otherwise.meets(value)


def _word(value: SigmaType) -> str:
    if isinstance(value, SigmaString):
        return plain(value).lower()
    return str(value).lower() if isinstance(value, SigmaBool | SigmaNumber) else ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A field the beginning of which our column spells otherwise."""

    of: Place
    starts: Mapping[str, str]

    def put(self, row: Row, value: Any) -> None:
        self.of.put(row, self.respelled(str(value)))

    @property
    def columns(self) -> tuple[str, ...]:
        return self.of.columns

    def text(self) -> str:
        return self.of.text()

    def meets(self, value: SigmaType) -> str:
        if not isinstance(value, SigmaString) or not value.s:
            return self.of.meets(value)
        first = value.s[0] if isinstance(value.s[0], str) else value.s[1] if len(value.s) > 1 else ""
        ours = self.respelled(first) if isinstance(first, str) else first
        if ours == first:
            return self.of.meets(value)
        changed = type(value)()
        changed.s = [ours if part is first else part for part in value.s]
        changed.original = value.original
        return self.of.meets(changed)

    def respelled(self, text: str) -> str:
        """The text with our beginning."""
        head, slash, rest = text.partition("\\")
        known = {name.lower(): ours for name, ours in self.starts.items()}
        return known.get(head.lower(), head) + slash + rest


@dataclass(frozen=True, slots=True)
class Listed:
    """A value inside lists in a JSON column: true where any element has it. `steps` lead there from the column."""

    column: str
    steps: tuple[str, ...]
    quotes: bool = False

    def put(self, row: Row, value: Any) -> None:
        """Records are stored whole, with the lists they hold."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def text(self) -> str:
        raise Refusal("it has several values in one event, so that it cannot be compared or grouped by")

    def meets(self, value: SigmaType) -> str:
        match value:
            case SigmaNull():
                return f"not({self.meets(SigmaExists(True))})"
            case SigmaExists():
                there = self._matches('(?:"[^"]|[^"n\\s])')
                return there if value else f"not({there})"
            case SigmaString() if not value.s:
                return f"not({self.meets(SigmaExists(True))})"
            case SigmaString():
                flag = "" if isinstance(value, SigmaCasedString) else "(?i)"
                return self._matches(flag + json_pattern(value, quotes=self.quotes))
            case SigmaNumber() | SigmaBool():
                return self._matches("(?i)" + json_pattern(SigmaString(str(value).lower()), quotes=self.quotes))
        raise Refusal("inside lists only texts, numbers and null can be asked for")

    def _matches(self, scalar: str) -> str:
        flag, bare = ("(?i)", scalar[4:]) if scalar.startswith("(?i)") else ("", scalar)
        return f"tostring({self.column}) matches regex {element(self.steps, bare, flags=flag)}"


def with_quotes(place: Place) -> Place:
    """The same place, texts in quotes allowed."""
    return replace(place, quotes=True) if isinstance(place, Listed) else place
