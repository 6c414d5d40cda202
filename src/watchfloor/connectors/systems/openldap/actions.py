"""Locking, unlocking and resetting accounts through slapd's ppolicy overlay; each time the entry is read again afterwards."""

import secrets
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_server import Answer, LdapServer, Session
from watchfloor.connectors.systems.openldap import policy
from watchfloor.connectors.systems.openldap.looking import What
from watchfloor.connectors.systems.openldap.policy import FOREVER
from watchfloor.kernel.clock import utc_now

LOCK, RESET, CHANGED = "pwdAccountLockedTime", "pwdReset", "pwdChangedTime"
READ = ("entryUUID", "uid", "cn", "pwdFailureTime", "authTimestamp", "pwdLastSuccess", *policy.STATE)
OPEN_SESSIONS = "Sessions that are open already stay open: a lock refuses only the next sign-in. End them at the mail server and the applications."
UNKNOWN_POLICY = "No password policy of this account can be read, so that it cannot be told whether slapd heeds the lock (pwdLockout)."
NO_WAY_BACK = "the directory never tells the old password, so it cannot be put back; reset it again to give a new one"
_LETTERS = string.ascii_letters.translate(str.maketrans("", "", "IlOo")) + "23456789"


def temporary_password() -> str:
    """Twenty letters and digits nobody confuses, with one of each kind that a quality check asks for: over 110 bits."""
    while True:
        made = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
        if any(map(str.isdigit, made)) and any(map(str.islower, made)) and any(map(str.isupper, made)):
            return made


@dataclass(frozen=True, slots=True)
class OpenLdapAccounts:
    """The accounts of one directory; `may_reset` allows new passwords as well as locks."""

    server: LdapServer
    what: What
    name: str
    may_reset: bool = False
    console_url: str = ""
    password: Callable[[], str] = temporary_password
    clock: Callable[[], datetime] = utc_now

    @property
    def can(self) -> frozenset[AccountVerb]:
        """Ending sessions is not LDAP's to do, and not offered."""
        locks = {AccountVerb.SUSPEND, AccountVerb.ENABLE}
        return frozenset(locks | {AccountVerb.RESET_PASSWORD} if self.may_reset else locks)

    def serves(self, account: AccountRef) -> bool:
        return account.source == self.name and bool(account.key)

    def state(self, account: AccountRef) -> AccountState | None:
        """As the directory says now, None for an account it does not have."""
        with self._entry(account) as (session, entry):
            if entry is None:
                return None
            now, rules = self.clock(), self._policy(session, entry)
            return AccountState(
                enabled=policy.enabled(entry, rules, now=now),
                locked=policy.locked(entry, rules, now=now),
                must_change_password=entry.text(RESET) == "TRUE",
                facts=_facts(entry),
            )

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        """What would be changed, from the entry as it is now."""
        with self._entry(account) as (session, entry):
            if entry is None:
                return ("There is no such account in the directory any more.",)
            rules = self._policy(session, entry)
            if verb is AccountVerb.SUSPEND:
                return _plan_lock(entry, rules)
            if verb is AccountVerb.ENABLE:
                return _plan_unlock(entry)
            return (f"{entry.dn}: gets a temporary password, shown once.", *_reset_words(rules))

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        """The lock, the demand for a new password, and when the password was set."""
        with self._entry(account) as (_, entry):
            return _kept(entry) if entry else {}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        with self._entry(account) as (session, entry):
            if entry is None:
                return AccountOutcome("missing", before)
            if verb is AccountVerb.SUSPEND:
                return self._lock(session, entry, before)
            if verb is AccountVerb.ENABLE:
                return self._put_lock(session, entry, [], before)
            return self._reset(session, entry, before)

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        """Put the lock back as it was; a password cannot be."""
        with self._entry(account) as (session, entry):
            if entry is None:
                return AccountOutcome("missing", before)
            if verb is not AccountVerb.RESET_PASSWORD:
                return self._put_lock(session, entry, list(before.get(LOCK, ())), before)
            untouched = entry.texts(CHANGED) == tuple(before.get(CHANGED, ()))
            return AccountOutcome("already", before, verified=True) if untouched else _failed(before, NO_WAY_BACK)

    def console(self, account: AccountRef) -> str:
        """The directory's own page on the account, "" where the connection names none."""
        url = self.console_url
        for name, value in (("dn", account.dn), ("uid", account.name), ("uuid", account.key)):
            url = url.replace("{" + name + "}", quote(value, safe=""))
        return url

    @contextmanager
    def _entry(self, account: AccountRef) -> Iterator[tuple[Session, Entry | None]]:
        with self.server.open() as session:
            found = list(session.search(f"(entryUUID={_escaped(account.key)})", READ))
            yield session, found[0] if found else None

    def _policy(self, session: Session, entry: Entry) -> policy.Policy:
        return policy.read_policies(session, usual=self.what.policy).of(entry)

    def _lock(self, session: Session, entry: Entry, before: Mapping[str, Any]) -> AccountOutcome:
        rules = self._policy(session, entry)
        if not rules.locks:
            return _failed(before, f"slapd would not heed a lock: pwdLockout is not TRUE in the policy {rules.dn}")
        outcome = self._put_lock(session, entry, [FOREVER], before)
        if rules.dn or outcome.status == "failed":
            return outcome
        return replace(outcome, verified=False, warnings=(*outcome.warnings, UNKNOWN_POLICY))

    def _put_lock(self, session: Session, entry: Entry, lock: list[str], before: Mapping[str, Any]) -> AccountOutcome:
        if list(entry.texts(LOCK)) == lock:
            return AccountOutcome("already", before, verified=True)
        answer = session.modify(entry.dn, {LOCK: [("replace", lock)]})
        after = session.entry(entry.dn, READ)
        if not answer.ok:
            return _failed(before, _refusal(answer, LOCK))
        verified = after is not None and list(after.texts(LOCK)) == lock
        words = (f"{LOCK} {_shown(entry.texts(LOCK))} became {_shown(lock)}",)
        warnings = (OPEN_SESSIONS,) if lock else ()
        return AccountOutcome("done", before, verified, words, warnings)

    def _reset(self, session: Session, entry: Entry, before: Mapping[str, Any]) -> AccountOutcome:
        done_before = list(entry.texts(CHANGED)) != list(before.get(CHANGED, ())) and entry.text(RESET) == "TRUE"
        if done_before and before:
            return AccountOutcome("already", before, verified=True)
        secret = self.password()
        answer = session.set_password(entry.dn, secret)
        if not answer.ok:
            return _failed(before, _refusal(answer, "userPassword"))
        demanded = session.modify(entry.dn, {RESET: [("replace", ["TRUE"])]})
        after = session.entry(entry.dn, READ) or entry
        warnings = [OPEN_SESSIONS, *_reset_words(self._policy(session, entry))[1:]]
        if not demanded.ok:
            warnings.insert(0, f"No new password is demanded at the next sign-in: {_refusal(demanded, RESET)}")
        return AccountOutcome(
            "done",
            before,
            verified=after.text(RESET) == "TRUE" and after.has(CHANGED),
            words=("userPassword was replaced", f"{RESET} {_shown(entry.texts(RESET))} became {after.text(RESET)}"),
            warnings=tuple(warnings),
            secret=secret,
        )


