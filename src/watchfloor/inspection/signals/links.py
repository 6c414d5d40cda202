"""Where the mail wants its reader to go."""

import re
from collections.abc import Iterator

from watchfloor.inspection import brands
from watchfloor.inspection.contracts import FoundUrl
from watchfloor.inspection.domain_kinds import (
    FREE_HOSTING,
    RISKY_ENDINGS,
    SHARED_HOSTING,
    SHORTENERS,
    covering,
    redirector,
)
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.html import Link
from watchfloor.inspection.likeness import looks_like
from watchfloor.inspection.urls import Parts, registrable, take_apart, unwrapped
from watchfloor.inspection.view import View

_SHOWN = re.compile(r"\s*(?:https?://)?((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,18})(?:[/?#:]\S*)?\s*\Z", re.IGNORECASE)
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|html?|zip|png|jpe?g|txt|exe|py|js|md)\Z", re.IGNORECASE)
_ODD_SCHEMES = ("javascript:", "data:", "vbscript:", "file:")


def observe(view: View) -> Iterator[Evidence]:
    """All evidence about links; mail of our own people is spared what only strangers would do."""
    for link, parts in view.links[:300]:
        yield from _shown_elsewhere(link, parts, view)
    for found, parts in view.targets[:300]:
        yield from _host(found, parts, view)
        yield from _shape(found, parts, view)
    yield from _page(view)


def _shown_elsewhere(link: Link, parts: Parts, view: View) -> Iterator[Evidence]:
    """The text of a link names one domain, its target is another."""
    shown = _SHOWN.match(link.text)
    if shown is None or _FILE.search(link.text):
        return
    target = unwrapped(link.href, parts)
    real = take_apart(target) if target else parts
    said = registrable(shown[1].lower())
    if real is None or "." not in said or said == real.domain or view.is_own(real.domain):
        return
    words = f"Link text says {shown[1].lower()} but goes to {real.host}"
    if ((owner := brands.owner(said)) and brands.owner(real.domain) != owner) or view.is_own(said):
        yield Evidence("link_text_brand", words)
    else:
        yield Evidence("link_text_differs", words)


def _host(found: FoundUrl, parts: Parts, view: View) -> Iterator[Evidence]:
    host, where = parts.host, _where(found)
    if view.is_own(host):
        return
    if parts.is_ip:
        yield Evidence("ip_url", f"{where} goes to a bare IP address: {quoted(found.url)}")
        return
    if covering(host, SHORTENERS) and not covering(host, SHARED_HOSTING):
        yield Evidence("shortener", f"{where} hides its target behind the shortener {parts.domain}")
    if site := redirector(host, parts.path):
        yield Evidence("redirector", f"{where} hides its target behind {site}, which sends a visitor on to any address")
    if hosting := covering(host, FREE_HOSTING):
        yield Evidence("free_hosting", f"{where} goes to free hosting: {host} ({hosting})")
    elif host.rpartition(".")[2] in RISKY_ENDINGS:
        yield Evidence("risky_ending", f"{where} goes to {host}, an ending often abused")
    if "xn--" in host:
        yield Evidence("punycode_url", f"{where} goes to the disguised name {host}")
    if (brand := brands.brand_in_host(host, parts.domain)) and registrable(view.sender.domain) != parts.domain:
        yield Evidence("brand_in_link", f"{where} carries the name {brand} in {host}, which is not theirs")
    for own in view.facts.own_domains:
        if looks_like(parts.domain, own):
            yield Evidence("lookalike_link", f"{where} goes to {parts.domain}, which looks like our own {own}")


def _where(found: FoundUrl) -> str:
    return {"QRCode": "A QR code", "Attachment": "A link in an attachment", "Subject": "A link in the subject"}.get(
        found.location, "A link"
    )


def _shape(found: FoundUrl, parts: Parts, view: View) -> Iterator[Evidence]:
    if parts.user:
        yield Evidence("user_in_url", f"A link shows {quoted(parts.user, 40)} before the @ but goes to {parts.host}")
    if parts.port not in (None, 80, 443) and not view.is_own(parts.host):
        yield Evidence("odd_port", f"A link goes to port {parts.port} of {parts.host}")
    if found.location == "QRCode":
        yield Evidence("qr_link", f"A QR code in a picture leads to {quoted(found.url)}")
    if view.comes_from_outside and not view.is_own(parts.host):
        lower = found.url.lower()
        recipient = next(
            (
                one
                for one in view.recipients[:20]
                if len(one) > 6 and (one in lower or one.replace("@", "%40") in lower)
            ),
            "",
        )
        if recipient and "unsub" not in lower:
            yield Evidence("recipient_in_url", f"A link to {parts.host} carries the recipient's address {recipient}")


def _page(view: View) -> Iterator[Evidence]:
    for link in view.page.links[:300]:
        if link.href[:12].lower().startswith(_ODD_SCHEMES):
            yield Evidence("script_url", f"A link runs {quoted(link.href, 40)} instead of opening a page")
    if view.page.has_password:
        yield Evidence("password_field", "The mail itself asks for a password in a form")
    elif view.page.has_form:
        yield Evidence(
            "form",
            "The mail holds a form" + (f" that sends to {quoted(view.page.targets[0])}" if view.page.targets else ""),
        )
    for file in view.files:
        if file.urls and file.attachment.file_type == "application/pdf":
            yield Evidence(
                "pdf_link", f"Attachment {quoted(file.attachment.file_name)} links to {quoted(file.urls[0])}"
            )
