"""A timeline as CSV: the columns of the page, chosen as they are chosen there (US-55, US-56)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from watchfloor.identities.page.lines import Line
from watchfloor.kernel.text import csv_line


@dataclass(frozen=True, slots=True)
class Column:
    """`head` in the file; `shown` is the column of the page it goes with, "" where it is always there."""

    head: str
    cell: Callable[[Line], str]
    shown: str = ""


COLUMNS = (
    Column("Time (UTC)", lambda line: f"{line.at:%Y-%m-%d %H:%M:%S}"),
    Column("Type", lambda line: line.kind, "Type"),
    Column("Activity", lambda line: line.activity),
    Column("Description", lambda line: line.words),
    Column("By or on", lambda line: "on" if line.on else "by", "By or on"),
    Column("Application", lambda line: line.app, "App"),
    Column("Country", lambda line: line.location, "Country"),
    Column("Protocol", lambda line: line.protocol, "Protocol"),
    Column("IP address", lambda line: line.ip, "IP address"),
    Column("Device", lambda line: line.device, "Device"),
    Column("Target", lambda line: line.target, "Target"),
    Column("Severity", lambda line: line.severity, "Severity"),
    Column("Status", lambda line: line.status, "Status"),
    Column("Techniques", lambda line: ", ".join(line.techniques), "ATT&CK"),
    Column("Points", lambda line: "" if line.points is None else f"{line.points:.1f}", "Points"),
    Column("Why", lambda line: line.why, "Points"),
)


def csv_of(lines: Iterable[Line], chosen: Sequence[str] | None) -> Iterator[str]:
    """The file line by line: columns that go with one of `chosen` and those that are always there; None means all."""
    columns = [one for one in COLUMNS if chosen is None or not one.shown or one.shown in chosen]
    yield csv_line(one.head for one in columns)
    for line in lines:
        yield csv_line(one.cell(line) for one in columns)
