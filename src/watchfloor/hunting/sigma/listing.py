"""The list of rules as an address asks for it: which ones, in which order, how many of each state."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Lower
from django.http import QueryDict

from watchfloor.hunting.models import SigmaEntry

LEVELS = ("critical", "high", "medium", "low", "informational")
STATES: Mapping[str, tuple[str, Q]] = {
    "": ("All", Q()),
    "on": ("On", Q(enabled=True) & ~Q(kql="")),
    "off": ("Off", Q(enabled=False) & ~Q(kql="")),
    "failing": ("Failing", Q(enabled=True, last_state="failing") & ~Q(kql="")),
    "matched": ("With matches", Q(matches__gt=0)),
    "refused": ("Not converted", ~Q(refused="")),
    "serving": ("Parts of correlations", Q(kql="", refused="")),
}
"""What a rule's state is called, and which rules are in it."""
RANK = Case(
    *(When(level=level, then=Value(place)) for place, level in enumerate(LEVELS)),
    default=Value(len(LEVELS)),
    output_field=IntegerField(),
)
ORDERS: Mapping[str, tuple[Any, ...]] = {
    "title": (Lower("title"),),
    "level": (RANK, Lower("title")),
    "author": (Lower("author"), Lower("title")),
    "match": (F("last_match_at").desc(nulls_last=True), Lower("title")),
    "run": (F("last_at").desc(nulls_last=True), Lower("title")),
}
SIZE = 100
SEARCHED = ("title", "author", "description", "sigma_id", "place", "table")
NOT_SHOWN = ("text", "description", "days", "references", "false_positives", "entities")


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list shows; empty fields filter nothing. `order` is a key of ORDERS, `state` of STATES."""

    search: str = ""
    levels: tuple[str, ...] = ()
    product: str = ""
    table: str = ""
    tag: str = ""
    state: str = ""
    order: str = "title"

    @property
    def is_narrow(self) -> bool:
        return bool(self.search or self.levels or self.product or self.table or self.tag or self.state)

    def address(self, **changes: Any) -> str:
        """The list with this filter, some of it changed."""
        wanted = replace(self, **changes)
        given = [
            ("q", wanted.search),
            *(("level", level) for level in wanted.levels),
            ("product", wanted.product),
            ("table", wanted.table),
            ("tag", wanted.tag),
            ("state", wanted.state),
            ("sort", wanted.order if wanted.order != "title" else ""),
        ]
        text = urlencode([pair for pair in given if pair[1]])
        return f"/hunting/sigma?{text}" if text else "/hunting/sigma"


def read_filter(parameters: QueryDict) -> Filter:
    """From a query string; what is unknown filters nothing."""

    def word(name: str) -> str:
        return str(parameters.get(name, "")).replace("\x00", "").strip()[:200]

    state, order = word("state"), word("sort")
    return Filter(
        search=word("q"),
        levels=tuple(level for level in LEVELS if level in parameters.getlist("level")),
        product=word("product"),
        table=word("table"),
        tag=word("tag").lower(),
        state=state if state in STATES else "",
        order=order if order in ORDERS else "title",
    )


def rules(chosen: Filter) -> "QuerySet[SigmaEntry]":
    """The rules it shows, in its order."""
    found = SigmaEntry.objects.filter(_but_state(chosen) & STATES[chosen.state][1])
    if chosen.tag:
        found = _tagged(found, chosen.tag)
    return found.order_by(*ORDERS[chosen.order], "pk")


def _tagged(found: "QuerySet[SigmaEntry]", tag: str) -> "QuerySet[SigmaEntry]":
    """Rules with a tag that begins so: attack.t1059 finds its sub-techniques too."""
    return found.annotate(tags_text=Cast("tags", TextField())).filter(tags_text__icontains=f'"{tag}')


def _but_state(chosen: Filter) -> Q:
    condition = Q()
    if chosen.search:
        words = Q()
        for name in SEARCHED:
            words |= Q(**{f"{name}__icontains": chosen.search})
        condition &= words
    if chosen.levels:
        condition &= Q(level__in=chosen.levels)
    if chosen.product:
        condition &= Q(product=chosen.product)
    if chosen.table:
        condition &= Q(table=chosen.table)
    return condition


def counts(chosen: Filter) -> dict[str, int]:
    """How many rules of the filter are in each state; one query."""
    found = SigmaEntry.objects.filter(_but_state(chosen))
    if chosen.tag:
        found = _tagged(found, chosen.tag)
    named = {f"n{place}": Count("pk", filter=condition) for place, (_, condition) in enumerate(STATES.values())}
    told = found.aggregate(**named)
    return {state: told[f"n{place}"] for place, state in enumerate(STATES)}


def values(field: str) -> list[str]:
    """The different values of a field, for the filter's choices."""
    found = SigmaEntry.objects.exclude(**{field: ""}).order_by(field).values_list(field, flat=True)
    return list(found.distinct())


def state_of(rule: SigmaEntry) -> tuple[str, str]:
    """The word and the tone of a rule's badge."""
    if rule.refused:
        return "Not converted", "warning"
    if not rule.kql:
        return "Part", "neutral"
    if not rule.enabled:
        return "Off", "neutral"
    return ("Failing", "danger") if rule.last_state == "failing" else ("On", "success")


HEADS = (
    *("Id", "Title", "Author", "Level", "Status", "Product", "Service", "Category", "Table", "State", "Reason"),
    *("Techniques", "Runs every (minutes)", "Last run", "Outcome", "Last match", "Matches", "File"),
)


def lines(chosen: Filter) -> Iterator[tuple[Any, ...]]:
    """The list as lines of HEADS, all of it."""
    for rule in rules(chosen).defer(*NOT_SHOWN).iterator(chunk_size=500):
        yield (
            *(rule.sigma_id, rule.title, rule.author, rule.level, rule.status, rule.product, rule.service),
            *(rule.category, rule.table, state_of(rule)[0], rule.refused, ", ".join(rule.techniques)),
            *(rule.every_minutes, _said(rule.last_at), rule.last_words, _said(rule.last_match_at), rule.matches),
            rule.place,
        )


def _said(moment: Any) -> str:
    return moment.isoformat() if moment else ""
