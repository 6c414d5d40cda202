"""One raw message read: headers, what its reader sees, the parts that are files, and the URLs of it all.

`read` is the parser proper; `examine_files` opens what is attached and adds the URLs found there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from watchfloor.inspection import limits
from watchfloor.inspection.attachments import Examined, examine
from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.contracts import Header
from watchfloor.inspection.headers import base64_bytes, first, header_block, split_headers
from watchfloor.inspection.html import Page, read_html, tidy
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.pdf import pdf_pictures
from watchfloor.inspection.qr import qr_texts
from watchfloor.inspection.urls import UrlCollector, urls_in

_BODY_TYPES = ("text/plain", "text/html")
_URL_HEADERS = ("list-unsubscribe", "x-originating-url", "reply-to", "from")


@dataclass(frozen=True)
class Reading:
    """One mail read. `body` is where its body begins, `source` its HTML, `parts` what is attached or embedded."""

    headers: tuple[Header, ...]
    body: int
    subject: str
    plain: str
    source: str
    page: Page
    parts: tuple[Part, ...]
    collector: UrlCollector

    @property
    def text(self) -> str:
        """What the reader sees: the HTML's visible text, else the plain text."""
        return self.page.text or self.plain


def read(raw: bytes, cuts: Limits) -> Reading:
    """Headers, bodies and URLs of a raw message. Never raises on what the bytes are."""
    block, body = header_block(raw, cuts)
    headers = split_headers(block, cuts)
    subject = " ".join(first(headers, "subject").split())
    collector = UrlCollector(cuts)
    plains: list[str] = []
    sources: list[str] = []
    others: list[Part] = []
    for part in parts_of(raw, cuts):
        if not part.depth and _is_body(part):
            (sources if part.content_type == "text/html" else plains).append(part.text)
        elif part.depth or part.data or part.file_name:
            others.append(part)
    plain = tidy("\n".join(plains)[: limits.TEXT])
    source = "\n".join(sources)
    page = read_html(source, cuts) if source else Page()
    collector.add_text(subject, "Subject")
    _collect_body(collector, plain, page)
    for name in _URL_HEADERS:
        collector.add_text(first(headers, name)[:4000], "Header")
    return Reading(headers, body, subject, plain, source[: limits.HTML], page, tuple(others), collector)


def _is_body(part: Part) -> bool:
    return part.content_type in _BODY_TYPES and not part.disposition.startswith("attach") and not part.file_name


def _collect_body(collector: UrlCollector, plain: str, page: Page) -> None:
    for link in page.links:
        collector.add(link.href, "Body", link.text)
    for target in page.targets:
        collector.add(target, "Body")
    # What a link merely says is no place the reader can go to.
    said = {url for link in page.links for url in urls_in(link.text)}
    for text in (page.text, plain, page.hidden, page.rest):
        for url in urls_in(text):
            if url not in said or text is plain:
                collector.add(url, "Body")


def examine_files(reading: Reading, blocked: frozenset[str], cuts: Limits) -> tuple[Examined, ...]:
    """Every attachment examined; the URLs in them join those of the mail."""
    files: list[Examined] = []
    images = 0
    for part in reading.parts:
        if part.depth and _is_embedded_text(part, reading.collector, cuts):
            continue
        if not part.data and not part.file_name:
            continue
        if len(files) >= limits.ATTACHMENTS:
            cuts.cut(f"attachments cut at {limits.ATTACHMENTS}")
            break
        examined = examine(part, cuts, blocked)
        files.append(examined)
        for url in examined.urls:
            reading.collector.add(url, "Attachment")
        for picture in _pictures(part, examined, cuts):
            images += _search_codes(picture, reading.collector, images, cuts)
    for picture in _inline_pictures(reading.page):
        images += _search_codes(picture, reading.collector, images, cuts)
    return tuple(files)


def _pictures(part: Part, examined: Examined, cuts: Limits) -> Iterator[bytes]:
    """What may show a QR code: the picture itself, or those on the pages of a PDF."""
    if examined.is_picture:
        yield part.data
    elif examined.attachment.file_type == "application/pdf":
        yield from pdf_pictures(part.data, cuts)


def _inline_pictures(page: Page) -> Iterator[bytes]:
    """Pictures written into the HTML itself as `data:` addresses."""
    for address in page.data:
        head, _, packed = address.partition(",")
        if head[:11].lower() == "data:image/" and head.lower().endswith(";base64"):
            yield base64_bytes(unquote_to_bytes(packed))


def _is_embedded_text(part: Part, collector: UrlCollector, cuts: Limits) -> bool:
    """A text of a mail inside this mail: its links count as the attachment's."""
    if part.content_type == "text/html":
        page = read_html(part.text, cuts)
        for link in page.links:
            collector.add(link.href, "Attachment", link.text)
        collector.add_text(page.text, "Attachment")
        return True
    if part.content_type.startswith("text/") and not part.file_name:
        collector.add_text(part.text[: limits.TEXT], "Attachment")
        return True
    return False


def _search_codes(picture: bytes, collector: UrlCollector, images: int, cuts: Limits) -> int:
    """Search a picture for QR codes; gives 1 when it was searched."""
    if images >= limits.IMAGES:
        cuts.cut(f"QR search cut at {limits.IMAGES} images")
        return 0
    for text in qr_texts(picture, cuts):
        collector.add(text.strip(), "QRCode")
    return 1
