"""The values of the targets that can be blocked or allowed in the same step (EA-21): sender, domain, URLs, files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.identities.selectors import is_own_domain, ours_among
from watchfloor.intelligence.contracts import Kind
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response.contracts import Targets
from watchfloor.response.targets import BEGINNING, query_of

MOST_OF_A_KIND = 20
MOST_MAILS = 1000
COLUMNS = (
    (Kind.SENDER, "SenderFromAddress"),
    (Kind.DOMAIN, "SenderFromDomain"),
    (Kind.URL, "EmailUrlInfo.Url"),
    (Kind.FILE, "EmailAttachmentInfo.SHA256"),
)


@dataclass(frozen=True, slots=True)
class Nameable:
    """One value, how many rows of the targets carry it, and what else it is called (a file's name)."""

    kind: Kind
    value: str
    count: int
    also: str = ""

    @property
    def field(self) -> str:
        """What its tick box sends."""
        return f"{self.kind}:{self.value}"


def nameable(targets: Targets, *, now: datetime) -> tuple[Nameable, ...]:
    """The most frequent values of each kind among the targets; addresses and domains of our own are none."""
    query = _query(targets, now=now)
    found = [
        Nameable(kind, str(value), count)
        for kind, column in COLUMNS
        for value, count in lake.top(query, column=column, limit=MOST_OF_A_KIND)
        if value
    ]
    return tuple(_with_names(_of_others(found), query))


def _of_others(found: Sequence[Nameable]) -> list[Nameable]:
    """Without the addresses and domains that are ours: nobody shuts out their own people by a tick."""
    ours = ours_among([one.value for one in found if one.kind is Kind.SENDER], if_unset=False)
    own = tenant_facts().own_domains
    return [
        one
        for one in found
        if not (one.kind is Kind.SENDER and one.value.lower() in ours)
        and not (one.kind is Kind.DOMAIN and is_own_domain(one.value, own=own))
    ]


def _query(targets: Targets, *, now: datetime) -> Query:
    if targets.whole_query:
        return query_of(targets.query, now=now)
    messages = tuple(sorted({row.network_message_id for row in targets.rows}))[:MOST_MAILS]
    return Query(
        "EmailEvents",
        BEGINNING,
        now + timedelta(days=1),
        (Condition("NetworkMessageId", Operator.EQUAL_ANY, messages),),
    )


def _with_names(found: list[Nameable], query: Query) -> list[Nameable]:
    """Files are known to people by their names."""
    hashes = tuple(one.value for one in found if one.kind is Kind.FILE)
    if not hashes:
        return found
    files = Query("EmailAttachmentInfo", query.start, query.end, (Condition("SHA256", Operator.EQUAL_ANY, hashes),))
    names = {
        row["SHA256"]: row["FileName"] or "" for row in lake.rows(files, columns=("SHA256", "FileName"), limit=500)
    }
    return [
        Nameable(one.kind, one.value, one.count, names.get(one.value, "")) if one.kind is Kind.FILE else one
        for one in found
    ]
