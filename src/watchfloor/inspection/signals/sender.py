"""Who the mail claims to be from, and whether that holds."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from watchfloor.inspection import brands, folding
from watchfloor.inspection.addresses import domain_of
from watchfloor.inspection.domain_kinds import FREE_HOSTING, FREE_MAIL, RISKY_ENDINGS, covering
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.likeness import looks_like
from watchfloor.inspection.signals import spoofs
from watchfloor.inspection.urls import registrable
from watchfloor.inspection.view import View

_ADDRESS = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63})+)")
_DIGITS = re.compile(r"\d")
_TRIAL = frozenset(["onmicrosoft.com"])
_MIMIC = re.compile(r"I(?=[a-zI]{2})")
_RUNS = re.compile(r"[a-z0-9]{6,}")
_UNSPEAKABLE = re.compile(
    r"[bcdfghjklmnpqrstvwxz]{6}|(?=[a-z]{8})[bcdfghjklmnpqrstvwxz]{5}[aeiouy][bcdfghjklmnpqrstvwxz]{2}"
)
_DRESSED = re.compile(r"[®™©!?✔✅⚠🔔*|]|_{2,}|_[A-ZÀ-Ý]|[,.]{2,}|,_|\s{2,}\||\d{6,}|#")
_NAME_WORD = re.compile(r"[^\W\d_]{2,}")


def observe(view: View) -> Iterator[Evidence]:
    """All evidence about the sender."""
    if not view.comes_from_outside:
        return
    yield from _brand(view)
    yield from _own_people(view)
    if not spoofs.met(view, view.facts.allowed) or spoofs.met(view, view.facts.blocked):
        yield from _own_domain(view)
        yield from _authentication(view)
    yield from _replies(view)
    yield from _shape(view)


def claimed_brand(view: View) -> str:
    """The brand that the display name claims though the address is not the brand's, "" when none."""
    name = view.sender.name
    brand = brands.brand_named(folding.fold(name)) or brands.brand_named(folding.fold(_MIMIC.sub("l", name)))
    theirs = bool(brand) and (brands.belongs(view.sender_domain, brand) or view.is_own(view.sender.domain))
    return "" if theirs else brand


def claimed_person(view: View) -> tuple[str, str] | None:
    """Name and address of the person of ours whose name an address from outside carries."""
    if not view.sender.name or view.is_own(view.sender.domain):
        return None
    written = _name_words(view.sender.name)
    if len(written) < 2:
        return None
    return next(
        (
            (name, address)
            for name, address in view.facts.people
            if _name_words(name) == written and address.lower() != view.sender.address
        ),
        None,
    )


@lru_cache(maxsize=16_384)
def _name_words(name: str) -> frozenset[str]:
    return frozenset(_NAME_WORD.findall(folding.fold(name)))


def imitated_domain(view: View) -> str:
    """The domain of ours that the sender's imitates, "" when none."""
    if view.is_own(view.sender.domain):
        return ""
    return next((own for own in view.facts.own_domains if looks_like(view.sender_domain, own)), "")


def _brand(view: View) -> Iterator[Evidence]:
    if brand := claimed_brand(view):
        yield Evidence(
            "brand_display_name",
            f"Display name {quoted(view.sender.name)} claims {brand}, but the address is at {view.sender.domain or 'no domain'}",
        )
    local = view.sender.address.partition("@")[0]
    if other := brands.brand_in_host(f"{local}.{view.sender.domain}", view.sender_domain):
        yield Evidence(
            "brand_address", f"Sender address {view.sender.address} carries the name {other}, whose domain it is not"
        )


def _own_people(view: View) -> Iterator[Evidence]:
    if person := claimed_person(view):
        name, address = person
        yield Evidence(
            "own_person_outside",
            f"Display name {quoted(view.sender.name)} is that of {name} ({address}), but the mail is from {view.sender.address}",
        )


def _own_domain(view: View) -> Iterator[Evidence]:
    domain = view.sender.domain
    if view.is_own(domain):
        if view.authentication.composite not in ("pass", "softpass"):
            yield Evidence(
                "own_domain_forged",
                f"Sender writes our own domain {domain}, but came from outside without passing authentication",
            )
    elif own := imitated_domain(view):
        yield Evidence("own_domain_lookalike", f"Sender domain {view.sender_domain} looks like our own {own}")


