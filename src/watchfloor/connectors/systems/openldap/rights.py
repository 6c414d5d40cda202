"""What the account we sign in with may really do, in words.

slapd has no way to ask for rights. Reading is told by what comes back and, for attributes nobody has, by a comparison, which is
refused where reading is. Writing is told by a change that must fail: it removes a value that is not there, which slapd refuses
as impossible only after it has found the change permitted. Nothing is written either way.
"""

from collections.abc import Iterable

from watchfloor.connectors.contracts import TestReport
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_server import Change, LdapServer, Session
from watchfloor.connectors.systems.openldap import people, policy
from watchfloor.connectors.systems.openldap.actions import LOCK, RESET
from watchfloor.connectors.systems.openldap.looking import What
from watchfloor.kernel.errors import WatchfloorError

PERMITTED, UNKNOWN_ATTRIBUTE = 16, 17
HIDDEN, SEEN = {32, 50}, {5, 6, 16}
"""What a comparison answers where reading is denied, and where it is not."""
NOBODYS = "19700101000001Z"
MANY = 200
"""Entries looked at for attributes that only some have."""
TRIALS: dict[str, list[Change]] = {
    LOCK: [("replace", [policy.FOREVER]), ("delete", [NOBODYS])],
    RESET: [("replace", ["TRUE"]), ("delete", ["FALSE"])],
    # Not replaced first, as slapd then asks for the old password before it asks whether we may.
    "userPassword": [("delete", ["no password of anybody"])],
}
PURPOSES = {
    LOCK: "lock and unlock accounts",
    RESET: "demand a new password",
    "userPassword": "set a temporary password",
}
OTHERS = ("mail", "cn", "manager")


class _Report:
    def __init__(self) -> None:
        self.lines: list[tuple[bool, str]] = []

    def say(self, ok: bool, sentence: str) -> None:
        self.lines.append((ok, sentence))

    def done(self) -> TestReport:
        return TestReport(all(ok for ok, _ in self.lines), tuple(self.lines))


def tell_rights(server: LdapServer, what: What, *, act: str) -> TestReport:
    """Each right in a sentence; not ok where one is missing that the settings ask for, or one is too many."""
    report = _Report()
    try:
        with server.open() as session:
            how = {"tls": "over LDAPS", "starttls": "over StartTLS"}.get(server.security, "without encryption")
            report.say(True, f"can sign in as {server.bind_dn} {how}")
            _tell(session, what, act, report)
    except WatchfloorError as error:
        report.say(False, str(error))
    return report.done()


def _tell(session: Session, what: What, act: str, report: _Report) -> None:
    wanted = (*people.OF_AN_ACCOUNT, *what.attributes.names, "entryCSN", "userPassword")
    sample = list(session.search(what.people, wanted, limit=MANY))
    count = sum(1 for _ in session.search(what.people, ("1.1",)))
    groups = sum(1 for _ in session.search(what.groups, ("1.1",))) if what.groups else 0
    report.say(bool(count), f"can read {count} people below {' and '.join(session.server.bases)}")
    report.say(True, f"can read {groups} groups" if groups else "sees no groups")
    if not sample:
        return
    _tell_reading(session, what, sample, report)
    policies = policy.read_policies(session, usual=what.policy)
    report.say(True, _policy_words(policies))
    if act != "no" and not policies.usual.locks:
        report.say(False, "slapd heeds no lock: set pwdLockout to TRUE in that policy")
    if act != "no":
        _tell_acting(session, sample[0], report, reset=act == "lock and reset")
    _tell_excess(session, sample, report)


def _tell_reading(session: Session, what: What, sample: list[Entry], report: _Report) -> None:
    for name, use in (("entryUUID", "tell entries apart after a rename"), ("entryCSN", "see what changed")):
        there = any(entry.has(name) for entry in sample)
        report.say(there, f"{'can' if there else 'cannot'} read {name}, to {use}")
    fields = {field: names for field, names in what.attributes.fields.items() if names}
    read = [field for field, names in fields.items() if any(entry.has(name) for name in names for entry in sample)]
    report.say(bool(read), f"can read of people: {', '.join(_spoken(read))}")
    _tell_missing(
        session, sample, [name for field in fields if field not in read for name in fields[field][:1]], report
    )
    for name, use in (
        ("authTimestamp", "when somebody last signed in"),
        ("pwdFailureTime", "failed sign-ins"),
        (LOCK, "locks"),
    ):
        if any(entry.has(name) for entry in sample):
            report.say(True, f"can read {name}: {use}")
        else:
            _tell_missing(session, sample, [name], report, use=use)


def _tell_missing(session: Session, sample: list[Entry], names: Iterable[str], report: _Report, use: str = "") -> None:
    """Why nobody in the sample has it: because it is hidden, unknown to the directory, or because nobody has."""
    purpose = f": {use}" if use else ""
    for name in names:
        answer = session.compare(sample[0].dn, name, _nobodys(name))
        if answer.code in HIDDEN:
            report.say(False, f"may not read {name}{purpose}; allow it, or take it out of the settings")
        elif answer.code == UNKNOWN_ATTRIBUTE:
            report.say(True, f"the directory knows no {name}{purpose}")
        elif answer.code in SEEN:
            report.say(True, f"may read {name}, which none of {len(sample)} people has{purpose}")
        else:
            report.say(True, f"sees no {name}{purpose}; whether it may cannot be told: {answer.why}")


def _tell_acting(session: Session, entry: Entry, report: _Report, *, reset: bool) -> None:
    for attribute, changes in TRIALS.items():
        if attribute == LOCK or reset:
            code = session.modify(entry.dn, {attribute: changes}).code
            report.say(code == PERMITTED, _acting_words(attribute, code, entry))


def _acting_words(attribute: str, code: int, entry: Entry) -> str:
    tried = f"(write {attribute}, tried on {entry.dn} without changing it)"
    if code == PERMITTED:
        return f"may {PURPOSES[attribute]} {tried}"
    if code == UNKNOWN_ATTRIBUTE:
        return f"cannot {PURPOSES[attribute]}: the directory knows no {attribute}; load the ppolicy overlay"
    return f"may not {PURPOSES[attribute]} {tried}"


def _tell_excess(session: Session, sample: list[Entry], report: _Report) -> None:
    """What it may do and never needs."""
    if any(entry.has("userPassword") for entry in sample):
        report.say(False, "can read password hashes, which it never needs: take the right to read userPassword away")
    tried = {name: session.modify(sample[0].dn, {name: [("delete", [_nobodys(name)])]}).code for name in OTHERS}
    if excess := [name for name, code in tried.items() if code == PERMITTED]:
        report.say(
            False, f"may also change {' and '.join(excess)} of people, which it never needs: take that right away"
        )
    else:
        report.say(True, f"may not change {', '.join(OTHERS)} of people, and need not")


def _nobodys(name: str) -> str:
    """A value nobody has, of the kind that the attribute takes."""
    if name == "manager":
        return "cn=nobody-of-this-name"
    return NOBODYS if name.lower().endswith(("time", "timestamp", "success")) else "nobody-of-this-name"


def _policy_words(policies: policy.Policies) -> str:
    if not policies.by_dn:
        return "sees no password policy, so that passwords are never taken as expired"
    if not policies.usual.dn:
        return f"sees {len(policies.by_dn)} password policies; name the default one in the settings"
    return f"can read the password policy {policies.usual.dn}"


def _spoken(fields: Iterable[str]) -> list[str]:
    return [field.replace("_", " ") for field in fields]
