"""One raw message in, its whole inspection out."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from watchfloor.inspection import (
    authentication,
    delivery,
    fingerprints,
    grouping,
    microsoft,
    signals,
    upstream,
    verdict,
)
from watchfloor.inspection.addresses import Address, domain_of, parse_address, parse_addresses, parse_date
from watchfloor.inspection.contracts import (
    Authentication,
    Envelope,
    Evidence,
    Header,
    Inspection,
    MicrosoftReport,
    TenantFacts,
)
from watchfloor.inspection.headers import every, first
from watchfloor.inspection.language import language_of
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.reading import examine_files, read
from watchfloor.inspection.resolver import Resolver
from watchfloor.inspection.signals.intent import intent_of
from watchfloor.inspection.signature import signature_of
from watchfloor.inspection.tenant_headers import TenantBlock, tenant_block
from watchfloor.inspection.view import View


def inspect(
    raw: bytes, *, envelope: Envelope, facts: TenantFacts, now: datetime, resolver: Resolver | None = None
) -> Inspection:
    """The inspection of one raw message. Never raises on what the bytes are; slow input is for the pool to bound.

    `now` bounds signature and date checks; `resolver` answers DNS questions and is asked only when `facts` allow it.
    """
    cuts = Limits()
    reading = read(raw, cuts)
    headers = reading.headers
    files = examine_files(reading, facts.blocked, cuts)
    sender = parse_address(first(headers, "from"))
    hops = delivery.hops_of(headers)
    mail_from = (envelope.mail_from or parse_address(first(headers, "return-path")).address).lower()
    block = tenant_block(headers, envelope, facts)
    report = microsoft.report_of(block) if block else None
    ip = report.sender_ip if report else delivery.sender_ip(envelope, hops)
    checked = _authenticate(
        raw, headers, facts, resolver, block, ip=ip, mail_from=mail_from, helo=envelope.helo, sender=sender
    )
    to, cc = parse_addresses(every(headers, "to"), cuts), parse_addresses(every(headers, "cc"), cuts)
    recipients = _recipients(envelope, headers, to, cc, cuts)
    direction = (report.direction if report else "") or delivery.direction_of(
        sender=sender.address or mail_from, recipients=recipients, ip=ip, hops=hops, authentication=checked, facts=facts
    )
    view = View(
        headers=headers,
        facts=facts,
        sender=sender,
        sender_header=first(headers, "from"),
        subject=reading.subject,
        mail_from=mail_from,
        reply_to=parse_address(first(headers, "reply-to")),
        recipients=recipients,
        direction=direction,
        authentication=checked,
        text=reading.text,
        plain=reading.plain,
        page=reading.page,
        urls=reading.collector.found,
        files=files,
        sender_count=len(every(headers, "from")),
        sender_ip=ip,
    )
    attachments = tuple(file.attachment for file in files)
    signature = signature_of(view.text_words, recipients=recipients, html=reading.source)
    judged = verdict.weigh(
        (*signals.observe(view), *_imported(headers, envelope, facts, report, checked)),
        files=attachments,
        allowed=signals.lists.allowed_by(view),
        facts=facts,
    )
    return Inspection(
        sha256=fingerprints.sha256_of(raw),
        size=len(raw),
        fingerprint=fingerprints.fingerprint_of(raw, headers, reading.body),
        internet_message_id=first(headers, "message-id").strip()[:998],
        date=parse_date(first(headers, "date")),
        subject=reading.subject,
        sender_address=sender.address,
        sender_name=sender.name,
        mail_from=mail_from,
        return_path=parse_address(first(headers, "return-path")).address,
        sender_ip=ip,
        to=to,
        cc=cc,
        recipients=recipients,
        direction=direction,
        language=(report.language if report else "") or language_of(reading.text or reading.subject),
        headers=headers,
        text=reading.text,
        html=reading.source,
        urls=reading.collector.found,
        attachments=attachments,
        authentication=checked,
        verdict=judged,
        cluster_id=grouping.name_of_first(signature, grouping.file_keys(attachments)),
        signature=signature,
        delivery_location=report.location if report else "",
        microsoft=report,
        limits_hit=cuts.hit,
        facts=_extras(view, hops) | (intent_of(view, judged.reasons) if judged.threat_types else {}),
    )


def _authenticate(
    raw: bytes,
    headers: tuple[Header, ...],
    facts: TenantFacts,
    resolver: Resolver | None,
    block: TenantBlock | None,
    *,
    ip: str,
    mail_from: str,
    helo: str,
    sender: Address,
) -> Authentication:
    """Our border's results; verified here when it left none and look-ups are allowed."""
    found = authentication.read_tenant_results(block.above) if block else Authentication()
    if found.source == "none":
        found = authentication.read_results(headers, facts.authserv_ids)
    if found.source != "none" or resolver is None or not facts.lookups_allowed:
        return found
    from watchfloor.inspection.verification import verify

    return verify(raw, ip=ip, mail_from=mail_from, helo=helo, from_domain=sender.domain, resolver=resolver)


def _imported(
    headers: tuple[Header, ...],
    envelope: Envelope,
    facts: TenantFacts,
    report: MicrosoftReport | None,
    checked: Authentication,
) -> Iterator[Evidence]:
    """What filters of our own wrote before the mail came here."""
    yield from upstream.evidence_of(headers, envelope, facts)
    if report:
        yield from microsoft.evidence_of(report, checked)


def _recipients(
    envelope: Envelope, headers: tuple[Header, ...], to: tuple[str, ...], cc: tuple[str, ...], cuts: Limits
) -> tuple[str, ...]:
    """Who got it: the envelope's word, else the delivery headers, else To and Cc."""
    if envelope.recipients:
        return tuple(dict.fromkeys(recipient.lower() for recipient in envelope.recipients))
    delivered = parse_addresses([*every(headers, "x-original-to"), *every(headers, "delivered-to")], cuts)
    return delivered[:1] or tuple(dict.fromkeys((*to, *cc)))


def _extras(view: View, hops: tuple[delivery.Hop, ...]) -> dict[str, Any]:
    """What has no field of its own: reply address and hops."""
    found: dict[str, Any] = {"hops": len(hops), "reply_to": view.reply_to.address}
    if view.mail_from and domain_of(view.mail_from) != view.sender.domain:
        found["mail_from_domain"] = domain_of(view.mail_from)
    return found
