"""One line of a system log, as syslog, journald and Log Analytics write it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.connectors.records.fields import Fields

TEXT = ("Message", "SyslogMessage", "msg", "full_message")
PROGRAM = ("SYSLOG_IDENTIFIER", "AppName", "app-name", "programname", "ProcessName", "ident", "_COMM")
HOST = ("HostName", "_HOSTNAME", "Computer", "host", "source")
TIMES = (
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "Timestamp",
    "EventTime",
    "TimeGenerated",
    "timereported",
    "@timestamp",
    "time",
)
_PAIR = re.compile(r"""(?<![\w.-])(\w[\w.-]*+)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']*)""")


@dataclass(frozen=True, slots=True)
class Line:
    """`at` is None where the record tells no time; `program` is in small letters and without its path."""

    text: str
    program: str
    host: str
    at: datetime | None


def line_of(record: Mapping[str, Any]) -> Line | None:
    """The line in this record, None when it is no line of a system log. Never raises."""
    if not isinstance(record, Mapping):
        return None
    fields = Fields(record)
    text = fields.text(*TEXT)
    if not text:
        return None
    program = fields.text(*PROGRAM).rpartition("/")[2].lower()
    return Line(text, program, fields.text(*HOST), fields.moment(*TIMES))


def pairs_of(text: str) -> dict[str, str]:
    """The name=value pairs in a line; quotes around a value are gone, the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        found.setdefault(name, value[1:-1] if value[:1] in {'"', "'"} else value)
    return found
