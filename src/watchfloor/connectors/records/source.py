"""What a shape of record is: how it is told from others, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Row = tuple[str, dict[str, Any]]
"""A table's name and one row of it in that table's column names; times are RFC 3339 texts or aware datetimes."""
Parser = Callable[[Mapping[str, Any]], tuple[Row, ...]]
"""One record to its rows, none when it tells nothing we keep. Raises BadInput naming the place in the record."""


class Holder(Protocol):
    """Holds together what a product writes as several records, until the last one of them is there.

    `feed` gives the whole records that one more record completes; `state` is JSON, from which a new holder goes on.
    """

    def feed(self, record: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]: ...

    def state(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """One shape of record: `key` names it in settings and on the command line, `label` is for people.

    `sniff` says whether a record looks like this shape; it never raises, whatever it is given. `holder`, where there is one,
    makes from an earlier state what holds the records of one stream together before `parse` reads them.
    """

    key: str
    label: str
    parse: Parser
    sniff: Callable[[Mapping[str, Any]], bool]
    holder: Callable[[Mapping[str, Any]], Holder] | None = None
