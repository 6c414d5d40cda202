"""The filters of the quarantine's list: read from an address, said in words, asked of the database (QU-05)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from watchfloor.identities.selectors import addresses_by_tag
from watchfloor.kernel.text import visible
from watchfloor.response.quarantine.contracts import CopyStatus, HeldReason, PolicyType
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.page_models import MailboxSender
from watchfloor.response.quarantine.searching import Term, folded, parse, sentence

RECEIVED: Mapping[str, tuple[str, int]] = {
    "24h": ("Last 24 hours", 1),
    "7d": ("Last 7 days", 7),
    "14d": ("Last 14 days", 14),
    "30d": ("Last 30 days", 30),
    "any": ("Any time", 0),
}
EXPIRES: Mapping[str, tuple[str, int]] = {"today": ("Today", 1), "2d": ("Next 2 days", 2), "7d": ("Next 7 days", 7)}
SHOWN_STATUSES = (
    CopyStatus.NEEDS_REVIEW,
    CopyStatus.APPROVED,
    CopyStatus.DENIED,
    CopyStatus.REQUESTED,
    CopyStatus.RELEASED,
)
GONE = (CopyStatus.DELETED.value, CopyStatus.EXPIRED.value)
SORTS: Mapping[str, str] = {
    "received": "received_at",
    "subject": "subject",
    "sender": "sender",
    "reason": "reason",
    "status": "status",
    "type": "policy_type",
    "expires": "expires_at",
    "size": "size",
}
SIZES = (50, 100, 200)
PARTS: Mapping[str, str] = {"subject": "subject", "sender": "from", "recipient": "to", "message": "id"}
"""Fields of the filter pane that look in one part of the searched text."""
LABELS: Mapping[str, str] = {
    "subject": "Subject",
    "sender": "Sender",
    "recipient": "Recipient",
    "message": "Message ID",
    "reason": "Quarantine reason",
    "status": "Release status",
    "type": "Policy type",
    "direction": "Direction",
    "tag": "Recipient tag",
}
SEVERAL = ("reason", "status", "type", "direction", "tag")
LONGEST = 300
MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list shows. `values` has the chosen values of each field of LABELS; `received` and `expires` are keys of the
    spans, or "custom" with their two moments. `mine` keeps what came to who looks; `blocked` shows what recipients blocked.
    """

    search: str = ""
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    received: str = "7d"
    received_between: tuple[datetime | None, datetime | None] = (None, None)
    expires: str = ""
    expires_between: tuple[datetime | None, datetime | None] = (None, None)
    mine: bool = False
    blocked: bool = False
    sort: str = "-received"
    page: int = 1
    size: int = 50

    def chosen(self, field: str) -> tuple[str, ...]:
        return dict(self.values).get(field, ())

    @property
    def terms(self) -> tuple[Term, ...]:
        """Of the search box, and of the fields that look in one part."""
        own = [Term((folded(one),), part) for field, part in PARTS.items() for one in self.chosen(field) if folded(one)]
        return (*parse(self.search), *own)

    @property
    def order(self) -> tuple[str, ...]:
        down = "-" if self.sort.startswith("-") else ""
        return (f"{down}{SORTS[self.sort.lstrip('-')]}", f"{down}id")

    def parameters(self, *, without: tuple[str, str] = ("", "")) -> list[tuple[str, str]]:
        """The filters as an address carries them: no page, no defaults, and not this (field, value)."""
        found = [("q", self.search)] if self.search else []
        found += [(field, value) for field, values in self.values for value in values]
        found += _span("received", self.received, self.received_between, usual="7d")
        found += _span("expires", self.expires, self.expires_between, usual="")
        found += [("only", "me")] * self.mine + [("blocked", "show")] * self.blocked
        found += [("sort", self.sort)] if self.sort != "-received" else []
        found += [("size", str(self.size))] if self.size != SIZES[0] else []
        field, value = without
        return [one for one in found if one != without and not (value == "*" and one[0].split("-")[0] == field)]

    @property
    def query(self) -> str:
        return urlencode(self.parameters())

    @property
    def words(self) -> str:
        """The filters as a sentence."""
        parts = [_span_words("received", RECEIVED, self.received, self.received_between)]
        parts += [sentence(parse(self.search))] if self.search else []
        parts += [f"{LABELS[field].lower()} {' or '.join(map(visible, values))}" for field, values in self.values]
        parts += [_span_words("expiring", EXPIRES, self.expires, self.expires_between)] if self.expires else []
        parts += ["sent to me"] if self.mine else []
        parts += [] if self.blocked else ["without senders that their recipients blocked"]
        return ", ".join(parts)

    @property
    def chips(self) -> list[tuple[str, str]]:
        """(words, the address without it) of every filter but the box, the time and the order."""
        found = [
            (f"{LABELS[field]}: {visible(value)}", urlencode(self.parameters(without=(field, value))))
            for field, values in self.values
            for value in values
        ]
        if self.expires:
            words = _span_words("expires", EXPIRES, self.expires, self.expires_between)
            found.append((words.capitalize(), urlencode(self.parameters(without=("expires", "*")))))
        if self.mine:
            found.append(("Sent to me", urlencode(self.parameters(without=("only", "me")))))
        if self.blocked:
            found.append(("With blocked senders", urlencode(self.parameters(without=("blocked", "show")))))
        return found


