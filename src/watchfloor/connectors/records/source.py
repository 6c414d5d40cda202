"""What a shape of record is: how it is told from others, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = tuple[str, dict[str, Any]]
"""A table's name and one row of it in that table's column names; times are RFC 3339 texts or aware datetimes."""
Parser = Callable[[Mapping[str, Any]], tuple[Row, ...]]
"""One record to its rows, none when it tells nothing we keep. Raises BadInput naming the place in the record."""


@dataclass(frozen=True, slots=True)
class Source:
    """One shape of record: `key` names it in settings and on the command line, `label` is for people.

    `sniff` says whether a record looks like this shape; it never raises, whatever it is given.
    """

    key: str
    label: str
    parse: Parser
    sniff: Callable[[Mapping[str, Any]], bool]
