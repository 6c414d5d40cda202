"""What the list of people can be narrowed by (US-69): each filter gives its condition and says itself in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from watchfloor.identities.finding import people_of_names
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson, Group, Membership
from watchfloor.identities.nesting import nested_groups, reached

STATUSES = (
    ("", "All but deleted"),
    ("active", "Active"),
    ("suspended", "Suspended"),
    ("staged", "Staged"),
    ("deleted", "Deleted"),
    ("any", "Any"),
)
AFFILIATIONS = (("", "Any"), ("internal", "Internal"), ("external", "External"))
TYPES = (("", "Any"), ("user", "User"), ("account", "Service account"))
LEVELS = (("", "Any"), ("high", "High"), ("medium", "Medium"), ("low", "Low"), ("none", "None"))
SEEN = (
    ("", "Any time"),
    ("1", "Last 24 hours"),
    ("7", "Last 7 days"),
    ("30", "Last 30 days"),
    ("not30", "Not for 30 days"),
    ("not90", "Not for 90 days"),
    ("never", "Never"),
)
SORTS = {
    "name": ("name", "id"),
    "risk": ("risk__score", "name", "id"),
    "seen": ("last_seen_at", "id"),
    "department": ("department", "name", "id"),
    "company": ("company", "name", "id"),
    "created": ("created_at", "id"),
}
TEXTS = ("q", "provider", "instance", "domain", "company", "department", "tag", "manager", "group")
"""Filters that take any text; the others take one of their choices."""
CHOICES = {"status": STATUSES, "affiliation": AFFILIATIONS, "type": TYPES, "risk": LEVELS, "seen": SEEN}
LABELS = {
    "q": "Name", "provider": "App", "instance": "Instance", "domain": "Domain", "company": "Organization", "department": "Department",
    "tag": "Tag", "manager": "Manager", "group": "Group", "status": "Status", "affiliation": "Affiliation", "type": "Type",
    "risk": "Risk level", "seen": "Last seen", "admins": "Show admins only",
}  # fmt: skip
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on, in words, and the address without it."""

    words: str
    remove: str


@dataclass(frozen=True, slots=True)
class Filter:
    """What was asked for: only filters that are on; `sort` a key of SORTS, `down` from the largest."""

    given: Mapping[str, str]
    sort: str = "name"
    down: bool = False

    def __getattr__(self, name: str) -> str:
        if name in LABELS:
            return self.given.get(name, "")
        raise AttributeError(name)

    def query(self, **changes: str) -> str:
        """The address's parameters, changed by `changes` ("" takes one out)."""
        order = f"-{self.sort}" if self.down else self.sort
        kept = {**self.given, **({"sort": order} if order != "name" else {}), **changes}
        return urlencode({name: value for name, value in kept.items() if value})


def read_filter(parameters: Mapping[str, Any]) -> Filter:
    """From the address; what is not understood is left out."""
    given = {name: str(parameters.get(name, "")).strip()[:LONGEST] for name in TEXTS}
    for name, choices in CHOICES.items():
        value = str(parameters.get(name, ""))
        given[name] = value if value in dict(choices) else ""
    given["admins"] = "1" if parameters.get("admins") == "1" else ""
    if not given["group"].isascii() or not given["group"].isdecimal() or len(given["group"]) > 12:
        given["group"] = ""
    sort = str(parameters.get("sort", "name"))
    key = sort.removeprefix("-")
    return Filter(
        {name: value for name, value in given.items() if value}, key if key in SORTS else "name", sort.startswith("-")
    )


def chips_of(chosen: Filter, *, path: str) -> tuple[Chip, ...]:
    """The filters that are on, in words."""
    return tuple(
        Chip(_words(name, value), f"{path}?{chosen.query(**{name: ''})}") for name, value in chosen.given.items()
    )


def _words(name: str, value: str) -> str:
    if name == "admins":
        return "Admins only"
    if name == "group":
        row = Group.objects.filter(pk=int(value)).first()
        return f"In group {row.name}" if row else "In a group that is gone"
    shown = dict(CHOICES[name]).get(value, value) if name in CHOICES else value
    return f"{LABELS[name]}: {shown}"


