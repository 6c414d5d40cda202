"""Whose a click was: whom the proxy names, or who signed in from its address shortly before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.identities.finding import people_of_names
from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.page import kql
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.selectors import hunt

RECENT = timedelta(hours=8)
"""How long a sign-in speaks for who sits at an address: a working day."""
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Whose:
    """`address` is the person's, "" where nobody is known; `words` say how it is known, or why not."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class SignIns:
    """Successful sign-ins by address, oldest first: (when, the person's address, application)."""

    by_ip: Mapping[str, list[tuple[datetime, str, str]]]

    def whose(self, ip: str, at: datetime) -> Whose:
        """The one person who signed in from there within eight hours before; two are nobody."""
        near = [one for one in self.by_ip.get(ip, ()) if at - RECENT <= one[0] <= at]
        if not near:
            return Whose(
                "",
                f"Nobody is known to have signed in from {ip} in the eight hours before"
                if ip
                else "The log names neither user nor address",
            )
        people = {who for _, who, _ in near}
        if len(people) > 1:
            return Whose(
                "",
                f"{len(people)} people signed in from {ip} in the eight hours before, so that it may have been any of them",
            )
        when, who, application = near[-1]
        where = f" to {application}" if application else ""
        return Whose(
            who, f"{who} signed in{where} from {ip} at {when:%H:%M} UTC, and nobody else in the eight hours before"
        )


def people_named(names: Iterable[str]) -> dict[str, str]:
    """Addresses of the people that these proxy users are, by the name in lower case."""
    known = people_of_names(names)
    addresses = dict(DirectoryPerson.objects.filter(pk__in=set(known.values())).values_list("pk", "address"))
    return {name: addresses[pk] for name, pk in known.items() if pk in addresses}


def named(user: str, known: Mapping[str, str]) -> Whose:
    """Who the proxy says it was. An address that no directory knows stays one; a bare name that nobody has says nothing."""
    if found := known.get(user.strip().lower()):
        same = found == user.strip().lower()
        return Whose(
            found, "The proxy names the person" if same else f"The proxy names “{user}”, an account of {found}"
        )
    if "@" in user:
        return Whose(user.lower(), "The proxy names the person, whom no directory knows")
    return Whose("", f"The proxy names “{user}”, whom no directory knows")


def sign_ins(rows: Iterable[Mapping[str, Any]], *, now: datetime) -> SignIns:
    """What is known of the addresses of these clicks; one question to the lake. Nothing where it cannot be asked."""
    wanted = [(row["IPAddress"], row["Timestamp"]) for row in rows if row.get("IPAddress")]
    if not wanted:
        return SignIns({})
    first, last = min(at for _, at in wanted) - RECENT, max(at for _, at in wanted)
    window = f"Timestamp between ({kql.moment(first)} .. {kql.moment(last)})"
    ours = kql.one_of("IPAddress", sorted({ip.lower() for ip, _ in wanted}))
    keep = "project Timestamp, IPAddress, AccountUpn, AccountName, Application"
    question = (
        f'union (IdentityLogonEvents | where {window} | where {ours} and ActionType == "LogonSuccess" | {keep}),\n'
        f'  (EntraIdSignInEvents | where {window} | where {ours} and ErrorCode == 0 | extend AccountName = "" | {keep})\n'
        f"| sort by Timestamp asc | take {MOST}"
    )
    try:
        answer = hunt(question, now=now, limit=MOST)
    except WatchfloorError:
        return SignIns({})
    columns = [name for name, _ in answer.columns]
    said = [dict(zip(columns, values, strict=True)) for values in answer.rows]
    known = people_named({one["AccountUpn"] or one["AccountName"] for one in said})
    found: dict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
    for one in said:
        name = (one["AccountUpn"] or one["AccountName"] or "").lower()
        if who := known.get(name) or (name if "@" in name else ""):
            found[one["IPAddress"]].append((one["Timestamp"], who, one["Application"] or ""))
    return SignIns(found)