def _authentication(view: View) -> Iterator[Evidence]:
    found = view.authentication
    if found.source == "none":
        return
    if found.dmarc == "fail":
        yield Evidence("dmarc_fail", f"DMARC failed for {view.sender.domain} ({found.source})")
    elif found.composite == "fail":
        yield Evidence("composite_fail", f"Nothing authenticates {view.sender.domain or 'the sender'} ({found.source})")
    if found.spf in ("fail", "softfail"):
        yield Evidence(
            "spf_fail",
            f"SPF {found.spf}: {domain_of(view.mail_from) or view.sender.domain} does not send from this server",
        )
    if found.dkim == "fail":
        yield Evidence("dkim_fail", "The DKIM signature does not fit the mail")


def _replies(view: View) -> Iterator[Evidence]:
    reply, sender = view.reply_to, view.sender
    if not reply.address or reply.address == sender.address:
        return
    theirs = registrable(reply.domain)
    if theirs == view.sender_domain:
        if reply.domain in FREE_MAIL:
            yield Evidence(
                "reply_to_free_mail", f"Answers go to another free mailbox: {reply.address} instead of {sender.address}"
            )
        return
    if reply.domain in FREE_MAIL:
        yield Evidence("reply_to_free_mail", f"Answers go to the free mailbox {reply.address}, not to {sender.domain}")
    else:
        yield Evidence("reply_to_elsewhere", f"Answers go to {reply.domain}, not to {sender.domain}")


def _shape(view: View) -> Iterator[Evidence]:
    name, address, domain = view.sender.name, view.sender.address, view.sender.domain
    if folding.is_mixed(name) or folding.has_hidden_letters(name):
        yield Evidence(
            "sender_disguised",
            f"Display name {quoted(folding.visible(name))} is written with look-alike or invisible letters",
        )
    shown = _ADDRESS.search(name)
    if shown and registrable(shown[1].lower()) != view.sender_domain:
        yield Evidence(
            "sender_two_addresses", f"Display name shows {shown[0]}, but the address is {address or 'missing'}"
        )
    if view.sender_count > 1:
        yield Evidence("several_from", f"The mail has {view.sender_count} From headers")
    if not address:
        yield Evidence("no_sender", "The mail names no sender address")
        return
    if address in view.recipients:
        yield Evidence("sender_is_recipient", f"Sender and recipient are the same address, {address}")
    if len(_DIGITS.findall(domain.rpartition(".")[0])) >= 2 and not domain.startswith("["):
        yield Evidence("sender_digits", f"Sender domain {domain} is numbered")
    if domain.rpartition(".")[2] in RISKY_ENDINGS:
        yield Evidence(
            "sender_risky_ending", f"Sender domain ends in .{domain.rpartition('.')[2]}, an ending often abused"
        )
    if hosting := covering(domain, FREE_HOSTING) or covering(domain, _TRIAL):
        yield Evidence("sender_free_hosting", f"Sender domain {domain} is on free hosting ({hosting})")
    yield from _made_up(view)


def _made_up(view: View) -> Iterator[Evidence]:
    """Names that no person chose: drawn by a machine, or dressed up."""
    address, name = view.sender.address, view.sender.name
    label = view.sender_domain.partition(".")[0]
    if word := next((word for word in _RUNS.findall(label) if _is_drawn(word)), ""):
        yield Evidence("sender_domain_drawn", f"Sender domain {view.sender.domain} looks drawn at random ({word})")
    if word := next((word for word in _RUNS.findall(address.partition("@")[0]) if _is_drawn(word)), ""):
        yield Evidence("sender_name_drawn", f"Sender address {address} looks drawn at random ({word})")
    if found := _DRESSED.search(name):
        yield Evidence(
            "sender_dressed_up", f"Display name {quoted(name)} is dressed up with {quoted(found[0].strip() or '_')}"
        )


def _is_drawn(word: str) -> bool:
    """Whether letters and digits alternate, or no one could speak the letters."""
    switches = sum(1 for left, right in pairwise(word) if left.isdigit() != right.isdigit())
    return switches >= 3 or (word.isalpha() and _UNSPEAKABLE.search(word) is not None)
