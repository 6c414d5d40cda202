"""One look at a domain: what its controller says of itself, its accounts, its groups with all their members, what was deleted."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ldap3.utils.conv import escape_filter_chars

from watchfloor.connectors.contracts import Account, DirectoryGroup
from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_server import Control, Session
from watchfloor.connectors.systems.active_directory.descriptors import DACL_ONLY
from watchfloor.connectors.systems.active_directory.mapping import (
    ACCOUNT_ATTRIBUTES,
    GROUP_ATTRIBUTES,
    account,
    gone,
    group,
)
from watchfloor.connectors.systems.active_directory.values import guid, sid
from watchfloor.kernel.errors import NotConfigured, NotFound

EXTENDED_NAMES: Control = ("1.2.840.113556.1.4.529", True, bytes.fromhex("3003020101"))
"""Distinguished names with the GUID in front, so that members and managers are known by a key that no rename changes."""
SHOW_DELETED: Control = ("1.2.840.113556.1.4.417", True, None)
DELETED_OBJECTS = "18E2EA80684F11D2B9AA00C04F79F805"
PEOPLE = (
    "(|(sAMAccountType=805306368)(objectClass=msDS-GroupManagedServiceAccount)(objectClass=msDS-ManagedServiceAccount))"
)
"""Ordinary accounts and managed service accounts; computers and trusts have other types."""
GROUPS = "(objectCategory=group)"
FOLDERS = "(|(objectCategory=organizationalUnit)(objectCategory=container))"
NORMAL, MACHINE = 0x30000000, 0x30000001
MEMBERS_AT_ONCE = 1500
"""How many values of one attribute a controller gives at once, since Windows 2003 (MaxValRange)."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The domain controller we talk to. `invocation` names its database: its uSN mean nothing on another one.

    `usn` is its highest update number, read before anything else: whatever comes later has a higher one.
    """

    invocation: str
    usn: int
    root: str
    netbios: str = ""


def controller(session: Session) -> Controller:
    """Raises NotConfigured when the server is no domain controller."""
    said = session.root("dsServiceName", "highestCommittedUSN", "defaultNamingContext", "configurationNamingContext")
    if not said.has("dsServiceName") or not said.text("highestCommittedUSN").isdigit():
        raise NotConfigured("this is no Active Directory; choose the kind that fits", place=session.server.place)
    service = session.entry(said.text("dsServiceName"), ("invocationId",))
    invocation = guid(service.raw("invocationId")) if service else ""
    root = said.text("defaultNamingContext")
    return Controller(
        invocation or said.text("dsServiceName"),
        int(said.text("highestCommittedUSN")),
        root,
        _netbios(session, said.text("configurationNamingContext"), root),
    )


def _netbios(session: Session, configuration: str, root: str) -> str:
    try:
        found = session.search(
            f"(&(objectClass=crossRef)(nCName={escape_filter_chars(root)}))",
            ("nETBIOSName",),
            base=f"CN=Partitions,{configuration}",
            scope="one",
        )
        return next((entry.text("nETBIOSName") for entry in found), "")
    except (NotFound, NotConfigured):
        return ""


@dataclass(slots=True)
class Look:
    """Reading at one moment; `since` is the update number after which to read, 0 for all.

    Entries stream through `session`; what has to be asked meanwhile goes through `aside`.
    """

    session: Session
    aside: Session
    controller: Controller
    now: datetime
    since: int = 0
    members_at_once: int = MEMBERS_AT_ONCE
    _primary: dict[str, str] = field(default_factory=dict)

    def accounts(self, base: str = "") -> Iterator[Account]:
        """Each account below `base`, or below all that we are to read."""
        controls = (EXTENDED_NAMES, DACL_ONLY)
        for entry in self.session.search(self._changed(PEOPLE), ACCOUNT_ATTRIBUTES, base=base, controls=controls):
            yield account(entry, now=self.now, netbios=self.controller.netbios, primary=self._primary_group(entry))

    def groups(self, base: str = "") -> Iterator[DirectoryGroup]:
        """Each group with all its members."""
        for entry in self.session.search(
            self._changed(GROUPS), self._group_attributes(), base=base, controls=(EXTENDED_NAMES,)
        ):
            yield group(entry, members=tuple(self._members(entry)))

    def moved_folders(self) -> list[str]:
        """Organisational units changed since: what lies below may have another name now, and says nothing of it."""
        if not self.since:
            return []
        found = self.session.search(self._changed(FOLDERS), ("uSNCreated",))
        return [entry.dn for entry in found if int(entry.text("uSNCreated") or 0) <= self.since]

    def moved_out(self, known: Collection[str]) -> Iterator[Account]:
        """Accounts of `known` keys that lie elsewhere in the domain now, where we are not to read."""
        bases = tuple(base.lower() for base in self.session.server.bases)
        if self.controller.root.lower() in bases:
            return
        for entry in self.session.search(
            self._changed(PEOPLE), ("objectGUID", "objectSid", "sAMAccountName"), base=self.controller.root
        ):
            dn = entry.dn.lower()
            if (
                not any(dn == base or dn.endswith(f",{base}") for base in bases)
                and guid(entry.raw("objectGUID")) in known
            ):
                yield gone(entry, netbios=self.controller.netbios)

    def deleted(self) -> Iterator[Account | DirectoryGroup]:
        """What was deleted since; nothing when the account we use may not see deleted objects."""
        try:
            for entry in self.session.search(
                f"(&(isDeleted=TRUE)(|(objectClass=user)(objectClass=group))(uSNChanged>={self.since + 1}))",
                ("objectGUID", "objectSid", "objectClass", "sAMAccountName", "cn", "isDeleted"),
                base=f"<WKGUID={DELETED_OBJECTS},{self.controller.root}>",
                controls=(SHOW_DELETED, EXTENDED_NAMES),
            ):
                classes = {name.lower() for name in entry.texts("objectClass")}
                if "group" in classes:
                    yield group(entry)
                elif "computer" not in classes or any("managedserviceaccount" in name for name in classes):
                    yield gone(entry, netbios=self.controller.netbios)
        except (NotFound, NotConfigured):
            return

    def _changed(self, filter: str) -> str:
        return f"(&{filter}(uSNChanged>={self.since + 1}))" if self.since else filter

    def _group_attributes(self) -> tuple[str, ...]:
        return (*(name for name in GROUP_ATTRIBUTES if name != "member"), f"member;range=0-{self.members_at_once - 1}")

    def _members(self, entry: Entry) -> Iterator[str]:
        """All members, asked for again and again where the group has more than come at once."""
        name, key = "member", guid(entry.raw("objectGUID"))
        while True:
            part, last = _ranged(entry, name)
            yield from part
            if last is None:
                return
            rest = f"{name};range={last + 1}-{last + self.members_at_once}"
            found = next(
                self.aside.search(
                    "(objectClass=*)", (rest,), base=f"<GUID={key}>", scope="base", controls=(EXTENDED_NAMES,)
                ),
                None,
            )
            if found is None:
                return
            entry = found

    def _primary_group(self, entry: Entry) -> str:
        """The key of the group that the account is in by number only, and that does not list it."""
        head = sid(entry.raw("objectSid")).rpartition("-")[0]
        its_sid = f"{head}-{entry.text('primaryGroupID')}"
        if its_sid not in self._primary:
            found = self.aside.entry(f"<SID={its_sid}>", ("objectGUID",)) if head else None
            self._primary[its_sid] = guid(found.raw("objectGUID")) if found else ""
        return self._primary[its_sid]


def _ranged(entry: Entry, name: str) -> tuple[tuple[str, ...], int | None]:
    """Values of an attribute that came in a range, and the number of its last; None when these are all that are left."""
    for key in entry.attributes:
        if found := re.fullmatch(rf"{name};range=\d+-(\d+|\*)", key, re.IGNORECASE):
            values = entry.texts(key)
            return values, int(found[1]) if found[1] != "*" and values else None
    return entry.texts(name), None