def found_by(chosen: Filter, *, now: datetime) -> QuerySet[DirectoryPerson]:
    """The people whom the filter leaves, in its order."""
    people = DirectoryPerson.objects.filter(merged_into__isnull=True)
    for condition in conditions(chosen, now=now):
        people = people.filter(condition)
    if chosen.tag:
        people = _tagged(people, chosen.tag)
    return people.order_by(*_order(chosen))


def _order(chosen: Filter) -> list[Any]:
    """Both ways along one index; only a score, which most do not have, comes last when it is missing."""
    names = SORTS[chosen.sort]
    if chosen.sort == "risk":
        score = F("risk__score")
        return [score.desc(nulls_last=True) if chosen.down else score.asc(nulls_last=True), "name", "id"]
    return [f"-{name}" for name in names] if chosen.down else list(names)


def conditions(chosen: Filter, *, now: datetime) -> list[Q]:
    """One condition per filter that is on."""
    texts = [(name, chosen.given.get(name)) for name in ("company", "department", "manager")]
    found = [_status(chosen.status), *(Q(**{f"{name}__iexact": value}) for name, value in texts if value)]
    if chosen.domain:
        found.append(Q(domain=chosen.domain.lower()))
    if chosen.affiliation:
        found.append(Q(external=chosen.affiliation == "external"))
    if chosen.type:
        found.append(Q(service=chosen.type == "account"))
    if chosen.admins:
        found.append(Q(privileged=True))
    if chosen.risk:
        found.append(
            Q(risk__isnull=True) | Q(risk__level="none") if chosen.risk == "none" else Q(risk__level=chosen.risk)
        )
    if chosen.provider:
        known = Account.objects.filter(provider=chosen.provider, deleted_at__isnull=True, person__isnull=False)
        found.append(Q(pk__in=known.values("person_id")))
    if chosen.instance:
        there = Account.objects.filter(source=chosen.instance, deleted_at__isnull=True, person__isnull=False)
        found.append(Q(pk__in=there.values("person_id")))
    if chosen.group:
        found.append(Q(pk__in=members_in(int(chosen.group)).values("account__person_id")))
    return [*found, *_seen(chosen.seen, now), *_named(chosen.q)]


def _status(value: str) -> Q:
    if value == "any":
        return Q()
    return Q(status=value) if value else ~Q(status="deleted")


def _seen(value: str, now: datetime) -> list[Q]:
    if not value:
        return []
    if value == "never":
        return [Q(last_seen_at__isnull=True)]
    if value.startswith("not"):
        return [Q(last_seen_at__lt=now - timedelta(days=int(value[3:])))]
    return [Q(last_seen_at__gte=now - timedelta(days=int(value)))]


def _named(text: str) -> list[Q]:
    """Part of a name or address; or, exactly, any name that events use (DOMAIN\\name, SID, object id), or the start of a login."""
    if not text:
        return []
    part = Q(name__icontains=text) | Q(address__icontains=text)
    exact = set(people_of_names([text]).values())
    logins = AccountAlias.objects.filter(
        value__startswith=text.lower(), kind__in=("name", "mail"), account__person__isnull=False
    )
    exact |= set(logins.values_list("account__person_id", flat=True)[:500])
    return [part | Q(pk__in=sorted(exact)) if exact else part]


def members_in(group: int) -> QuerySet[Membership]:
    """Every seat in a group or in one nested in it, however deep."""
    groups = reached([group], nested_groups()[0])
    return Membership.objects.filter(
        group__in=list(groups), account__deleted_at__isnull=True, account__person__isnull=False
    )


def _tagged(people: QuerySet[DirectoryPerson], tag: str) -> QuerySet[DirectoryPerson]:
    """Tags are a JSON list; both ways of spelling it (SQLite escapes, PostgreSQL does not) are looked for."""
    texts = people.annotate(tags_text=Cast("tags", TextField()))
    return texts.filter(
        Q(tags_text__contains=json.dumps(tag)) | Q(tags_text__contains=json.dumps(tag, ensure_ascii=False))
    )
