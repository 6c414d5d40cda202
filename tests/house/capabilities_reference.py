"""Writes docs/reference/capabilities.md from tests/house/capabilities/*.yaml. `python tests/house/capabilities_reference.py`.

An area's rows lie in `<AREA>.yaml` or, where several people write them, in `<AREA>-<part>.yaml` beside it: a list of
{row: TE-001, what: short title, state: absent|partial|equal|better, where: ["page /explorer"], note: what differs}.
A place is a kind and a name: page, command, table, column, action, setting, connection, document.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent / "capabilities"
PAGE = ROOT / "docs" / "reference" / "capabilities.md"
STATES = ("better", "equal", "partial", "absent")
NOTE = "<!-- Written by tests/house/capabilities_reference.py; a test compares. -->"


@dataclass(frozen=True)
class Row:
    """One thing the original does, and how we stand to it."""

    row: str
    what: str
    state: str
    where: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Area:
    """A group of rows; `rows` are all ids there are, `told` those that a file describes, in the order of the ids."""

    area: str
    title: str
    whole: bool
    rows: tuple[str, ...]
    told: tuple[Row, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        known = {one.row for one in self.told}
        return tuple(one for one in self.rows if one not in known)


def ids(area: str, text: str) -> tuple[str, ...]:
    """“001-003 08a” of TE as TE-001, TE-002, TE-003, TE-08a."""
    found = []
    for part in text.split():
        first, _, last = part.partition("-")
        numbers = [first] if not last else [str(one).zfill(len(first)) for one in range(int(first), int(last) + 1)]
        found += [f"{area}-{number}" for number in numbers]
    return tuple(found)


def files(area: str) -> list[Path]:
    return sorted([*FOLDER.glob(f"{area}.yaml"), *FOLDER.glob(f"{area}-*.yaml")])


@cache
def areas() -> tuple[Area, ...]:
    """Every area with what its files tell. A key that a row does not know raises TypeError."""
    listed = yaml.safe_load((FOLDER / "areas.yaml").read_text())
    return tuple(_area(one) for one in listed)


def _area(one: dict[str, object]) -> Area:
    name, known = str(one["area"]), ids(str(one["area"]), str(one["rows"]))
    told = [Row(**row) for path in files(name) for row in yaml.safe_load(path.read_text()) or ()]
    order = {row: place for place, row in enumerate(known)}
    told.sort(key=lambda row: order.get(row.row, len(order)))
    return Area(name, str(one["title"]), bool(one["whole"]), known, tuple(told))


def cell(text: object) -> str:
    return " ".join(str(text).replace("|", "\\|").split())


def place(text: str) -> str:
    """A place as the document shows it; what has a page of its own in the reference is linked."""
    kind, _, name = text.partition(" ")
    table = name.partition(".")[0].lower()
    links = {
        "table": f"tables.md#{table}",
        "column": f"tables.md#{table}",
        "action": "actions.md",
        "setting": f"settings.md#{name}",
        "document": os.path.relpath(ROOT / name, PAGE.parent),
    }
    shown = f"`{cell(name)}`"
    return f"{kind} [{shown}]({links[kind]})" if kind in links else f"{kind} {shown}"


def page() -> str:
    told = [area for area in areas() if area.told]
    lines = ["# Capabilities", "", NOTE, ""]
    lines += [
        "What Defender for Office 365 Plan 2 and its user page do, row by row in our own words, and how Watchfloor stands to",
        "each: **better** (more than the original), **equal**, **partial** (the note says what is missing), **absent**.",
        "A test checks that every place named here exists.",
        "",
        f"| area | rows | {' | '.join(STATES)} | not told yet |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_counts(area) for area in told]
    for area in told:
        lines += ["", f"## {area.title}", "", "| row | what | state | where | note |", "|---|---|---|---|---|"]
        for row in area.told:
            where = ", ".join(map(place, row.where)) or "–"
            lines.append(f"| {row.row} | {cell(row.what)} | {row.state} | {where} | {cell(row.note)} |")
    return "\n".join(lines) + "\n"


def _counts(area: Area) -> str:
    by = Counter(row.state for row in area.told)
    anchor = re.sub(r"[^a-z0-9 -]", "", area.title.lower()).replace(" ", "-")
    numbers = " | ".join(str(by[state]) for state in STATES)
    return f"| [{area.area} {area.title}](#{anchor}) | {len(area.rows)} | {numbers} | {len(area.missing)} |"


if __name__ == "__main__":
    PAGE.write_text(page())
