"""Who may reach a file: its mode and POSIX access list, and the folders on the way to it."""

import errno
import grp
import os
import pwd
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from watchfloor.connectors.contracts import Share

ACL = "system.posix_acl_access"
NONE = {errno.ENODATA, errno.EOPNOTSUPP, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSYS}
USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x02, 0x04, 0x08, 0x10, 0x20
READ, WRITE, ENTER = 4, 2, 1
EVERYBODY = "organisation"
"""What others may do, everybody with an account on the machine may: that is the organisation, not anyone."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one principal may do, as bits READ, WRITE, ENTER; `whom` is "" for everybody else."""

    whom: str
    bits: int
    group: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """Who gets through the folders on the way: everybody, or only those named, as (name, whether it is a group).

    Whose member somebody is we do not know. Where it matters, it is taken that they may be: better told too much.
    """

    everybody: bool = True
    named: frozenset[tuple[str, bool]] = frozenset()

    def behind(self, grants: Iterable[Grant]) -> "Gate":
        """The way on through a folder with these grants, its owner's among them."""
        entering = [grant for grant in grants if grant.bits & ENTER]
        if any(not grant.whom for grant in entering):
            return self
        let_in = frozenset((grant.whom, grant.group) for grant in entering)
        if self.everybody:
            return Gate(False, let_in)
        both = self.named & let_in
        if _has_group(let_in):
            both |= {one for one in self.named if not one[1]}
        if _has_group(self.named):
            both |= {one for one in let_in if not one[1]}
        if not _has_group(both) and _has_group(self.named):
            both |= {one for one in let_in if one[1]}  # members of both groups; the inner one is named
        return Gate(False, frozenset(both))

    def who(self, grant: Grant) -> frozenset[tuple[str, bool]]:
        """To whom a grant on something behind the gate comes down."""
        one = (grant.whom, grant.group)
        if self.everybody or one in self.named:
            return frozenset({one})
        if not grant.whom:
            return self.named
        if _has_group(self.named):
            return frozenset({one})
        return self.named if grant.group else frozenset()

    def __str__(self) -> str:
        return "all" if self.everybody else str(sorted(self.named))


def _has_group(named: Iterable[tuple[str, bool]]) -> bool:
    return any(group for _, group in named)


def grants(mode: int, group: str, acl: bytes) -> tuple[Grant, ...]:
    """What anybody but the owner may do. Without a list the mode says it; with one, its mask limits all but the others."""
    if not acl:
        return (Grant(group, mode >> 3 & 7, group=True), Grant("", mode & 7))
    entries = list(_entries(acl))
    mask = next((bits for tag, bits, _ in entries if tag == MASK), 7)
    found = []
    for tag, bits, number in entries:
        if tag == USER:
            found.append(Grant(user_name(number), bits & mask))
        elif tag == GROUP_OBJ:
            found.append(Grant(group, bits & mask, group=True))
        elif tag == GROUP:
            found.append(Grant(group_name(number), bits & mask, group=True))
        elif tag == OTHER:
            found.append(Grant("", bits))
    return tuple(found)


def shares(said: Iterable[Grant], gate: Gate, *, owner: str) -> tuple[Share, ...]:
    """The rights of others than the owner on something behind `gate`; to enter a folder without reading it is none."""
    found: dict[tuple[str, bool], str] = {}
    for grant in said:
        if grant.bits & (READ | WRITE):
            for one in sorted(gate.who(grant) - {(owner, False)}):
                found[one] = "write" if grant.bits & WRITE else found.get(one, "read")
    return tuple(Share(whom or EVERYBODY, right, group=group) for (whom, group), right in found.items())


def acl_of(path: str) -> bytes:
    """The access list of a file as the kernel keeps it, b"" when it has none or the file system knows none."""
    try:
        return os.getxattr(path, ACL, follow_symlinks=False)
    except OSError as error:
        if error.errno in NONE:
            return b""
        raise


def _entries(acl: bytes) -> Iterable[tuple[int, int, int]]:
    """(tag, bits, number) of each entry: linux/posix_acl_xattr.h, version 2; nothing for another version."""
    if len(acl) < 4 or struct.unpack_from("<I", acl)[0] != 2:
        return ()
    return struct.iter_unpack("<HHI", acl[4 : 4 + (len(acl) - 4) // 8 * 8])


@lru_cache(maxsize=100_000)
def user_name(number: int) -> str:
    """The login name, or the number where nobody has it."""
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, OverflowError):
        return str(number)


@lru_cache(maxsize=100_000)
def group_name(number: int) -> str:
    """The group's name, or its number."""
    try:
        return grp.getgrgid(number).gr_name
    except (KeyError, OverflowError):
        return str(number)
