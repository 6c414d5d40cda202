"""One raw message in, its whole inspection out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.inspection import authentication, delivery, fingerprints, grouping, limits, signals, verdict
from watchfloor.inspection.addresses import Address, domain_of, parse_address, parse_addresses, parse_date
from watchfloor.inspection.attachments import Examined, examine
from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.contracts import Authentication, Envelope, Header, Inspection, TenantFacts
from watchfloor.inspection.headers import every, first, header_block, split_headers
from watchfloor.inspection.html import Page, read_html, tidy
from watchfloor.inspection.language import language_of
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.qr import qr_texts
from watchfloor.inspection.resolver import Resolver
from watchfloor.inspection.signature import signature_of
from watchfloor.inspection.urls import UrlCollector, urls_in
from watchfloor.inspection.view import View

_BODY_TYPES = ("text/plain", "text/html")
_NETWORK_IDS = ("x-ms-exchange-organization-network-message-id", "x-ms-exchange-crosstenant-network-message-id")


@dataclass(frozen=True)
class _Content:
    """The parts of one mail, read."""

    plain: str
    source: str
    page: Page
    files: tuple[Examined, ...]
    collector: UrlCollector

    @property
    def text(self) -> str:
        """What the reader sees: the HTML's visible text, else the plain text."""
        return self.page.text or self.plain


def inspect(
    raw: bytes, *, envelope: Envelope, facts: TenantFacts, now: datetime, resolver: Resolver | None = None
) -> Inspection:
    """The inspection of one raw message. Never raises on what the bytes are; slow input is for the pool to bound.

    `now` bounds signature and date checks; `resolver` answers DNS questions and is asked only when `facts` allow it.
    """
    cuts = Limits()
    block, body = header_block(raw, cuts)
    headers = split_headers(block, cuts)
    sender = parse_address(first(headers, "from"))
    subject = " ".join(first(headers, "subject").split())
    content = _read(raw, headers, subject, facts, cuts)
    hops = delivery.hops_of(headers)
    mail_from = (envelope.mail_from or parse_address(first(headers, "return-path")).address).lower()
    ip = delivery.sender_ip(envelope, hops)
    checked = _authenticate(
        raw, headers, facts, resolver, ip=ip, mail_from=mail_from, helo=envelope.helo, sender=sender
    )
    to, cc = parse_addresses(every(headers, "to"), cuts), parse_addresses(every(headers, "cc"), cuts)
    recipients = _recipients(envelope, headers, to, cc, cuts)
    direction = delivery.direction_of(
        sender=sender.address or mail_from, recipients=recipients, ip=ip, hops=hops, authentication=checked, facts=facts
    )
    view = View(
        headers=headers,
        facts=facts,
        sender=sender,
        sender_header=first(headers, "from"),
        subject=subject,
        mail_from=mail_from,
        reply_to=parse_address(first(headers, "reply-to")),
        recipients=recipients,
        direction=direction,
        authentication=checked,
        text=content.text,
        plain=content.plain,
        page=content.page,
        urls=content.collector.found,
        files=content.files,
        sender_count=len(every(headers, "from")),
        sender_ip=ip,
    )
    attachments = tuple(file.attachment for file in content.files)
    signature = signature_of(view.text_words, recipients=recipients, html=content.source)
    return Inspection(
        sha256=fingerprints.sha256_of(raw),
        size=len(raw),
        fingerprint=fingerprints.fingerprint_of(raw, headers, body),
        internet_message_id=first(headers, "message-id").strip()[:998],
        date=parse_date(first(headers, "date")),
        subject=subject,
        sender_address=sender.address,
        sender_name=sender.name,
        mail_from=mail_from,
        return_path=parse_address(first(headers, "return-path")).address,
        sender_ip=ip,
        to=to,
        cc=cc,
        recipients=recipients,
        direction=direction,
        language=language_of(content.text or subject),
        headers=headers,
        text=content.text,
        html=content.source,
        urls=content.collector.found,
        attachments=attachments,
        authentication=checked,
        verdict=verdict.weigh(
            signals.observe(view), files=attachments, allowed=signals.lists.allowed_by(view), facts=facts
        ),
        cluster_id=grouping.name_of_first(signature, grouping.file_keys(attachments)),
        signature=signature,
        delivery_location=delivery.stated_location(headers) if authentication.is_microsoft(facts.authserv_ids) else "",
        limits_hit=cuts.hit,
        facts=_extras(headers, view, hops),
    )


