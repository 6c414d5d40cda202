"""What can still be said of a mail whose reader died: identity, headers and envelope, by our own linear code only."""

from watchfloor.inspection import fingerprints
from watchfloor.inspection.addresses import parse_address, parse_addresses, parse_date
from watchfloor.inspection.contracts import Envelope, Inspection
from watchfloor.inspection.headers import every, first, header_block, split_headers
from watchfloor.inspection.limits import Limits


def unread(raw: bytes, *, envelope: Envelope, reason: str) -> Inspection:
    """An inspection without content or verdict; `reason` says in words why. Never raises."""
    cuts = Limits()
    block, body = header_block(raw, cuts)
    headers = split_headers(block, cuts)
    sender = parse_address(first(headers, "from"))
    to, cc = parse_addresses(every(headers, "to"), cuts), parse_addresses(every(headers, "cc"), cuts)
    return Inspection(
        sha256=fingerprints.sha256_of(raw),
        size=len(raw),
        fingerprint=fingerprints.fingerprint_of(raw, headers, body),
        internet_message_id=first(headers, "message-id").strip()[:998],
        date=parse_date(first(headers, "date")),
        subject=" ".join(first(headers, "subject").split()),
        sender_address=sender.address,
        sender_name=sender.name,
        mail_from=envelope.mail_from.lower(),
        return_path=parse_address(first(headers, "return-path")).address,
        sender_ip=envelope.client_ip,
        to=to,
        cc=cc,
        recipients=tuple(dict.fromkeys(one.lower() for one in envelope.recipients)) or (*to, *cc),
        headers=headers,
        limits_hit=cuts.hit,
        unparsable=reason,
    )
