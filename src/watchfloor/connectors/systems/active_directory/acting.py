"""Acting on accounts of a domain: off and on again, and a new password; each checked at the controller afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import AccountOutcome, AccountRef, AccountState, AccountVerb
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_server import Answer, LdapServer, Session
from watchfloor.connectors.protocols.passwords import new_password
from watchfloor.connectors.systems.active_directory.mapping import (
    DISABLED,
    NEVER_EXPIRES,
    STATE,
    is_managed,
    locked,
    must_change,
    number,
)
from watchfloor.connectors.systems.active_directory.refusals import why_refused
from watchfloor.connectors.systems.active_directory.values import filetime
from watchfloor.kernel.errors import NotConfigured

VERSION = "msDS-KeyVersionNumber"
"""How often the password was set: the one thing that tells whether a reset happened already."""
ATTRIBUTES = (*STATE, VERSION, "objectClass", "adminCount")
TICKETS = "Kerberos tickets issued before stay good until they end, 10 hours unless the domain says otherwise"
Verb = AccountVerb


@dataclass(frozen=True, slots=True)
class DomainAccounts:
    """The accounts of one connection; `page` is the address of the directory's own page, with {name}, {dn}, {key}, {sid}."""

    server: LdapServer
    source: str
    page: str = ""
    password: Callable[[], str] = field(default=new_password, repr=False)

    @property
    def can(self) -> frozenset[AccountVerb]:
        return frozenset({Verb.SUSPEND, Verb.ENABLE, Verb.RESET_PASSWORD})

    def serves(self, account: AccountRef) -> bool:
        return account.source == self.source and bool(account.key)

    def state(self, account: AccountRef) -> AccountState | None:
        with self.server.open() as session:
            entry = _read(session, account)
        if entry is None:
            return None
        changed = filetime(entry.text("pwdLastSet"))
        return AccountState(
            enabled=not number(entry, "userAccountControl") & DISABLED,
            locked=locked(entry),
            must_change_password=must_change(entry),
            facts={"userAccountControl": entry.text("userAccountControl")}
            | ({"password set": changed.isoformat()} if changed else {}),
        )

    def plan(self, verb: AccountVerb, account: AccountRef) -> Sequence[str]:
        with self.server.open() as session:
            entry = _read(session, account, "allowedAttributesEffective")
        if entry is None:
            return ("The directory has no such account, or hides it.",)
        control = number(entry, "userAccountControl")
        said = {
            Verb.SUSPEND: _planned_suspension(control),
            Verb.ENABLE: _planned_enabling(entry, control),
            Verb.RESET_PASSWORD: _planned_reset(entry),
        }.get(verb, [f"Active Directory cannot “{verb.value}”."])
        return (*said, *_lacking(verb, entry))

    def before(self, verb: AccountVerb, account: AccountRef) -> Mapping[str, Any]:
        with self.server.open() as session:
            entry = _read(session, account)
        return {} if entry is None else {name: entry.text(name) for name in (*STATE, VERSION) if entry.has(name)}

    def do(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        with self.server.open() as session:
            entry = _read(session, account)
            if entry is None:
                return AccountOutcome("missing", before=before)
            if verb is Verb.SUSPEND:
                return _switch(session, account, entry, before, off=True)
            if verb is Verb.ENABLE:
                return _switch(session, account, entry, before, off=False)
            if verb is Verb.RESET_PASSWORD:
                return _reset(session, account, entry, before, self.password)
        return AccountOutcome("failed", before=before, why=f"Active Directory cannot “{verb.value}”")

    def undo(self, verb: AccountVerb, account: AccountRef, *, before: Mapping[str, Any]) -> AccountOutcome:
        """Suspend and enable go back to how the account stood; a password that was replaced is nowhere any more."""
        if verb is Verb.RESET_PASSWORD:
            why = "a replaced password cannot be brought back; give the person the temporary one"
            return AccountOutcome("failed", before=before, why=why)
        was_off = bool(int(before.get("userAccountControl") or 0) & DISABLED)
        with self.server.open() as session:
            entry = _read(session, account)
            if entry is None:
                return AccountOutcome("missing", before=before)
            return _switch(session, account, entry, before, off=was_off)

    def console(self, account: AccountRef) -> str:
        given = {"name": account.name, "dn": account.dn, "key": account.key, "sid": account.sid, "upn": account.upn}
        address = self.page
        for name, value in given.items():
            address = address.replace(f"{{{name}}}", quote(value, safe=""))
        return address


def _place(account: AccountRef) -> str:
    """The entry by its GUID, which neither a rename nor a move changes."""
    return f"<GUID={account.key}>"


def _read(session: Session, account: AccountRef, *more: str) -> Entry | None:
    return session.entry(_place(account), (*ATTRIBUTES, *more))


def _switch(
    session: Session, account: AccountRef, entry: Entry, before: Mapping[str, Any], *, off: bool
) -> AccountOutcome:
    """Only our own bit is changed, so that whatever else changed meanwhile stays."""
    control = number(entry, "userAccountControl")
    wanted = control | DISABLED if off else control & ~DISABLED
    unlock = not off and number(entry, "lockoutTime") > 0 and locked(entry)
    if wanted == control and not unlock:
        return AccountOutcome("already", before=before, verified=True)
    changes = {"userAccountControl": [("replace", [str(wanted)])]} if wanted != control else {}
    if unlock:
        changes["lockoutTime"] = [("replace", ["0"])]
    answer = session.modify(_place(account), changes)
    if not answer.ok:
        return _refused(answer, before)
    after = _read(session, account)
    seen = number(after, "userAccountControl") if after else -1
    words = [f"userAccountControl {control} became {seen}"] if seen != control else []
    if unlock:
        words.append("the lock after too many wrong passwords was lifted")
    return AccountOutcome(
        "done",
        before=before,
        verified=bool(seen & DISABLED) == off and not (unlock and after is not None and locked(after)),
        words=tuple(words),
        warnings=(TICKETS,) if off else (),
    )


def _reset(
    session: Session, account: AccountRef, entry: Entry, before: Mapping[str, Any], password: Callable[[], str]
) -> AccountOutcome:
    """Set two passwords one after the other, then ask for a third.

    A controller takes the password before the present one for up to an hour (“old password allowed period”): for NTLM and
    plain binds a single reset would leave the stolen one good. After two resets that one before is random, too.
    """
    if is_managed(entry):
        return AccountOutcome("failed", before=before, why="the directory itself sets this account's password")
    if before.get("pwdLastSet") != "0" and _was_reset(entry, before):
        words = ("it was reset already; the temporary password was shown then",)
        return AccountOutcome("already", before=before, verified=True, words=words)
    secret = password()
    for step in ({"unicodePwd": _quoted(password())}, {"unicodePwd": _quoted(secret)}, {"pwdLastSet": b"0"}):
        answer = session.modify(_place(account), {name: [("replace", [value])] for name, value in step.items()})
        if not answer.ok:
            return _refused(answer, before)
    after = _read(session, account)
    verified = (
        after is not None and after.text("pwdLastSet") == "0" and (VERSION not in before or _was_reset(after, before))
    )
    return AccountOutcome(
        "done",
        before=before,
        verified=verified,
        words=("the password was replaced twice, so that the old one ends now", "pwdLastSet became 0"),
        warnings=(*_reset_warnings(number(entry, "userAccountControl")), TICKETS),
        secret=secret,
    )


def _was_reset(entry: Entry, before: Mapping[str, Any]) -> bool:
    """Whether the password was set at least twice since `before`, and another one is asked for."""
    if VERSION not in before or not entry.has(VERSION):
        return False
    return number(entry, VERSION) >= int(before[VERSION]) + 2 and entry.text("pwdLastSet") == "0"


def _reset_warnings(control: int) -> tuple[str, ...]:
    said = []
    if control & NEVER_EXPIRES:
        said.append("“Password never expires” is set, so the directory will not ask for another password")
    if control & DISABLED:
        said.append("the account is switched off; enable it so that the person can sign in with the temporary password")
    return tuple(said)


def _planned_suspension(control: int) -> list[str]:
    if control & DISABLED:
        return ["The account is switched off already."]
    return [f"userAccountControl {control} becomes {control | DISABLED}: every sign-in is refused.", f"{TICKETS}."]


def _planned_enabling(entry: Entry, control: int) -> list[str]:
    said = [f"userAccountControl {control} becomes {control & ~DISABLED}."] if control & DISABLED else []
    if locked(entry):
        said.append("The lock after too many wrong passwords is lifted.")
    return said or ["The account is switched on already."]


def _planned_reset(entry: Entry) -> list[str]:
    if is_managed(entry):
        return ["Nothing: the directory itself sets this account's password."]
    said = [
        "The password is replaced by a temporary one, twice: otherwise Active Directory takes the old one for another hour.",
        "The next sign-in asks for a new password. This cannot be undone.",
    ]
    return said + [f"{one[0].upper()}{one[1:]}." for one in _reset_warnings(number(entry, "userAccountControl"))]


_NEEDED = {
    Verb.SUSPEND: ("userAccountControl",),
    Verb.ENABLE: ("userAccountControl",),
    Verb.RESET_PASSWORD: ("pwdLastSet",),
}


def _lacking(verb: AccountVerb, entry: Entry) -> list[str]:
    """What the controller says it will refuse us."""
    may = {name.lower() for name in entry.texts("allowedAttributesEffective")}
    return [
        f"The directory will refuse this: the account used may not write {name} here."
        for name in _NEEDED.get(verb, ())
        if name.lower() not in may
    ]


def _quoted(password: str) -> bytes:
    """As unicodePwd wants it: in quotes, UTF-16."""
    return f'"{password}"'.encode("utf-16-le")


def _refused(answer: Answer, before: Mapping[str, Any]) -> AccountOutcome:
    return AccountOutcome("failed", before=before, why=why_refused(answer))


def check_encrypted(server: LdapServer) -> None:
    """Raises NotConfigured where a controller would take no password."""
    if server.security == "none":
        raise NotConfigured("Active Directory sets passwords only over LDAPS or StartTLS", place="security")