def read_listing(parameters: QueryDict) -> Listing:
    """The filters of an address; what is unknown falls back to the default."""
    known = {
        "reason": set(map(str, HeldReason)),
        "status": set(map(str, CopyStatus)),
        "type": set(map(str, PolicyType)),
    }
    values = []
    for field in LABELS:
        given = dict.fromkeys(_clean(one) for one in parameters.getlist(field))
        kept = tuple(one for one in given if one and (field not in known or one in known[field]))
        if kept:
            values.append((field, kept[:MOST_VALUES]))
    sort, size, page = (parameters.get(name, "") for name in ("sort", "size", "page"))
    received, received_between = _read_span(parameters, "received", RECEIVED, "7d")
    expires, expires_between = _read_span(parameters, "expires", EXPIRES, "")
    return Listing(
        search=_clean(parameters.get("q", "")),
        values=tuple(values),
        received=received,
        received_between=received_between,
        expires=expires,
        expires_between=expires_between,
        mine=parameters.get("only") == "me",
        blocked=parameters.get("blocked") == "show",
        sort=sort if sort.removeprefix("-") in SORTS else "-received",
        page=min(max(1, int(page)), 100_000) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        size=int(size) if size in map(str, SIZES) else SIZES[0],
    )


def listed(listing: Listing, *, now: datetime, me: str) -> "QuerySet[QuarantinedMail]":
    """The mails under these filters but the searched words. `me` is the address of who looks."""
    found = QuarantinedMail.objects.filter(_between("received_at", *_moments(listing, now)))
    statuses = listing.chosen("status")
    found = found.filter(status__in=statuses) if statuses else found.exclude(status__in=GONE)
    for field, column in (("reason", "reason"), ("type", "policy_type"), ("direction", "direction")):
        if listing.chosen(field):
            found = found.filter(**{f"{column}__in": listing.chosen(field)})
    if listing.expires:
        found = found.filter(_between("expires_at", *_expiry(listing, now)))
    if listing.mine:
        found = found.filter(_for_one_of([me]))
    if listing.chosen("tag"):
        tagged = addresses_by_tag()
        found = found.filter(_for_one_of(one for tag in listing.chosen("tag") for one in tagged.get(tag, ())))
    return found if listing.blocked else _without_blocked(found)


def _without_blocked(found: "QuerySet[QuarantinedMail]") -> "QuerySet[QuarantinedMail]":
    """Less the mails whose every recipient blocked the sender; those of more than one recipient stay, as others want them."""
    blocked = set(MailboxSender.objects.filter(blocked=True).values_list("sender", flat=True)[:1000])
    if not blocked:
        return found
    wish = MailboxSender.objects.filter(blocked=True, recipient=OuterRef("recipient"), sender=OuterRef("mail__sender"))
    wanted = QuarantinedCopy.objects.filter(~Exists(wish), mail=OuterRef("pk"))
    return found.filter(~Q(sender__in=blocked) | Q(Exists(wanted)))


def _for_one_of(addresses: Iterable[str]) -> Exists:
    return Exists(QuarantinedCopy.objects.filter(mail=OuterRef("pk"), recipient__in=[one.lower() for one in addresses]))


def _between(column: str, start: datetime | None, end: datetime | None) -> Q:
    found = Q()
    if start is not None:
        found &= Q(**{f"{column}__gte": start})
    if end is not None:
        found &= Q(**{f"{column}__lt": end})
    return found


def _moments(listing: Listing, now: datetime) -> tuple[datetime | None, datetime | None]:
    if listing.received == "custom":
        return listing.received_between
    days = RECEIVED[listing.received][1]
    return (now - timedelta(days=days) if days else None), None


def _expiry(listing: Listing, now: datetime) -> tuple[datetime | None, datetime | None]:
    if listing.expires == "custom":
        return listing.expires_between
    return now, now + timedelta(days=EXPIRES[listing.expires][1])


def _read_span(
    parameters: QueryDict, field: str, known: Mapping[str, object], usual: str
) -> tuple[str, tuple[datetime | None, datetime | None]]:
    value = parameters.get(field, usual)
    if value == "custom":
        moments = (_moment(parameters.get(f"{field}-from")), _moment(parameters.get(f"{field}-to")))
        return ("custom", moments) if any(moments) else (usual, (None, None))
    return (value if value in known else usual), (None, None)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _span(field: str, value: str, between: Sequence[datetime | None], *, usual: str) -> list[tuple[str, str]]:
    if value == usual:
        return []
    ends = zip((f"{field}-from", f"{field}-to"), between, strict=True)
    return [(field, value), *((name, f"{at:%Y-%m-%dT%H:%M}") for name, at in ends if at is not None)]


def _span_words(verb: str, known: Mapping[str, tuple[str, int]], value: str, between: Sequence[datetime | None]) -> str:
    if value != "custom":
        return f"{verb} {known[value][0].lower()}"
    start, end = between
    words = [f"from {start:%Y-%m-%d %H:%M}"] if start else []
    return " ".join([verb, *words, *([f"to {end:%Y-%m-%d %H:%M}"] if end else [])])


def _clean(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:LONGEST]
