"""Password policy as slapd's ppolicy overlay keeps it (slapo-ppolicy(5), draft-behera-ldap-password-policy-10): who is locked or
expired, and until when.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchfloor.connectors.contracts import AccountFlag
from watchfloor.connectors.protocols.ldap_entry import Entry, generalized_time
from watchfloor.connectors.protocols.ldap_server import Session
from watchfloor.connectors.systems.openldap.names import spelt
from watchfloor.kernel.errors import BadInput

FOREVER = "000001010000Z"
"""The value of pwdAccountLockedTime that no duration ends: an administrator's lock."""
STATE = (
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdReset",
    "pwdPolicySubentry",
    "pwdStartTime",
    "pwdEndTime",
    "shadowExpire",
)
_AGE = {"pwdchangedtime"}
_TIMED = {"pwdaccountlockedtime", "pwdstarttime", "pwdendtime", "shadowexpire"} | _AGE
_OF_A_POLICY = ("pwdMaxAge", "pwdLockoutDuration", "pwdMustChange", "pwdAllowUserChange", "pwdLockout")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; durations in seconds, 0 for never. Without a name it is one we cannot read.

    `locks` is pwdLockout: without it slapd lets everybody in, whatever pwdAccountLockedTime says.
    """

    dn: str = ""
    locks: bool = True
    longest: int = 0
    lockout: int = 0
    must_change: bool = False
    may_change: bool = True


@dataclass(frozen=True, slots=True)
class Policies:
    """Those that can be read, by name, and the one that counts where an entry names none. `words` changes when one does."""

    by_dn: dict[str, Policy] = field(default_factory=dict)
    usual: Policy = field(default_factory=Policy)
    words: str = ""

    def of(self, entry: Entry) -> Policy:
        named = entry.text("pwdPolicySubentry")
        return self.by_dn.get(spelt(named), Policy()) if named else self.usual


def read_policies(session: Session, *, usual: str = "") -> Policies:
    """`usual` names the default policy; it can be left out where there is only one, since slapd tells nobody which it is."""
    found = {
        spelt(entry.dn): _policy(entry) for entry in session.search("(objectClass=pwdPolicy)", ("cn", *_OF_A_POLICY))
    }
    if usual and spelt(usual) not in found:
        raise BadInput("there is no such password policy, or it cannot be read", place="policy")
    alone = next(iter(found.values())) if len(found) == 1 else Policy()
    counts = found.get(spelt(usual), alone)
    return Policies(found, counts, words=repr((counts, *(found[name] for name in sorted(found)))) if found else "")


def _policy(entry: Entry) -> Policy:
    return Policy(
        entry.dn,
        entry.text("pwdLockout") == "TRUE",
        _whole(entry.text("pwdMaxAge")),
        _whole(entry.text("pwdLockoutDuration")),
        entry.text("pwdMustChange") == "TRUE",
        entry.text("pwdAllowUserChange") != "FALSE",
    )


def _whole(text: str) -> int:
    # Longer than a thousand years is never, and would overflow a date.
    return int(text) if text.isdigit() and len(text) < 11 else 0


def suspended(entry: Entry) -> bool:
    """Whether an administrator locked it for good."""
    return FOREVER in entry.texts("pwdAccountLockedTime")


def locked(entry: Entry, policy: Policy, *, now: datetime) -> bool:
    """Whether nobody can sign in now because of a lock, for good or until it has lasted."""
    if not policy.locks:
        return False
    if suspended(entry):
        return True
    since = entry.time("pwdAccountLockedTime")
    return since is not None and (not policy.lockout or since + timedelta(seconds=policy.lockout) > now)


def expires_at(entry: Entry) -> datetime | None:
    """When the account ends: pwdEndTime, or shadowExpire in days since 1970."""
    if ends := entry.time("pwdEndTime"):
        return ends
    days = entry.text("shadowExpire")
    return datetime.fromtimestamp(int(days) * 86_400, UTC) if days.isdigit() and len(days) < 7 else None


def enabled(entry: Entry, policy: Policy, *, now: datetime) -> bool:
    """Whether the directory would let it sign in, were there no temporary lock."""
    begins, ends = entry.time("pwdStartTime"), entry.time("pwdEndTime")
    return not (policy.locks and suspended(entry)) and not (begins and begins > now) and not (ends and ends <= now)


def flags(entry: Entry, policies: Policies, *, now: datetime) -> tuple[str, ...]:
    """What stands out about the account at this moment."""
    policy = policies.of(entry)
    said = (
        (locked(entry, policy, now=now), AccountFlag.LOCKED),
        ((ends := expires_at(entry)) is not None and ends <= now, AccountFlag.EXPIRED),
        (entry.text("pwdReset") == "TRUE", AccountFlag.MUST_CHANGE_PASSWORD),
        (_too_old(entry, policy, now), AccountFlag.PASSWORD_EXPIRED),
        (bool(policies.usual.longest and not policy.longest), AccountFlag.PASSWORD_NEVER_EXPIRES),
        (not policy.may_change, AccountFlag.CANNOT_CHANGE_PASSWORD),
    )
    return tuple(flag.value for true, flag in said if true)


def moment(entry: Entry, policies: Policies, *, now: datetime) -> str:
    """What time or a changed policy may make of an entry that itself stays the same, as text that is compared."""
    timed = entry.attributes.keys() & _TIMED
    if not timed or (timed == _AGE and not policies.of(entry).longest):
        return policies.words
    return ",".join(
        (policies.words, *flags(entry, policies, now=now), str(enabled(entry, policies.of(entry), now=now)))
    )


def _too_old(entry: Entry, policy: Policy, now: datetime) -> bool:
    if not policy.longest:
        return False
    changed = entry.time("pwdChangedTime")
    return changed is not None and changed + timedelta(seconds=policy.longest) <= now


def failures(entry: Entry) -> list[datetime]:
    """When sign-ins failed since the last one that did not."""
    return _times(entry.texts("pwdFailureTime"))


def last_sign_in(entry: Entry) -> datetime | None:
    """The last sign-in, as the lastbind overlay or slapd's own lastbind wrote it."""
    return max(_times((*entry.texts("authTimestamp"), *entry.texts("pwdLastSuccess"))), default=None)


def _times(texts: Iterable[str]) -> list[datetime]:
    return sorted(moment for text in texts if (moment := generalized_time(text)) is not None)
