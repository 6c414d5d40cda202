"""Where a person signs in from (US-28): countries and cities for the map, applications, addresses; one question."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from watchfloor.identities.page import kql
from watchfloor.identities.page.known import Known
from watchfloor.kernel.text import few

BACK = timedelta(days=30)
MOST = 5000
SHOWN = 50


@cache
def countries() -> Mapping[str, str]:
    """English names of countries by two-letter code."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "countries.json").read_text(encoding="utf-8"))
    return found


def code_of(country: str) -> str:
    """The two-letter code of what a source wrote, a code or an English name; "" for what is none."""
    return country.upper() if country.upper() in countries() else _codes().get(country.casefold(), "")


@cache
def _codes() -> Mapping[str, str]:
    return {name.casefold(): code for code, name in countries().items()}


@dataclass(slots=True)
class Tally:
    """Sign-ins with one value: a country, a city, an application, an address."""

    name: str
    good: int = 0
    bad: int = 0
    first: datetime | None = None
    last: datetime | None = None
    also: set[str] = field(default_factory=set)
    place: tuple[float, float] | None = None

    def add(self, row: Mapping[str, Any], *, also: str = "") -> None:
        """Count a group of sign-ins in."""
        self.good += row["Good"]
        self.bad += row["Bad"]
        self.first = min(row["First"], self.first or row["First"])
        self.last = max(row["Last"], self.last or row["Last"])
        self.also |= {also} - {""}
        if row["Latitude"] and row["Longitude"]:
            self.place = (float(row["Latitude"]), float(row["Longitude"]))

    @property
    def total(self) -> int:
        return self.good + self.bad

    @property
    def others(self) -> str:
        return few(sorted(self.also), most=5)


@dataclass(frozen=True, slots=True)
class Places:
    """Sign-ins of 30 days by where, into what, and from which address, each most frequent first."""

    locations: tuple[Tally, ...]
    apps: tuple[Tally, ...]
    addresses: tuple[Tally, ...]
    map: Mapping[str, Any]


def places(known: Known) -> Places:
    """What the tab shows; nothing when no source of sign-ins knows the person."""
    rows = _rows(known)
    locations = _tallied(rows, lambda row: _where(row), also="IP")
    return Places(
        locations=locations[:SHOWN],
        apps=_tallied(rows, lambda row: str(row["App"]), also="IP")[:SHOWN],
        addresses=_tallied(rows, lambda row: str(row["IP"]), also="App")[:SHOWN],
        map=_map(rows, locations),
    )


def _rows(known: Known) -> list[dict[str, Any]]:
    if not known.names.addresses:
        return []
    since = f"Timestamp > {kql.moment(known.now - BACK)}"
    mine = kql.one_of("AccountUpn", known.names.addresses)
    entra = (
        f"(EntraIdSignInEvents | where {since} | where {mine} | project Timestamp, Ok = ErrorCode == 0, App = Application, "
        "IP = IPAddress, Country, City, Latitude, Longitude)"
    )
    logons = (
        f'(IdentityLogonEvents | where {since} | where {mine} | project Timestamp, Ok = ActionType != "LogonFailed", '
        'App = Application, IP = IPAddress, Country = Location, City = "", Latitude = "", Longitude = "")'
    )
    return known.asked(
        f"union {entra}, {logons} | summarize Good = countif(Ok), Bad = countif(not(Ok)), First = min(Timestamp), "
        "Last = max(Timestamp), Latitude = max(Latitude), Longitude = max(Longitude) by App, IP, Country, City",
        limit=MOST,
    )


def _where(row: Mapping[str, Any]) -> str:
    country = str(row["Country"])
    name = countries().get(code_of(country), country)
    return ", ".join(part for part in (str(row["City"]), name) if part)


def _tallied(rows: Iterable[Mapping[str, Any]], name: Any, *, also: str) -> tuple[Tally, ...]:
    found: dict[str, Tally] = {}
    for row in rows:
        if key := name(row):
            found.setdefault(key, Tally(key)).add(row, also=str(row[also]))
    return tuple(sorted(found.values(), key=lambda one: (-one.total, one.name)))


def _map(rows: Iterable[Mapping[str, Any]], locations: Iterable[Tally]) -> Mapping[str, Any]:
    """Countries by how often, and a mark where a source told coordinates."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if code := code_of(str(row["Country"])):
            entry = found.setdefault(code, {"name": code, "label": countries()[code], "value": 0, "failed": 0})
            entry["value"] += row["Good"] + row["Bad"]
            entry["failed"] += row["Bad"]
    marks = [
        {"name": one.name, "value": [one.place[1], one.place[0], one.total], "failed": one.bad}
        for one in locations
        if one.place
    ]
    return {"countries": list(found.values()), "marks": marks} if found or marks else {}
