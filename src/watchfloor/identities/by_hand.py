"""What people say about who is who: joining and splitting accounts, merging persons, tags. Each is audited and can be undone."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.selectors import tenant_facts
from watchfloor.identities.directory_people import refresh
from watchfloor.identities.directory_rows import write_rows
from watchfloor.identities.merging import merge_rows, unmerge_rows
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.identities.naming import address_for, own_label
from watchfloor.identities.rights import mark_privileged
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

audit_verb("account.join", "{actor} joined the account {target} to another person")
audit_verb("account.split", "{actor} split the account {target} from its person")
audit_verb("person.merge", "{actor} merged {target} into another person")
audit_verb("person.unmerge", "{actor} took the merge of {target} back")
audit_verb("person.tag", "{actor} changed the tags of {target}")

LONGEST_TAG = 50


def join_accounts(*, account: int, person: int, by: Actor, reason: str, now: datetime | None = None) -> None:
    """Say that an account is this person's; no rule moves it any more. If it was its person's only one, that person merges.

    Raises NotFound, Conflict when it is theirs already, and BadInput without a reason.
    """
    row, target = _account(account), _person(person)
    if row.person_id == target.pk:
        raise Conflict(f"{row} belongs to {target.name} already")
    _need(reason)
    at, before = now or utc_now(), row.person_id
    with (
        audited(
            by=by, permission=Permission.IDENTITY_MANAGE, verb="account.join", target_type="account", target=str(row),
            before={"person": before}, reason=reason,
        ) as result,
        transaction.atomic(),
    ):  # fmt: skip
        words = f"Joined by {by.name}: {reason}"
        if before is not None and not Account.objects.filter(person=before).exclude(pk=row.pk).exists():
            merge_rows(target.pk, before, by=by.name, words=words, at=at, pin=True)
        else:
            _move(row, target.pk, words=words, before=before)
        _after({target.pk, *([before] if before else [])}, [row.pk], at)
        result["after"] = {"person": target.pk, "address": target.address}


def split_account(*, account: int, by: Actor, reason: str, now: datetime | None = None) -> int:
    """Say that an account is somebody else's: it becomes a person of its own, whose number this gives; no rule moves it.

    Raises NotFound, Conflict when the person has no other account, and BadInput without a reason.
    """
    row = _account(account)
    _need(reason)
    if row.person is None or not Account.objects.filter(person=row.person).exclude(pk=row.pk).exists():
        raise Conflict(f"{row} is the only account of its person")
    at, before = now or utc_now(), row.person
    with (
        audited(
            by=by, permission=Permission.IDENTITY_MANAGE, verb="account.split", target_type="account", target=str(row),
            before={"person": before.pk, "address": before.address}, reason=reason,
        ) as result,
        transaction.atomic(),
    ):  # fmt: skip
        person = DirectoryPerson.objects.create(
            address=_free_address(row), name=row.display_name or row.name or row.key, source=row.source, imported_at=at,
            first_seen_at=row.first_seen_at,
        )  # fmt: skip
        _move(row, person.pk, words=f"Split from {before.name} by {by.name}: {reason}", before=before.pk)
        _after({before.pk, person.pk}, [row.pk], at)
        result["after"] = {"person": person.pk}
    return person.pk


def merge_people(*, kept: int, other: int, by: Actor, reason: str, now: datetime | None = None) -> None:
    """Say that two persons are one: accounts, points and tags of `other` go to `kept`. `unmerge_people` takes it back."""
    keeper, gone = _person(kept), _person(other)
    if keeper.pk == gone.pk:
        raise BadInput("these are the same person", place="other")
    _need(reason)
    at = now or utc_now()
    with (
        audited(
            by=by, permission=Permission.IDENTITY_MANAGE, verb="person.merge", target_type="person", target=gone.address,
            before={"person": gone.pk}, reason=reason,
        ) as result,
        transaction.atomic(),
    ):  # fmt: skip
        accounts = list(Account.objects.filter(person=gone).values_list("pk", flat=True))
        merge_rows(kept, other, by=by.name, words=f"Merged by {by.name}: {reason}", at=at, pin=True)
        _after({keeper.pk}, accounts, at)
        result["after"] = {"person": keeper.pk, "address": keeper.address, "accounts": len(accounts)}


def unmerge_people(*, other: int, by: Actor, reason: str, now: datetime | None = None) -> None:
    """Take a merge back: the accounts that came with `other` are its own again. Raises Conflict when it is not merged."""
    gone = DirectoryPerson.objects.filter(pk=other).first()
    if gone is None:
        raise NotFound("no such person", place=str(other))
    if gone.merged_into_id is None:
        raise Conflict(f"{gone.name} is not merged into anybody")
    _need(reason)
    at = now or utc_now()
    with (
        audited(
            by=by, permission=Permission.IDENTITY_MANAGE, verb="person.unmerge", target_type="person",
            target=gone.address, before={"person": gone.merged_into_id}, reason=reason,
        ) as result,
        transaction.atomic(),
    ):  # fmt: skip
        kept = unmerge_rows(other)
        accounts = list(Account.objects.filter(person=other).values_list("pk", flat=True))
        _after({kept, other}, accounts, at)
        result["after"] = {"person": other}


def tag_person(*, person: int, tag: str, by: Actor, reason: str = "") -> None:
    """Give a person a tag; harmless when they have it."""
    tag_people(people=[person], tag=tag, by=by, reason=reason)


def untag_person(*, person: int, tag: str, by: Actor, reason: str = "") -> None:
    """Take a tag from a person; harmless when they do not have it."""
    tag_people(people=[person], tag=tag, off=True, by=by, reason=reason)


def tag_people(*, people: Iterable[int], tag: str, by: Actor, off: bool = False, reason: str = "") -> int:
    """Give several people a tag, or take it; returns for how many something changed. Raises BadInput for no tag or nobody."""
    name, numbers = " ".join(tag.split()), sorted(set(people))
    if not name or len(name) > LONGEST_TAG:
        raise BadInput(f"a tag has 1 to {LONGEST_TAG} characters", place="tag")
    rows = list(DirectoryPerson.objects.filter(pk__in=numbers))
    if not rows:
        raise BadInput("select at least one person", place="people")
    shown = ", ".join(row.address for row in rows[:20]) + (f" and {len(rows) - 20} more" if len(rows) > 20 else "")
    with audited(
        by=by, permission=Permission.IDENTITY_MANAGE, verb="person.tag", target_type="person", target=shown,
        before={row.address: row.tags for row in rows[:200]}, reason=reason,
    ) as result:  # fmt: skip
        changed = [row for row in rows if (name in row.tags) == off]
        for row in changed:
            row.tags = [one for one in row.tags if one != name] if off else [*row.tags, name]
            row.imported_at = max(row.imported_at, utc_now())
        with transaction.atomic():
            DirectoryPerson.objects.bulk_update(changed, ["tags", "imported_at"], 200)
            accounts = Account.objects.filter(person__in=[row.pk for row in changed]).values_list("pk", flat=True)
            write_rows(accounts, (), now=utc_now())
        result["after"] = {"tag": name, "given": not off, "changed": len(changed)}
    return len(changed)


def _account(pk: int) -> Account:
    row = Account.objects.filter(pk=pk).select_related("person").first()
    if row is None:
        raise NotFound("no such account", place=str(pk))
    return row


def _person(pk: int) -> DirectoryPerson:
    row = DirectoryPerson.objects.filter(pk=pk, merged_into__isnull=True).first()
    if row is None:
        raise NotFound("no such person", place=str(pk))
    return row


def _need(reason: str) -> None:
    if not reason.strip():
        raise BadInput("say why; it stands in the audit log and beside the account", place="reason")


def _move(row: Account, person: int, *, words: str, before: int | None) -> None:
    row.joined = {"by": "hand", "value": "", "words": words, "was": before}
    row.person_id, row.pinned = person, True
    row.save(update_fields=["joined", "person", "pinned"])


def _free_address(row: Account) -> str:
    said = (
        Said.from_json(row.facts)
        if row.facts
        else Said(key=row.key, provider=row.provider, name=row.name, mail=row.mail)
    )
    wanted = (address_for(said, source=row.source), own_label(said, source=row.source))
    taken = set(DirectoryPerson.objects.filter(address__in=wanted).values_list("address", flat=True))
    return next((one for one in wanted if one not in taken), f"{row.provider}:{row.source}/{row.key}".lower()[-320:])


def _after(people: set[int], accounts: list[int], at: datetime) -> None:
    refresh(people, at=at, own=tenant_facts().own_domains)
    mark_privileged()
    write_rows(accounts, (), now=at)
