"""From any name to the person who bears it, and back from a person to all names; a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Case, CharField, F, IntegerField, Value, When
from django.db.models.functions import Coalesce

from watchfloor.connectors.contracts import AccountRef
from watchfloor.identities.contracts import AccountLine, PersonNames
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.identities.naming import spelt

AT_ONCE = 2000
"""Names in one query; SQLite takes 32,766 parameters, and each name stands in it four times."""
GONE = 20
"""What a deleted account's name ranks behind the same name of a living one."""
RANKS = {"mail": 3, "object": 4, "sid": 4, "login": 4, "dn": 4, "own": 6, "name": 8}
"""Which name counts when two people bear it: an address before an alias, a bare login name last."""


def people_of_names(names: Iterable[str]) -> dict[str, int]:
    """Person by each of `names` (mail, UPN, DOMAIN\\name, SID, object id, alias; any case), keyed in lower case.

    A name that two people bear with equal right, as the same login name in two domains, is left out. One query for up to
    2,000 names.
    """
    wanted = sorted({spelt(name) for name in names if name and name.strip()})
    found: dict[str, int] = {}
    for at in range(0, len(wanted), AT_ONCE):
        found |= _people_of(wanted[at : at + AT_ONCE])
    return found


def _people_of(wanted: list[str]) -> dict[str, int]:
    bearers: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for value, person, rank in _bearers(wanted):
        bearers[value][rank].add(person)
    best = {value: ranks[min(ranks)] for value, ranks in bearers.items()}
    return {value: next(iter(people)) for value, people in best.items() if len(people) == 1}


def _bearers(wanted: list[str]) -> Iterable[tuple[str, int, int]]:
    def ranked(first: int, gone: str) -> Case:
        return Case(When(**{f"{gone}__isnull": True}, then=Value(first)), default=Value(first + GONE))

    people = DirectoryPerson.objects.filter(address__in=wanted).order_by()
    accounts = Account.objects.filter(person__isnull=False).order_by()
    aliases = AccountAlias.objects.filter(value__in=wanted, kind__in=RANKS, account__person__isnull=False)
    kinds = Case(
        *(When(kind=kind, account__deleted_at__isnull=True, then=Value(rank)) for kind, rank in RANKS.items()),
        *(When(kind=kind, then=Value(rank + GONE)) for kind, rank in RANKS.items()),
        output_field=IntegerField(),
    )
    text = CharField()
    return people.values_list(
        F("address"), Coalesce("merged_into_id", "id"), ranked(0, "deleted_at"), named=False
    ).union(
        accounts.filter(mail__in=wanted).values_list(F("mail"), F("person_id"), ranked(1, "deleted_at")),
        accounts.filter(upn__in=wanted).values_list(F("upn"), F("person_id"), ranked(2, "deleted_at")),
        aliases.order_by().values_list(Coalesce("value", Value(""), output_field=text), F("account__person_id"), kinds),
        all=True,
    )


def person_of_name(name: str) -> int | None:
    """The person who bears `name` (see `people_of_names`), or None."""
    return people_of_names([name]).get(spelt(name))


def names_of(pk: int) -> PersonNames:
    """Every name of a person; empty for nobody. Three queries."""
    address = DirectoryPerson.objects.filter(pk=pk).values_list("address", flat=True).first()
    accounts = list(Account.objects.filter(person=pk).values_list("upn", "mail", "name").order_by("id"))
    kept: dict[str, list[str]] = defaultdict(list)
    for kind, value in AccountAlias.objects.filter(account__person=pk).values_list("kind", "value").order_by("id"):
        kept[kind].append(value)
    first = [address] if address and "@" in address else []
    return PersonNames(
        upns=_once(upn for upn, _, _ in accounts),
        mails=_once([*first, *(mail for _, mail, _ in accounts), *kept["mail"]]),
        sids=_once(kept["sid"]),
        object_ids=_once(kept["object"]),
        account_names=_once([*(name for _, _, name in accounts), *kept["name"]]),
        logins=_once(kept["login"]),
    )


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names if name))


def accounts_of(pk: int) -> tuple[AccountLine, ...]:
    """The accounts of a person, living ones first, by provider. Two queries."""
    leading = DirectoryPerson.objects.filter(pk=pk).values_list("leading", flat=True).first() or ""
    rows = Account.objects.filter(person=pk).order_by(F("deleted_at").asc(nulls_first=True), "provider", "source", "id")
    return tuple(line_of(row, leading=leading) for row in rows)


def line_of(row: Account, *, leading: str = "") -> AccountLine:
    """The contract of a stored account."""
    joined, facts = row.joined or {}, row.facts or {}
    return AccountLine(
        pk=row.pk,
        source=row.source,
        provider=row.provider,
        key=row.key,
        name=row.name,
        upn=row.upn,
        mail=row.mail,
        dn=row.dn,
        sid=row.sid,
        display_name=row.display_name,
        enabled=row.enabled,
        status=status_of(row),
        flags=tuple(row.flags),
        roles=tuple(row.roles),
        joined_by=joined.get("by", ""),
        joined_words=joined.get("words", ""),
        pinned=row.pinned,
        leading=bool(leading) and leading == leading_key(row),
        guest=bool(facts.get("guest")),
        service=bool(facts.get("service")),
        created_at=row.created_at,
        last_sign_in_at=row.last_sign_in_at,
        password_set_at=row.password_set_at,
        expires_at=row.expires_at,
        deleted_at=row.deleted_at,
        first_seen_at=row.first_seen_at,
        seen_at=row.seen_at,
        facts=dict(facts.get("facts") or {}),
    )


def leading_key(row: Account) -> str:
    """How a person's row names the account that leads."""
    return f"{row.provider} {row.source} {row.key}"[:400]


def status_of(row: Account) -> str:
    """deleted, staged (Okta's word for not yet activated), suspended or active."""
    if row.deleted_at is not None:
        return "deleted"
    said = str(((row.facts or {}).get("facts") or {}).get("status", "")).lower()
    if said in ("staged", "provisioned"):
        return "staged"
    return "active" if row.enabled and said != "suspended" else "suspended"


def account_refs(pk: int) -> tuple[AccountRef, ...]:
    """The living accounts of a person, as actions name them."""
    rows = Account.objects.filter(person=pk, deleted_at__isnull=True).order_by("source", "id")
    return tuple(
        AccountRef(row.source, row.key, row.provider, row.name, row.upn, row.mail, row.dn, row.sid) for row in rows
    )
