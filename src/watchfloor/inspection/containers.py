"""What lies in archives, and in archives within them: every file that can be unpacked, within depth, count and size.

Only zip, tar and gzip are unpacked; RAR and 7z give their names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchfloor.inspection import archives, limits
from watchfloor.inspection.archives import Listing
from watchfloor.inspection.limits import Limits


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a container. `path` names the containers it lies in; `listing` is what it holds when it is one itself."""

    path: str
    data: bytes
    listing: Listing | None


class _Budget:
    def __init__(self) -> None:
        self.files, self.bytes = limits.MEMBERS, limits.MEMBERS_BYTES


def members(data: bytes, listing: Listing, cuts: Limits) -> Iterator[Member]:
    """The files in a listed archive, then those in the archives among them. Directories and encrypted files are left out."""
    yield from _members("", data, listing, 1, _Budget(), cuts)


def _members(above: str, data: bytes, listing: Listing, depth: int, budget: _Budget, cuts: Limits) -> Iterator[Member]:
    inner: list[Member] = []
    for entry in listing.entries:
        if entry.encrypted or entry.method < 0 or entry.name.endswith("/"):
            continue
        if budget.files <= 0 or budget.bytes <= 0:
            cuts.cut(f"archives unpacked only to {limits.MEMBERS} files and {limits.MEMBERS_BYTES >> 20} MB")
            return
        content = archives.member(data, entry, min(limits.MEMBER, budget.bytes))
        budget.files -= 1
        budget.bytes -= len(content)
        if content:
            path = f"{above}{entry.name}"
            member = Member(path, content, archives.list_archive(content, cuts))
            yield member
            inner += [member] if member.listing else []
    for member in inner:
        if depth >= limits.CONTAINERS:
            cuts.cut(f"archives within archives cut at depth {limits.CONTAINERS}")
            return
        if member.listing:
            yield from _members(f"{member.path}/", member.data, member.listing, depth + 1, budget, cuts)
