"""What changed about an account between two readings of its directory, as events with before and after (IdentityDirectoryEvents)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchfloor.connectors.contracts import Account as Said
from watchfloor.connectors.contracts import AccountFlag
from watchfloor.identities.models import Account

FRESH = timedelta(days=7)
"""How old an account may be at its first sight for us to say that it was created, and not only seen for the first time."""


@dataclass(frozen=True, slots=True)
class Change:
    """One noticed change; `before` and `after` in words, `more` goes into AdditionalFields. `at` as exactly as the source tells."""

    account: tuple[str, str]
    action: str
    at: datetime
    before: str = ""
    after: str = ""
    more: dict[str, Any] = field(default_factory=dict)


VALUES = (
    ("manager", "Account Manager changed"),
    ("mail", "User Mail changed"),
    ("upn", "Account UPN Name changed"),
    ("display_name", "Account Display Name changed"),
    ("title", "User Title changed"),
    ("department", "User Department changed"),
    ("phone", "User Phone Number changed"),
)
FLAGS = (
    (AccountFlag.LOCKED, "Account locked", "Account unlocked"),
    (AccountFlag.EXPIRED, "Account expired", "Account no longer expired"),
    (AccountFlag.PASSWORD_NEVER_EXPIRES, *("Account Password Never Expires changed",) * 2),
    (AccountFlag.PASSWORD_NOT_REQUIRED, *("Account Password Not Required changed",) * 2),
    (AccountFlag.TRUSTED_FOR_DELEGATION, *("Account Delegation changed",) * 2),
    (AccountFlag.NO_PREAUTHENTICATION, *("Account Preauthentication changed",) * 2),
)


def created(said: Said, *, source: str, at: datetime, source_is_new: bool) -> Iterator[Change]:
    """A new account, unless it is merely new to us: made more than a week ago, or read with the whole of a new source."""
    if said.created_at is not None and at - said.created_at <= FRESH:
        yield Change((source, said.key), "Account created", said.created_at, after=said.display_name)
    elif said.created_at is None and not source_is_new:
        yield Change((source, said.key), "Account created", at, after=said.display_name)


def changed(row: Account, said: Said, *, at: datetime) -> Iterator[Change]:
    """What is different from the stored account."""
    account = (row.source, row.key)
    if (row.deleted_at is not None) != said.deleted:
        yield Change(account, "Account deleted" if said.deleted else "Account restored", at)
    if said.deleted:
        return
    before = Said.from_json(row.facts)
    if row.enabled != said.enabled:
        words = ("disabled", "enabled")
        yield Change(account, f"Account {words[said.enabled]}", at, words[row.enabled], words[said.enabled])
    yield from _password(account, row, said, at)
    yield from _flags(account, before, said, at)
    for name, action in VALUES:
        was, now = getattr(before, name), getattr(said, name)
        if was != now and (was or now):
            yield Change(account, action, at, was, now)
    if set(before.roles) != set(said.roles):
        roles = (", ".join(sorted(before.roles)), ", ".join(sorted(said.roles)))
        yield Change(account, "Account Roles changed", at, *roles, {"ActivityType": "Administrator role granted"})


def _password(account: tuple[str, str], row: Account, said: Said, at: datetime) -> Iterator[Change]:
    was, now = row.password_set_at, said.password_set_at
    if now is not None and was is not None and now > was:
        more = {"ActivityType": "Password reset or changed"}
        yield Change(account, "Account Password changed", min(now, at), was.isoformat(), now.isoformat(), more)


def _flags(account: tuple[str, str], before: Said, said: Said, at: datetime) -> Iterator[Change]:
    for flag, now_set, now_clear in FLAGS:
        was, now = flag.value in before.flags, flag.value in said.flags
        if was != now:
            yield Change(account, now_set if now else now_clear, at, str(was), str(now))
