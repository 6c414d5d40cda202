"""One file taken apart as far as it can be without running it."""

import hashlib
from collections.abc import Iterator

import yara_x

from watchfloor.inspection import archives, documents, file_types, limits
from watchfloor.inspection.analysis.code import macros_in
from watchfloor.inspection.analysis.contracts import Analysis, Behaviour, Match, Piece
from watchfloor.inspection.analysis.matching import Rules, Sources
from watchfloor.inspection.analysis.strings import entropy, indicators_in, strings_in
from watchfloor.inspection.analysis.structure import structure_of
from watchfloor.inspection.bodies import Part
from watchfloor.inspection.containers import members
from watchfloor.inspection.known_files import EICAR, KNOWN_BAD
from watchfloor.inspection.limits import Limits

MOST_BEHAVIOURS = 200
_OFFICE = ("doc", "xls", "ppt", "dot", "pot")


def analyse(data: bytes, *, name: str, rules: Sources) -> Analysis:
    """Everything that the bytes of one file tell. Hostile: to be called where memory and time are limited."""
    cuts = Limits()
    pieces = list(_pieces(data, name, cuts))
    matching = Rules(rules)
    found: dict[str, list] = {key: [] for key in ("structure", "acts", "macros", "links")}  # type: ignore[type-arg]
    for piece, content in pieces:
        extension = file_types.extension_of(piece.path)
        facts, acts = structure_of(content, piece.file_type, extension, piece.path, cuts)
        modules, more = macros_in(content, piece.path, cuts)
        found["structure"] += [(f"{piece.path}: {words}" if piece.level else words, value) for words, value in facts]
        found["acts"] += [*_disguised(piece, extension), *acts, *more]
        found["macros"] += modules
        part = Part(piece.file_type, "", piece.path, "attachment", content)
        found["links"] += documents.urls_of(part, piece.file_type, extension, cuts)
    strings = strings_in(data)
    links = tuple(dict.fromkeys(found["links"]))[: limits.URLS]
    sources = [*links, *(code for _, code in found["macros"]), *strings]
    for broken in matching.broken:
        cuts.cut(f"the rules in {broken} are not valid YARA")
    return Analysis(
        name=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        file_type=file_types.real_type(data),
        extension=file_types.extension_of(name),
        entropy=round(entropy(data), 2),
        tree=tuple(piece for piece, _ in pieces),
        structure=tuple(found["structure"]),
        behaviours=tuple(dict.fromkeys(found["acts"]))[:MOST_BEHAVIOURS],
        macros=tuple(found["macros"]),
        links=links,
        indicators=tuple(indicators_in(sources)),
        strings=strings,
        matches=tuple(_matches(matching, pieces, cuts)),
        rules=matching.files,
        cut=cuts.hit,
    )


def _pieces(data: bytes, name: str, cuts: Limits) -> Iterator[tuple[Piece, bytes]]:
    """The file, then what lies in it; names that could not be unpacked stand without content."""
    listing = archives.list_archive(data, cuts)
    yield _piece(0, name, data, listing.opaque if listing else ""), data
    if listing is None or file_types.extension_of(name)[:3] in _OFFICE:
        return
    seen = set()
    for member in members(data, listing, cuts):
        seen.add(member.path)
        remark = member.listing.opaque if member.listing else ""
        yield _piece(1 + member.path.count("/"), f"{name}/{member.path}", member.data, remark), member.data
    for entry in listing.entries[: limits.MEMBERS]:
        if entry.name not in seen and not entry.name.endswith("/"):
            remark = "encrypted" if entry.encrypted else "not unpacked"
            yield Piece(1, f"{name}/{entry.name}", "", entry.size, "", "", remark), b""


def _piece(level: int, path: str, data: bytes, remark: str) -> Piece:
    digest = hashlib.sha256(data).hexdigest()
    threat = KNOWN_BAD.get(digest, "EICAR test file" if EICAR in data[:4096] else "")
    return Piece(level, path, file_types.real_type(data), len(data), digest, threat, remark)


def _disguised(piece: Piece, extension: str) -> Iterator[Behaviour]:
    """What its name hides."""
    if file_types.contradicts(extension, piece.file_type):
        yield Behaviour("high", "Is not what its name says", piece.path, piece.file_type)
    if file_types.has_double_extension(piece.path):
        yield Behaviour("high", "Hides its extension behind another", piece.path)
    if piece.threat:
        yield Behaviour("high", "Is known malware", piece.path, piece.threat)
    if piece.remark == "encrypted":
        yield Behaviour("medium", "Is encrypted, so nobody can look inside", piece.path)


def _matches(rules: Rules, pieces: list[tuple[Piece, bytes]], cuts: Limits) -> Iterator[Match]:
    for piece, content in pieces:
        try:
            yield from rules.matches(content, piece.path)
        except yara_x.TimeoutError:
            cuts.cut("YARA: the rules take too long on this file")
            return
