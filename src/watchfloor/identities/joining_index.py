"""The names that are known already, read for one batch of accounts: a fixed number of queries, however many accounts."""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from watchfloor.connectors.contracts import Account as Said
from watchfloor.identities.joining import Bearer, Index
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.identities.naming import logins_of, mails_of, own_addresses_of, sids_of, spelt

AT_ONCE = 4000
NAMESPACES = {"mail": "other", "sid": "sid", "login": "login", "employee": "employee", "own": "own"}
"""An alias's kind and the namespace in which the rules look it up."""


def index_for(said: Iterable[Said], *, own: frozenset[str]) -> Index:
    """Everybody who bears a name that one of these accounts could join by."""
    index = Index()
    addresses: set[str] = set()
    others: set[str] = set()
    for one in said:
        addresses |= {spelt(one.upn), *mails_of(one), *own_addresses_of(one, own)}
        others |= sids_of(one) | logins_of(one)
        others |= {spelt(f"{one.company}|{one.employee_id}")} if one.employee_id else set()
    _from_accounts(index, sorted(addresses - {""}))
    _from_aliases(index, sorted((addresses | others) - {""}))
    _from_people(index, sorted(addresses - {""}))
    return index


def _from_accounts(index: Index, addresses: Sequence[str]) -> None:
    for some in _parts(addresses):
        known = Account.objects.filter(Q(mail__in=some) | Q(upn__in=some), person__isnull=False).order_by()
        for source, key, person, gone, mail, upn in known.values_list(
            "source", "key", "person_id", "deleted_at", "mail", "upn"
        ):
            bearer = Bearer(source, key, person, gone is not None)
            for space, name in (("mail", mail), ("upn", upn)):
                if "@" in name:
                    index.note((space, name), bearer)


def _from_aliases(index: Index, values: Sequence[str]) -> None:
    for some in _parts(values):
        known = AccountAlias.objects.filter(value__in=some, kind__in=NAMESPACES)
        for kind, value, source, key, person, gone in known.order_by().values_list(
            "kind", "value", "account__source", "account__key", "account__person_id", "account__deleted_at"
        ):
            if person is not None:
                index.note((NAMESPACES[kind], value), Bearer(source, key, person, gone is not None))


def _from_people(index: Index, addresses: Sequence[str]) -> None:
    for some in _parts(addresses):
        known = DirectoryPerson.objects.filter(address__in=some, merged_into__isnull=True, accounts__isnull=True)
        for address, person in known.order_by().values_list("address", "pk"):
            index.note(("mail", address), Bearer("", f"person {person}", person))


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
