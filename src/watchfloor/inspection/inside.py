"""What lies inside an attached container, judged file by file as far as it can be unpacked, else by its names."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchfloor.inspection import documents, file_types, limits, macros
from watchfloor.inspection.archives import Listing
from watchfloor.inspection.bodies import Part
from watchfloor.inspection.containers import Member, members
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.known_files import EICAR, KNOWN_BAD
from watchfloor.inspection.limits import Limits

_PROGRAMS_THEMSELVES = (".jar", ".apk")


@dataclass(frozen=True, slots=True)
class Inside:
    """The evidence, the URLs, the names as paths, and in words what could not be looked at."""

    evidence: tuple[Evidence, ...] = ()
    urls: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def look_inside(name: str, data: bytes, listing: Listing, blocked: frozenset[str], cuts: Limits) -> Inside:
    """Everything the container `name` gives away."""
    evidence = [*_declared(name, data, listing), *_listed(name, name, listing)]
    names = [entry.name for entry in listing.entries]
    urls: list[str] = []
    remarks = _remarks("", listing)
    if listing.declared <= limits.ARCHIVE_DECLARED:
        for member in members(data, listing, cuts):
            evidence += _judged(name, member, blocked, cuts)
            urls += _urls(member, cuts)
            if member.listing:
                names += [f"{member.path}/{entry.name}" for entry in member.listing.entries]
                remarks += _remarks(member.path, member.listing)
                evidence += _listed(name, f"{name}/{member.path}", member.listing)
    return Inside(tuple(evidence), tuple(urls[: limits.URLS]), tuple(_telling(names)), tuple(remarks[:10]))


def _telling(names: Sequence[str]) -> Sequence[str]:
    """As many as are kept; of more, programs and scripts first, then one of each kind, so that padding hides none of them."""
    if len(names) <= limits.MEMBERS:
        return names
    kinds: set[str] = set()

    def rank(name: str) -> int:
        kind = file_types.extension_of(name)
        known = kind in kinds
        kinds.add(kind)
        return 0 if kind in file_types.EXECUTABLES else 1 + known

    ranked = [(rank(name), place, name) for place, name in enumerate(names)]
    return [name for _, _, name in sorted(ranked)[: limits.MEMBERS]]


def _remarks(path: str, listing: Listing) -> list[str]:
    """What keeps us out, in words."""
    where = f"{path}: " if path else ""
    found = [f"{where}encrypted"] if listing.encrypted else []
    return found + ([f"{where}cannot be listed: {listing.opaque}"] if listing.opaque else [])


def _declared(name: str, data: bytes, listing: Listing) -> Iterator[Evidence]:
    declared, packed = listing.declared, len(data)
    if declared > limits.ARCHIVE_DECLARED or (declared > 100 << 20 and declared > 200 * packed):
        yield Evidence("archive_bomb", f"Archive {quoted(name)} of {packed >> 10} kB unpacks to {declared >> 20} MB")


def _listed(outer: str, path: str, listing: Listing) -> Iterator[Evidence]:
    """What the names in one archive say."""
    if listing.encrypted:
        yield Evidence("encrypted_archive", f"Archive {quoted(path)} is encrypted, so nobody can look inside")
    if outer.lower().endswith(_PROGRAMS_THEMSELVES):
        return
    for entry in listing.entries:
        if file_types.extension_of(entry.name) in file_types.EXECUTABLES:
            yield Evidence(
                "executable_in_archive", f"Archive {quoted(path)} holds the program or script {quoted(entry.name)}"
            )
            return


def _judged(outer: str, member: Member, blocked: frozenset[str], cuts: Limits) -> Iterator[Evidence]:
    """What one unpacked file says."""
    digest = hashlib.sha256(member.data).hexdigest()
    if digest in KNOWN_BAD or EICAR in member.data[:4096]:
        what = KNOWN_BAD.get(digest, "EICAR test file")
        yield Evidence("known_bad_file", f"Archive {quoted(outer)} holds known malware, {quoted(member.path)}: {what}")
    if f"sha256:{digest}" in blocked:
        yield Evidence(
            "blocked_file",
            f"Archive {quoted(outer)} holds {quoted(member.path)} (SHA-256 {digest[:16]}…), which is on the organisation's block list",
            entry=f"block sha256:{digest}",
        )
    if file_types.is_program(member.data) and not outer.lower().endswith(_PROGRAMS_THEMSELVES):
        yield Evidence("executable_in_archive", f"Archive {quoted(outer)} holds the program {quoted(member.path)}")
    if macros.may_hold_macros(member.data):
        has, auto = macros.macros_of(member.data, cuts)
        if auto:
            yield Evidence(
                "auto_macro", f"Document {quoted(member.path)} in {quoted(outer)} runs a macro by itself ({auto})"
            )
        elif has:
            yield Evidence("macro_document", f"Document {quoted(member.path)} in {quoted(outer)} holds macros")


def _urls(member: Member, cuts: Limits) -> list[str]:
    extension = file_types.extension_of(member.path)
    kind = file_types.real_type(member.data)
    return documents.urls_of(Part(kind, "", member.path, "attachment", member.data), kind, extension, cuts)
