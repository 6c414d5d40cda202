"""Rows of every table, the same in every run: choices where a column has them, keys that join, and texts with sharp edges."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import Column, ColumnType, Table

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TEXTS = (
    "", "Invoice overdue", "invoice 7", "Rechnung Überfällig", "it's \\ \"odd\" %_", "fw-01 UP", "中文 text", "a.b", "10.1.2.3", "Success",
    "https://u1.example/a?b=c#d", '{"a": {"b": [1, "x", null]}, "Name": "n"}', '["x", "y"]', "powershell -enc QQBB", "1.5",
)  # fmt: skip
DYNAMICS = (
    None, {}, [], {"a": {"b": 1}, "Name": "n", "Value": [1, 2]}, [{"Name": "ForwardTo", "Value": "x@y.example"}], "plain", 7,
    {"city": "Kraków", "browser": "Edge"}, {"Parameters": [{"Name": "DeleteMessage", "Value": "True"}]},
)  # fmt: skip
PEOPLE = tuple(f"person{number}@corp.example" for number in range(6))
IDS = tuple(f"{number:08x}-0000-4000-8000-00000000beef" for number in range(40))
DOMAINS = ("evil0.example", "evil1.example", "friend.example", "corp.example")
BY_NAME: dict[str, tuple[Any, ...]] = {
    "NetworkMessageId": IDS,
    "RecipientEmailAddress": PEOPLE,
    "AccountUpn": PEOPLE,
    "SenderFromAddress": tuple(f"s{number}@{DOMAINS[number % 4]}" for number in range(8)),
    "SenderFromDomain": DOMAINS,
    "RecipientDomain": ("corp.example",),
    "UrlDomain": ("u1.example", "u2.example", "corp.example"),
    "SHA256": tuple(f"{number:064x}" for number in range(4)),
    "EmailDirection": ("Inbound", "Outbound", "Intra-org"),
    "ThreatTypes": ([], ["Phish"], ["Malware"], ["Phish", "Spam"]),
    "DeliveryAction": ("Delivered", "Junked", "Blocked"),
    "DeliveryLocation": ("Inbox/folder", "Junk folder", "Quarantine"),
    "LatestDeliveryLocation": ("Inbox/folder", "Quarantine"),
}


def rows_of(table: Table, *, start: datetime, days: int, count: int, part: str) -> list[dict[str, Any]]:
    """`count` rows in the days from `start`, no two at one moment."""
    dice = random.Random(f"{table.name} {part}")
    moments = sorted(dice.sample(range(days * 86_400_000), count))
    return [
        {
            column.name: start + timedelta(milliseconds=at) if column.name == "Timestamp" else value
            for column, value in _values(table, dice)
        }
        for at in moments
    ]


def _values(table: Table, dice: random.Random) -> Iterator[tuple[Column, Any]]:
    for column in table.columns:
        if column.name != "ReportId" or column.type is not ColumnType.STRING:
            yield column, _value(column, dice)


def _value(column: Column, dice: random.Random) -> Any:
    if column.name in BY_NAME:
        return dice.choice(BY_NAME[column.name])
    if column.type is ColumnType.DATETIME:
        return NOW - timedelta(seconds=dice.randrange(30 * 86_400))
    if column.type is ColumnType.BOOL:
        return dice.random() < 0.5
    if column.type in (ColumnType.INT, ColumnType.LONG):
        return dice.choice((0, 1, 2, 3, 7, 100, 65_536))
    if column.type is ColumnType.REAL:
        return dice.choice((0.0, 0.5, -1.25, 100.0, 3.3))
    if column.listed:
        return dice.sample(list(column.choices), min(len(column.choices), dice.randrange(3))) if column.choices else []
    if column.type is ColumnType.DYNAMIC:
        held = dice.choice(DYNAMICS)
        return "" if held is None else json.dumps(held, ensure_ascii=False)
    return dice.choice(column.choices or TEXTS)


def everything() -> tuple[Table, ...]:
    return tuple(tables())