def _plan_lock(entry: Entry, rules: policy.Policy) -> tuple[str, ...]:
    if not rules.locks:
        return (f"Nothing can be done: slapd would not heed a lock, as pwdLockout is not TRUE in {rules.dn}.",)
    if policy.suspended(entry):
        return (f"{entry.dn} is locked for good already; nothing would change.",)
    return (
        f"{entry.dn}: {LOCK} {_shown(entry.texts(LOCK))} would become {FOREVER}, which no time ends.",
        OPEN_SESSIONS,
        *(() if rules.dn else (UNKNOWN_POLICY,)),
    )


def _plan_unlock(entry: Entry) -> tuple[str, ...]:
    if not entry.has(LOCK):
        return (f"{entry.dn} is not locked; nothing would change.",)
    return (f"{entry.dn}: {LOCK} {_shown(entry.texts(LOCK))} would be removed; failed sign-ins are forgotten with it.",)


def _reset_words(policy: policy.Policy) -> tuple[str, ...]:
    demanded = "A new password is demanded at the next sign-in."
    if policy.dn and not policy.must_change:
        return (demanded, "But the password policy does not insist on it (pwdMustChange is not TRUE): tell the person.")
    return (demanded,)


def _kept(entry: Entry) -> dict[str, Any]:
    return {"dn": entry.dn} | {name: list(entry.texts(name)) for name in (LOCK, RESET, CHANGED)}


def _failed(before: Mapping[str, Any], why: str) -> AccountOutcome:
    return AccountOutcome("failed", before, why=why)


def _refusal(answer: Answer, attribute: str) -> str:
    if answer.code == 50:
        return f"the account we sign in with may not write {attribute}; allow it in slapd's access rules"
    if answer.code == 17:
        return f"the directory does not know {attribute}; load the ppolicy overlay"
    return f"the directory refuses: {answer.why}"


def _shown(values: Sequence[str]) -> str:
    return ", ".join(values) or "(none)"


def _facts(entry: Entry) -> dict[str, str]:
    signed_in = policy.last_sign_in(entry)
    said = {
        "Distinguished name": entry.dn,
        "Locked since": "" if policy.suspended(entry) else entry.text(LOCK),
        "Failed sign-ins": str(len(policy.failures(entry)) or ""),
        "Last sign-in": signed_in.isoformat() if signed_in else "",
        "Password set": (entry.time(CHANGED) or "") and str(entry.time(CHANGED)),
    }
    return {name: value for name, value in said.items() if value}


def _escaped(text: str) -> str:
    """As a value in a filter (RFC 4515, 3)."""
    return "".join(
        one if one.isalnum() or one == "-" else "".join(f"\\{byte:02x}" for byte in one.encode()) for one in text
    )
