"""Why a takeover of this person would be easy or costly (US-06): what the directories say, as sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.connectors.contracts import AccountFlag
from watchfloor.identities.contracts import PRIORITY, AccountLine, PersonDetail

OLD_PASSWORD = timedelta(days=365)
DORMANT = timedelta(days=90)
WEAK = {
    AccountFlag.PASSWORD_NOT_REQUIRED,
    AccountFlag.PASSWORD_NEVER_EXPIRES,
    AccountFlag.REVERSIBLE_PASSWORD,
    AccountFlag.NO_PREAUTHENTICATION,
    AccountFlag.TRUSTED_FOR_DELEGATION,
    AccountFlag.WEAK_ENCRYPTION,
}
"""Flags that make an account easier to take."""
NO = ("no", "false", "0", "none", "disabled")


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason: `weight` high or medium, `words` a sentence."""

    weight: str
    words: str

    @property
    def tone(self) -> str:
        return "danger" if self.weight == "high" else "warning"


def exposure(person: PersonDetail, accounts: Iterable[AccountLine], *, now: datetime) -> tuple[Sign, ...]:
    """Every reason, gravest first; none when nothing speaks for exposure or nothing is known."""
    living = [one for one in accounts if one.deleted_at is None]
    found = [*_standing(person, living), *(sign for one in living for sign in _account(one, now))]
    return tuple(sorted(dict.fromkeys(found), key=lambda sign: sign.weight != "high"))


def level(signs: Iterable[Sign], accounts: Iterable[AccountLine]) -> str:
    """High, Medium or Low: the gravest sign; “not known” when no directory tells anything."""
    weights = {sign.weight for sign in signs}
    if not weights and not list(accounts):
        return "not known"
    return "High" if "high" in weights else "Medium" if weights else "Low"


def _standing(person: PersonDetail, accounts: list[AccountLine]) -> Iterator[Sign]:
    roles = sorted({role for one in accounts for role in one.roles})
    if roles:
        yield Sign("high", f"Holds {', '.join(roles)}")
    elif person.privileged:
        yield Sign("high", "Privileged: sits in a sensitive group")
    if PRIORITY in person.tags or "VIP" in person.tags:
        yield Sign("medium", "Priority account: others listen to what comes from here")
    if "Sensitive" in person.tags:
        yield Sign("high", "Tagged as sensitive")
    if person.external:
        yield Sign("medium", "From outside the organisation")


def _account(account: AccountLine, now: datetime) -> Iterator[Sign]:
    name = f"{account.label} ({account.provider})"
    weak = [flag for flag in account.flags if flag in WEAK]
    if weak:
        yield Sign("high" if AccountFlag.PASSWORD_NOT_REQUIRED in weak else "medium", f"{name}: {', '.join(weak)}")
    if account.enabled and account.password_set_at and now - account.password_set_at > OLD_PASSWORD:
        yield Sign("medium", f"{name}: the password is {(now - account.password_set_at).days:,} days old")
    if account.enabled and account.last_sign_in_at and now - account.last_sign_in_at > DORMANT:
        yield Sign("medium", f"{name}: enabled, last signed in {(now - account.last_sign_in_at).days:,} days ago")
    if any(key.lower().startswith("mfa") and value.lower() in NO for key, value in account.facts.items()):
        yield Sign("high", f"{name}: no second factor")
