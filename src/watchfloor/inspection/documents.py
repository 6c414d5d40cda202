"""URLs inside attached documents: PDF link actions, HTML, calendar and text files, Office relationships."""

import re

from watchfloor.inspection import archives, limits
from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.html import read_html
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.pdf import pdf_urls
from watchfloor.inspection.urls import urls_in

_TARGET = re.compile(rb"Target=\"(https?://[^\"]{1,4000})\"")
_UNFOLD = re.compile(r"\r?\n[ \t]")


_PAGES = ("html", "htm", "svg", "xhtml", "xht", "shtml", "mht", "mhtml", "hta")
_TEXTS = ("txt", "csv", "url", "xml", "mobileconfig", "plist", "webloc", "vcf", "rtf", "rdp", "json", "md", "log")
# Names of vocabularies, which are written like addresses and lead nowhere.
_VOCABULARIES = (
    "http://www.w3.org/",
    "http://schemas.",
    "https://schemas.",
    "http://www.apple.com/DTDs/",
    "http://ns.adobe.com/",
    "http://purl.org/",
)


def urls_of(part: Part, file_type: str, extension: str, cuts: Limits) -> list[str]:
    """The URLs of one attachment, in order; none for kinds we do not read."""
    if file_type == "application/pdf" or extension == "pdf":
        return pdf_urls(part.data, cuts)
    if file_type in ("text/html", "image/svg+xml") or extension in _PAGES:
        return _html_urls(part.text, cuts)
    if part.content_type == "text/calendar" or extension in ("ics", "vcs"):
        return urls_in(_UNFOLD.sub("", part.text))
    if file_type == "message/rfc822" or extension in ("eml", "emlx"):
        return _mail_urls(part.data, cuts)
    if extension in ("docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "dotx", "dotm"):
        return _office_urls(part.data, cuts)
    if file_type.startswith("text/") or file_type.endswith("xml") or extension in _TEXTS:
        return [url for url in urls_in(part.text[: limits.TEXT]) if not url.startswith(_VOCABULARIES)]
    return []


def _mail_urls(data: bytes, cuts: Limits) -> list[str]:
    """The URLs in the texts of a mail that was attached as a file."""
    found: list[str] = []
    for part in parts_of(data, cuts):
        if part.content_type == "text/html":
            found += _html_urls(part.text, cuts)
        elif part.content_type.startswith("text/"):
            found += urls_in(part.text[: limits.TEXT])
        if len(found) >= limits.URLS:
            break
    return found[: limits.URLS]


def _html_urls(text: str, cuts: Limits) -> list[str]:
    """Whatever the page leads to; its scripts count, for an attached page may run them."""
    page = read_html(text, cuts)
    shown = [url for source in (page.text, page.scripts, page.rest) for url in urls_in(source)]
    found = [*(link.href for link in page.links), *page.targets, *shown]
    return [url for url in found if not url.startswith(_VOCABULARIES)]


def _office_urls(data: bytes, cuts: Limits) -> list[str]:
    """External targets of the package's relationship files."""
    listing = archives.list_archive(data, cuts)
    found: list[str] = []
    for entry in (listing.entries if listing else ())[: limits.ARCHIVE_ENTRIES]:
        if entry.name.endswith(".rels") and len(found) < limits.URLS:
            text = archives.member(data, entry, 1 << 20)
            found += [target.decode("utf-8", "replace") for target in _TARGET.findall(text)]
    return found[: limits.URLS]
