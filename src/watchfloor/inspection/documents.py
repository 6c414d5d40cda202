"""URLs inside attached documents: PDF link actions, HTML, calendar and text files, Office relationships."""

import re

from watchfloor.inspection import archives, limits
from watchfloor.inspection.bodies import Part
from watchfloor.inspection.html import read_html
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.urls import urls_in

_URI = re.compile(rb"/URI\s*(?:\((?P<text>(?:[^()\\]|\\.){1,4000})\)|<(?P<hex>[0-9A-Fa-f\s]{2,8000})>)")
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPE = re.compile(rb"\\([()\\])")
_TARGET = re.compile(rb"Target=\"(https?://[^\"]{1,4000})\"")
_STREAMS = 200
_UNFOLD = re.compile(r"\r?\n[ \t]")


def urls_of(part: Part, file_type: str, extension: str, cuts: Limits) -> list[str]:
    """The URLs of one attachment, in order; none for kinds we do not read."""
    if file_type == "application/pdf" or extension == "pdf":
        return pdf_urls(part.data, cuts)
    if file_type in ("text/html", "image/svg+xml") or extension in ("html", "htm", "svg", "xhtml", "shtml"):
        return _html_urls(part.text, cuts)
    if part.content_type == "text/calendar" or extension in ("ics", "vcs"):
        return urls_in(_UNFOLD.sub("", part.text))
    if file_type.startswith("text/") or extension in ("txt", "csv", "url"):
        return urls_in(part.text[: limits.TEXT])
    if extension in ("docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "dotx", "dotm"):
        return _office_urls(part.data, cuts)
    return []


def pdf_urls(data: bytes, cuts: Limits) -> list[str]:
    """The targets of /URI actions, also in compressed object streams, within the document limit."""
    if len(data) > limits.DOCUMENT:
        cuts.cut(f"PDF cut at {limits.DOCUMENT >> 20} MB")
    data = data[: limits.DOCUMENT]
    found = _uris(data)
    budget = limits.DOCUMENT
    for count, stream in enumerate(_STREAM.finditer(data)):
        if count >= _STREAMS or budget <= 0:
            cuts.cut("PDF streams cut")
            break
        # Only dictionaries live in object streams; images and fonts need not be unpacked.
        if b"/ObjStm" in data[max(stream.start() - 300, 0) : stream.start()]:
            unpacked = archives.inflate(data[stream.end() :], min(budget, limits.MEMBER))
            budget -= len(unpacked)
            found += _uris(unpacked)
    return found[: limits.URLS]


def _uris(data: bytes) -> list[str]:
    found = []
    for match in _URI.finditer(data):
        if match["text"] is not None:
            raw = _ESCAPE.sub(rb"\1", match["text"])
        else:
            digits = b"".join(match["hex"].split())
            raw = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
        found.append(raw.decode("utf-8", "replace"))
        if len(found) >= limits.URLS:
            break
    return found


def _html_urls(text: str, cuts: Limits) -> list[str]:
    page = read_html(text, cuts)
    return [*(link.href for link in page.links), *page.targets, *urls_in(page.text), *urls_in(page.rest)]


def _office_urls(data: bytes, cuts: Limits) -> list[str]:
    """External targets of the package's relationship files."""
    listing = archives.list_archive(data, cuts)
    found: list[str] = []
    for entry in (listing.entries if listing else ())[: limits.ARCHIVE_ENTRIES]:
        if entry.name.endswith(".rels") and len(found) < limits.URLS:
            text = archives.member(data, entry, 1 << 20)
            found += [target.decode("utf-8", "replace") for target in _TARGET.findall(text)]
    return found[: limits.URLS]
