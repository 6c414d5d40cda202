"""What the account we sign in with may do, in words: asked of the controller, entry by entry, as it computes rights itself."""

from ldap3.utils.conv import escape_filter_chars

from watchfloor.connectors.contracts import TestReport
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_server import LdapServer, Session
from watchfloor.connectors.systems.active_directory.descriptors import DACL_ONLY, RESET_PASSWORD, allowed
from watchfloor.connectors.systems.active_directory.directory import (
    DELETED_OBJECTS,
    GROUPS,
    PEOPLE,
    SHOW_DELETED,
    Controller,
    controller,
)
from watchfloor.connectors.systems.active_directory.values import sid
from watchfloor.kernel.errors import NotConfigured, NotFound

COUNTED = 1000
EVERYBODY = ("S-1-1-0", "S-1-5-11")
"""Everyone and Authenticated Users: whoever has signed in is both."""
Line = tuple[bool, str]


def report(server: LdapServer, *, acting: bool, example: str = "") -> TestReport:
    """Sign in, look, and say for each action whether it would be refused. `example` names the account to ask about."""
    with server.open() as session:
        here = controller(session)
        secured = "encrypted, and its certificate is trusted" if server.security != "none" else "without encryption"
        lines: list[Line] = [
            (True, f"reaches the domain controller {server.place} ({secured})"),
            (True, f"can sign in as {server.bind_dn}"),
            *_reading(session, here),
        ]
        if acting:
            lines += _acting(session, server.bind_dn, example)
        else:
            lines.append((True, "does not act on accounts, as the connection's settings say"))
    return TestReport(ok=all(ok for ok, _ in lines), lines=tuple(lines))


def _reading(session: Session, here: Controller) -> list[Line]:
    people, groups = _counted(session, PEOPLE), _counted(session, GROUPS)
    domain = f" of the domain {here.netbios}" if here.netbios else ""
    lines = [(people != "no", f"can read {people} accounts and {groups} groups{domain}")]
    if _sees_deleted(session, here):
        lines.append((True, "sees deleted accounts at once"))
    else:
        # None at all may mean that nothing was ever deleted: the controller hides them without a word.
        lines.append((True, "sees no deleted objects: deletions are noticed when everything is read again"))
    return lines


def _counted(session: Session, filter: str) -> str:
    count = sum(1 for _ in session.search(filter, ("cn",), limit=COUNTED))
    return f"at least {count:,}" if count >= COUNTED else (f"{count:,}" if count else "no")


def _sees_deleted(session: Session, here: Controller) -> bool:
    try:
        found = session.search(
            "(&(isDeleted=TRUE)(objectClass=user))",
            ("objectGUID",),
            base=f"<WKGUID={DELETED_OBJECTS},{here.root}>",
            scope="one",
            controls=(SHOW_DELETED,),
            limit=1,
        )
        return next(found, None) is not None
    except (NotFound, NotConfigured):
        return False


def _acting(session: Session, bind_dn: str, example: str) -> list[Line]:
    ordinary = _sample(session, f"(sAMAccountName={escape_filter_chars(example)})" if example else "(!(adminCount=1))")
    if ordinary is None:
        return [(False, f"finds no account {example}".rstrip() + " to ask about rights; name another one for the test")]
    ours = _our_sids(session, bind_dn)
    lines = [(ok, words) for ok, words in _rights(ordinary, ours)]
    guarded = _sample(session, "(adminCount=1)") if not example else None
    if guarded is not None and not all(ok for ok, _ in _rights(guarded, ours)):
        name = guarded.text("sAMAccountName")
        lines.append(
            (True, f"will be refused on accounts that administer the domain, as {name}: AdminSDHolder guards them")
        )
    return lines


def _sample(session: Session, which: str) -> Entry | None:
    wanted = ("sAMAccountName", "allowedAttributesEffective", "nTSecurityDescriptor")
    found = session.search(
        f"(&(sAMAccountType=805306368)(!(isCriticalSystemObject=TRUE)){which})", wanted, limit=1, controls=(DACL_ONLY,)
    )
    return next(found, None)


def _rights(entry: Entry, ours: frozenset[str]) -> list[Line]:
    may = {name.lower() for name in entry.texts("allowedAttributesEffective")}
    name = entry.text("sAMAccountName")
    reset = allowed(entry.raw("nTSecurityDescriptor"), RESET_PASSWORD, ours)
    return [
        _line("useraccountcontrol" in may, f"suspend and enable accounts, as {name}", "Write userAccountControl"),
        _line("lockouttime" in may, "lift a lock after too many wrong passwords", "Write lockoutTime"),
        _line(reset, f"replace the password of {name}", "Reset Password"),
        _line("pwdlastset" in may, "have the person choose a new password", "Write pwdLastSet"),
    ]


def _line(may: bool, what: str, right: str) -> Line:
    return (may, f"may {what}" if may else f"may not {what}: lacks the right “{right}”")


def _our_sids(session: Session, bind_dn: str) -> frozenset[str]:
    """The SIDs of the account we use and of every group it is in, as the controller computes them."""
    entry = session.entry(_own_name(session, bind_dn), ("objectSid", "tokenGroups"))
    raw = (entry.raw("objectSid"), *entry.attributes.get("tokengroups", ())) if entry else ()
    return frozenset({*EVERYBODY, *map(sid, raw)})


def _own_name(session: Session, bind_dn: str) -> str:
    """The distinguished name of who signs in as DN, as name@domain or as DOMAIN\\name."""
    if "=" in bind_dn:
        return bind_dn
    name = escape_filter_chars(bind_dn.rpartition("\\")[2])
    filter = f"(|(userPrincipalName={name})(sAMAccountName={name.partition('@')[0]}))"
    return next((entry.dn for entry in session.search(filter, ("cn",))), bind_dn)
