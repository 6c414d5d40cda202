"""What stands beside a name (US-25): tags that follow from the accounts, each with its sentence, and those given by hand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from watchfloor.connectors.contracts import AccountFlag
from watchfloor.identities.contracts import PersonTag
from watchfloor.identities.models import Account, DirectoryPerson, Group, Membership
from watchfloor.identities.rights import sensitive_groups

NEW = timedelta(days=30)
BY_HAND = {
    "VIP": ("info", "Somebody marked this person as very important"),
    "Priority account": ("info", "The organisation protects this mailbox first"),
    "Honeytoken": ("warning", "A decoy: nobody should ever sign in with it"),
    "Sensitive": ("warning", "Somebody marked this person as sensitive"),
}
"""Tags that people give and that mean something to us; any other text is a tag too."""
STATES = {
    "deleted": ("Deleted", "danger", "Every account is gone at its source"),
    "suspended": ("Disabled", "neutral", "No account may sign in"),
    "staged": ("Staged", "neutral", "The account was prepared and not yet activated"),
    "active": ("Enabled", "success", "At least one account may sign in"),
}


def tags_of(pk: int, *, now: datetime) -> tuple[PersonTag, ...]:
    """The tags of one person. Six queries at most."""
    return tags_of_people([pk], now=now).get(pk, ())


def tags_of_people(pks: Iterable[int], *, now: datetime) -> dict[int, tuple[PersonTag, ...]]:
    """The tags of several people, by hand first; as many queries for one as for fifty."""
    numbers = list(pks)
    people = DirectoryPerson.objects.filter(pk__in=numbers)
    accounts: dict[int, list[Account]] = defaultdict(list)
    for row in Account.objects.filter(person__in=numbers).order_by("pk"):
        accounts[row.person_id or 0].append(row)
    why = why_sensitive([row.pk for row in people if row.privileged])
    return {
        row.pk: (*_by_hand(row), *_of_accounts(row, accounts[row.pk], now), *_sensitive(row, why.get(row.pk, ())))
        for row in people
    }


def _by_hand(row: DirectoryPerson) -> Iterable[PersonTag]:
    for name in row.tags:
        tone, words = BY_HAND.get(name, ("neutral", "Given by hand or by an import"))
        yield PersonTag(name, words, tone, by_hand=True)


def _of_accounts(row: DirectoryPerson, accounts: Sequence[Account], now: datetime) -> Iterable[PersonTag]:
    name, tone, words = STATES[row.status]
    if not accounts:
        yield PersonTag(
            "Unresolved", "No directory told of this person: only names in events or mail are known", "warning"
        )
        return
    living = [one for one in accounts if one.deleted_at is None]
    yield PersonTag(name, f"{words}{_disabled_elsewhere(row, living)}", tone)
    if row.created_at is not None and now - row.created_at < NEW:
        yield PersonTag("New", f"The first account was made {(now - row.created_at).days} days ago", "info")
    for flag, tone in (
        (AccountFlag.LOCKED, "warning"),
        (AccountFlag.EXPIRED, "neutral"),
        (AccountFlag.PARTIAL, "neutral"),
    ):
        if where := [one for one in living if flag.value in one.flags or _is_past(flag, one, now)]:
            yield PersonTag(flag.value, f"{flag.value} at {_places(where)}", tone)
    if living and all(_is_unresolved(one) for one in living):
        yield PersonTag("Unresolved", f"{_places(living)} gave neither a name nor an address", "warning")


def _is_past(flag: AccountFlag, one: Account, now: datetime) -> bool:
    return flag == AccountFlag.EXPIRED and one.expires_at is not None and one.expires_at <= now


def _is_unresolved(one: Account) -> bool:
    return not (one.name or one.upn or one.mail or one.display_name)


def _disabled_elsewhere(row: DirectoryPerson, living: Sequence[Account]) -> str:
    off = [one for one in living if not one.enabled]
    return f"; disabled at {_places(off)}" if row.status == "active" and off else ""


def _places(accounts: Sequence[Account]) -> str:
    return ", ".join(dict.fromkeys(f"{one.provider} “{one.source}”" for one in accounts))


def _sensitive(row: DirectoryPerson, why: Sequence[str]) -> Iterable[PersonTag]:
    if why and "Sensitive" not in row.tags:
        yield PersonTag("Sensitive", "; ".join(why), "warning")


def why_sensitive(pks: Sequence[int]) -> dict[int, list[str]]:
    """Why each of these is privileged, in sentences: roles, and sensitive groups with how they lead there."""
    if not pks:
        return {}
    found: dict[int, list[str]] = defaultdict(list)
    holders = Account.objects.filter(person__in=pks, deleted_at__isnull=True)
    for person, provider, roles in holders.exclude(roles=[]).values_list("person_id", "provider", "roles"):
        found[person or 0] += [f"Holds the role {role} in {provider}" for role in roles]
    seats = Membership.objects.filter(account__person__in=pks, group__in=list(sensitive_groups()))
    groups = Group.objects.in_bulk(set(seats.values_list("group_id", flat=True)))
    for person, group in seats.order_by("pk").values_list("account__person_id", "group_id"):
        row = groups[group]
        more = f" ({row.why_sensitive})" if row.why_sensitive else ""
        words = (
            f"Member of the sensitive group {row.name}{more}"
            if row.sensitive
            else (f"Member of {row.name}, which is nested in a sensitive group")
        )
        if words not in found[person]:
            found[person].append(words)
    return found
