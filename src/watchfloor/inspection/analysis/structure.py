"""What PDF, HTML, Office and program files are built of, counted, and which of it acts by itself."""

import re
from collections.abc import Iterator

from watchfloor.inspection import archives, file_types, limits
from watchfloor.inspection.analysis.contracts import Behaviour
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.pdf import is_encrypted

Structure = tuple[list[tuple[str, str]], list[Behaviour]]
_PDF = (
    ("JavaScript", rb"/(?:JS|JavaScript)\b", "high", "Runs JavaScript"),
    ("OpenAction", rb"/OpenAction\b", "medium", "Does something when opened"),
    ("AA", rb"/AA\b", "medium", "Does something on an event"),
    ("Launch", rb"/Launch\b", "high", "Starts a program"),
    ("EmbeddedFile", rb"/EmbeddedFiles?\b", "medium", "Carries another file"),
    ("AcroForm", rb"/AcroForm\b", "low", "Has a form"),
    ("XFA", rb"/XFA\b", "medium", "Has an XFA form, which may run scripts"),
    ("SubmitForm", rb"/SubmitForm\b", "high", "Sends what is typed to an address"),
    ("GoToR", rb"/GoTo[RE]\b", "medium", "Leads to another file"),
    ("RichMedia", rb"/RichMedia\b", "medium", "Carries media"),
    ("URI", rb"/URI\b", "low", "Leads to web addresses"),
)
_HTML = (
    ("Scripts", r"<script\b", "medium", "Runs scripts"),
    ("Forms", r"<form\b", "medium", "Has a form"),
    ("Password fields", r"type\s*=\s*[\"']?password", "high", "Asks for a password"),
    ("Frames", r"<i?frame\b", "medium", "Loads another page in a frame"),
    ("Refresh", r"http-equiv\s*=\s*[\"']?refresh", "high", "Leads on by itself"),
    ("Redirecting scripts", r"location\s*(?:\.href|\.replace|\.assign)?\s*[=(]", "high", "Leads on by script"),
    ("Decoding", r"\b(?:atob|unescape|eval|fromCharCode|decodeURIComponent)\s*\(", "high", "Unpacks hidden code"),
    (
        "Files made by script",
        r"\b(?:createObjectURL|msSaveOrOpenBlob|new\s+Blob)\b",
        "high",
        "Makes a file (HTML smuggling)",
    ),
)
_RELATIONS = re.compile(rb'Type="[^"]*/(\w+)"[^>]*TargetMode="External"|TargetMode="External"[^>]*Type="[^"]*/(\w+)"')


def structure_of(data: bytes, file_type: str, extension: str, where: str, cuts: Limits) -> Structure:
    """(what it holds, counted; what of it acts) of one piece; nothing for kinds we do not read."""
    if file_type == "application/pdf" or data[:5] == b"%PDF-":
        return _pdf(data, where, cuts)
    if file_type in ("text/html", "image/svg+xml") or extension in file_types.HTML_FILES:
        return _html(data, where)
    if extension[:3] in ("doc", "xls", "ppt", "dot", "pot") and data[:2] == b"PK":
        return _office(data, where, cuts)
    if file_types.is_program(data) or file_types.is_executable_type(file_type):
        return [("Program", file_type)], [Behaviour("high", "Is a program", where, file_type)]
    if extension in file_types.SCRIPTS:
        return [("Script", extension)], [
            Behaviour("high", "Is a script that Windows runs when opened", where, extension)
        ]
    return [], []


def _pdf(data: bytes, where: str, cuts: Limits) -> Structure:
    data = data[: limits.DOCUMENT]
    inside = b"".join(_object_streams(data, cuts))
    version = re.match(rb"%PDF-(\d\.\d)", data)
    facts = [
        ("PDF version", version[1].decode() if version else "unknown"),
        ("Encrypted", "Yes" if is_encrypted(data) else "No"),
    ]
    facts += [
        (words, str(len(re.findall(pattern, data))))
        for words, pattern in (
            ("Objects", rb"\b\d+ \d+ obj\b"),
            ("Streams", rb"stream\r?\n"),
            ("Pages", rb"/Type\s*/Page\b"),
        )
    ]
    acts = []
    for name, pattern, level, words in _PDF:
        if count := len(re.findall(pattern, data)) + len(re.findall(pattern, inside)):
            facts.append((f"/{name}", str(count)))
            acts.append(Behaviour(level, words, where, f"/{name} ×{count}"))
    return facts, acts


def _object_streams(data: bytes, cuts: Limits) -> Iterator[bytes]:
    """Compressed object streams unpacked: keywords hide there."""
    left = limits.DOCUMENT
    for count, match in enumerate(re.finditer(rb"/ObjStm.{0,400}?stream\r?\n", data, re.DOTALL)):
        if count >= 100 or left <= 0:
            cuts.cut("PDF object streams cut")
            return
        unpacked = archives.inflate(data[match.end() :], min(left, limits.MEMBER))
        left -= len(unpacked)
        yield unpacked


def _html(data: bytes, where: str) -> Structure:
    text = data[: limits.HTML].decode("utf-8", "replace")
    facts, acts = [], []
    for name, pattern, level, words in _HTML:
        if count := len(re.findall(pattern, text, re.IGNORECASE)):
            facts.append((name, str(count)))
            acts.append(Behaviour(level, words, where, f"×{count}"))
    return facts, acts


def _office(data: bytes, where: str, cuts: Limits) -> Structure:
    listing = archives.list_archive(data, cuts)
    entries = listing.entries if listing else ()
    facts, acts = [("Parts", str(len(entries)))], []
    for name, words in (("embeddings/", "Embedded objects"), ("activeX/", "ActiveX controls"), ("media/", "Pictures")):
        if count := sum(name in entry.name for entry in entries):
            facts.append((words, str(count)))
    for entry in entries[: limits.ARCHIVE_ENTRIES]:
        if not entry.name.endswith(".rels"):
            continue
        for match in _RELATIONS.finditer(archives.member(data, entry, 1 << 20)):
            kind = (match[1] or match[2]).decode("ascii", "replace")
            if kind in ("attachedTemplate", "oleObject", "frame", "externalLink", "subDocument"):
                acts.append(
                    Behaviour("high", "Loads a part from outside when opened", where, f"{kind} in {entry.name}")
                )
    return facts, acts[:20]
