"""A timeline's filters and histogram as the page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.identities.page.lines import Chosen
from watchfloor.identities.page.timeline import Page

LABELS = {
    "kind": "Type",
    "severity": "Alert severity",
    "activity": "Activity type",
    "app": "App",
    "location": "Location",
    "protocol": "Protocol",
}


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter: its values that occur, with counts and whether they are chosen."""

    name: str
    label: str
    values: tuple[tuple[str, int, bool], ...]

    @property
    def picked(self) -> tuple[str, ...]:
        return tuple(value for value, _, picked in self.values if picked)


def facets(page: Page, chosen: Chosen) -> list[Facet]:
    """The filters that have something to choose."""
    found = [
        Facet(name, LABELS[name], tuple((value, number, value in chosen.of(name)) for value, number in values))
        for name, values in page.values.items()
    ]
    return [one for one in found if one.values]


def charted(page: Page) -> Mapping[str, Any]:
    """The histogram, in hours or days."""
    pattern = "%m-%d %H:%M" if page.step < 86_400 else "%Y-%m-%d"
    series = [{"name": kind, "values": list(counts)} for kind, counts in page.series.items()]
    return {"categories": [f"{at:{pattern}}" for at in page.times], "series": series} if series else {}