def _authenticate(
    raw: bytes,
    headers: tuple[Header, ...],
    facts: TenantFacts,
    resolver: Resolver | None,
    *,
    ip: str,
    mail_from: str,
    helo: str,
    sender: Address,
) -> Authentication:
    """Our border's results; verified here when it left none and look-ups are allowed."""
    found = authentication.read_results(headers, facts.authserv_ids)
    if found.source != "none" or resolver is None or not facts.lookups_allowed:
        return found
    from watchfloor.inspection.verification import verify

    return verify(raw, ip=ip, mail_from=mail_from, helo=helo, from_domain=sender.domain, resolver=resolver)


def _recipients(
    envelope: Envelope, headers: tuple[Header, ...], to: tuple[str, ...], cc: tuple[str, ...], cuts: Limits
) -> tuple[str, ...]:
    """Who got it: the envelope's word, else the delivery headers, else To and Cc."""
    if envelope.recipients:
        return tuple(dict.fromkeys(recipient.lower() for recipient in envelope.recipients))
    delivered = parse_addresses([*every(headers, "x-original-to"), *every(headers, "delivered-to")], cuts)
    return delivered[:1] or tuple(dict.fromkeys((*to, *cc)))


def _read(raw: bytes, headers: tuple[Header, ...], subject: str, facts: TenantFacts, cuts: Limits) -> _Content:
    """Bodies, attachments and URLs of all parts."""
    collector = UrlCollector(cuts)
    plains: list[str] = []
    sources: list[str] = []
    files: list[Examined] = []
    images = 0
    collector.add_text(subject, "Subject")
    for part in parts_of(raw, cuts):
        if part.depth:
            _read_embedded(part, files, collector, facts, cuts)
        elif _is_body(part):
            (sources if part.content_type == "text/html" else plains).append(part.text)
        elif part.data or part.file_name:
            images += _attach(part, files, collector, facts, cuts, images)
    plain = tidy("\n".join(plains)[: limits.TEXT])
    source = "\n".join(sources)
    page = read_html(source, cuts) if source else Page()
    _collect_body(collector, plain, page)
    _collect_headers(collector, headers)
    return _Content(plain, source[: limits.HTML], page, tuple(files), collector)


def _is_body(part: Part) -> bool:
    return part.content_type in _BODY_TYPES and not part.disposition.startswith("attach") and not part.file_name


def _attach(
    part: Part, files: list[Examined], collector: UrlCollector, facts: TenantFacts, cuts: Limits, images: int
) -> int:
    """Examine one attachment; gives 1 when it was an image searched for QR codes."""
    if len(files) >= limits.ATTACHMENTS:
        cuts.cut(f"attachments cut at {limits.ATTACHMENTS}")
        return 0
    examined = examine(part, cuts, facts.blocked)
    files.append(examined)
    for url in examined.urls:
        collector.add(url, "Attachment")
    if not examined.attachment.file_type.startswith("image/") or examined.attachment.size < 100:
        return 0
    if images >= limits.IMAGES:
        cuts.cut(f"QR search cut at {limits.IMAGES} images")
        return 0
    for text in qr_texts(part.data, cuts):
        collector.add(text.strip(), "QRCode")
    return 1


def _read_embedded(
    part: Part, files: list[Examined], collector: UrlCollector, facts: TenantFacts, cuts: Limits
) -> None:
    """A leaf of a mail inside this mail: its links count as the attachment's, its files as files of this mail."""
    if part.content_type == "text/html":
        page = read_html(part.text, cuts)
        for link in page.links:
            collector.add(link.href, "Attachment", link.text)
        collector.add_text(page.text, "Attachment")
    elif part.content_type.startswith("text/") and not part.file_name:
        collector.add_text(part.text[: limits.TEXT], "Attachment")
    elif part.data:
        _attach(part, files, collector, facts, cuts, limits.IMAGES)


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


def _collect_headers(collector: UrlCollector, headers: tuple[Header, ...]) -> None:
    for name in ("list-unsubscribe", "x-originating-url", "reply-to", "from"):
        collector.add_text(first(headers, name)[:4000], "Header")


def _extras(headers: tuple[Header, ...], view: View, hops: tuple[delivery.Hop, ...]) -> dict[str, Any]:
    """What has no field of its own: reply address, network id and hops."""
    found: dict[str, Any] = {"hops": len(hops), "reply_to": view.reply_to.address}
    network = next((value for name in _NETWORK_IDS if (value := first(headers, name))), "")
    if network and authentication.is_microsoft(view.facts.authserv_ids):
        found["network_message_id"] = network.strip()[:64]
    if view.mail_from and domain_of(view.mail_from) != view.sender.domain:
        found["mail_from_domain"] = domain_of(view.mail_from)
    return found
