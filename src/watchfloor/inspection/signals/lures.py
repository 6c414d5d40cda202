"""Two suspicious things together: what the mail says, where it leads, and who says it."""

import re
from collections.abc import Iterator

from watchfloor.inspection import brands
from watchfloor.inspection.domain_kinds import FREE_MAIL
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.folding import fold
from watchfloor.inspection.signals.calls import Call, Calls
from watchfloor.inspection.signals.wording import AD_LURES, PHISH_LURES
from watchfloor.inspection.view import View
from watchfloor.inspection.vocabulary import speaks_for_an_office

_NAME_WORD = re.compile(r"[^\W\d_]{2,}")
_COMMON = frozenset(["team", "from", "your", "info", "news", "mail", "newsletter", "support", "service"])
_STRANGE = ("foreign", "hidden", "risky")
_MACHINES = ("mailer-daemon@", "postmaster@")
_DEMANDS = ("account", "payment", "legal", "parcel", "wallet", "prize")
_FORTUNE = re.compile(
    r"(?:[$€£]|\b(?:usd|us\$|eur|euros?|gbp|pounds?|dollars?|dolares)) ?\d{1,3}(?:[.,]\d{3}){2,}"
    r"|[$€£] ?\d{3}[.,]\d{3}|\b\d[\d.,]* ?(?:million|milhoes|millones|millionen|milioni|miljoen|millions)\b[ \w]{0,12}"
    r"(?:usd|dollars|euros?|dolares|pounds|[$€£])|[$€£] ?\d[\d.,]* ?(?:m\b|million)"
)
_SHORT = 300
_HIDDEN = 20


def observe(view: View) -> Iterator[Evidence]:
    """All evidence from things that are harmless alone."""
    if not view.comes_from_outside:
        return
    calls = Calls(view)
    strange = calls.first(*_STRANGE)
    yield from _places(view, calls)
    yield from _led(view, calls, strange)
    yield from _pressed(view, strange)
    yield from _many(view, calls)
    yield from _free_sender(view, calls)
    yield from _claimed_brand(view, calls, strange)
    yield from _little_text(view, calls)
    yield from _stranger(view, calls, strange)


def _stranger(view: View, calls: Calls, strange: Call | None) -> Iterator[Evidence]:
    """A sender that its own mail does not know: its name stands in no address, its domain nowhere in what it sends."""
    domain, name = view.sender_domain, view.sender.name
    words = [word for word in _NAME_WORD.findall(fold(name)) if word not in _COMMON]
    hosts = " ".join(call.parts.host for call in calls.all)
    address = re.sub(r"[^a-z0-9@]", "", view.sender.address)
    told = any(word[:6] in address or word[:6] in hosts for word in words) or _initials(name) in address
    if strange and view.links and any(len(word) > 3 for word in words) and not told:
        yield Evidence("nobody_calls", f"Display name {quoted(name)} stands in no address, and {strange.words}")
    label = domain.partition(".")[0]
    known = len(label) < 4 or domain in FREE_MAIL or label in view.words or label in hosts
    if strange and view.links and not known:
        yield Evidence("stranger_calls", f"The mail never mentions its sender's {domain}, and {strange.words}")


def _initials(name: str) -> str:
    letters = "".join(word[0] for word in re.findall(r"[a-z]+", fold(name)))
    return letters if len(letters) > 2 else "@@"


def _places(view: View, calls: Calls) -> Iterator[Evidence]:
    if call := calls.first("foreign", "risky"):
        yield Evidence(
            "foreign_call",
            f"{call.sentence}, which has nothing to do with the sender's {view.sender.domain or 'address'}",
        )
    if call := calls.first("hidden"):
        yield Evidence("hidden_call", f"{call.sentence}, where anyone can put a page or hide a target")
    if call := calls.only_target:
        yield Evidence(
            "one_strange_target", f"All {len(calls.all)} links lead to {call.parts.domain}, which is not the sender's"
        )


def _led(view: View, calls: Calls, strange: Call | None) -> Iterator[Evidence]:
    """A lure and a link to a strange place."""
    bare = strange or calls.any("hidden", "risky") or (calls.first("shared") if "account" in view.phrases else None)
    if bare is None:
        if (found := view.phrases.get("wallet")) and (mailed := calls.first("mailer")):
            yield Evidence("wallet_call", f"Says {quoted(found[0], 50)}, and {mailed.words}")
        return
    for family in (*PHISH_LURES, *AD_LURES):
        if found := view.phrases.get(family):
            yield Evidence(f"{family}_call", f"Says {quoted(found[0], 50)}, and {bare.words}")
    if lure := next((family for family in PHISH_LURES if family in view.subject_phrases), ""):
        yield Evidence(
            "subject_lure_call", f"Subject says {quoted(view.subject_phrases[lure][0], 50)}, and {bare.words}"
        )
    if found := view.phrases.get("haste"):
        yield Evidence("haste_call", f"Presses for haste ({quoted(found[0], 50)}), and {bare.words}")


def _pressed(view: View, strange: Call | None) -> Iterator[Evidence]:
    """Haste, a lure and perhaps nobody's name: how phishing talks, wherever it leads."""
    phrases = view.phrases
    lure = next((family for family in _DEMANDS if family in phrases), "")
    if lure and "haste" in phrases:
        yield Evidence(
            "hasty_lure",
            f"Says {quoted(phrases[lure][0], 50)} and presses for haste: {quoted(phrases['haste'][0], 50)}",
        )
    if lure and "greeting" in phrases:
        yield Evidence(
            "nameless_lure", f"Says {quoted(phrases[lure][0], 50)} but greets {quoted(phrases['greeting'][0], 40)}"
        )
    if strange and "greeting" in phrases:
        yield Evidence("nameless_call", f"Greets {quoted(phrases['greeting'][0], 40)}, and {strange.words}")
    if strange and len(view.page.hidden) > _HIDDEN:
        yield Evidence(
            "hidden_text_call", f"Text is styled out of sight ({quoted(view.page.hidden)}), and {strange.words}"
        )


def _many(view: View, calls: Calls) -> Iterator[Evidence]:
    phish = [family for family in PHISH_LURES if family in view.phrases]
    ads = [family for family in AD_LURES if family in view.phrases]
    said = ", ".join(quoted(view.phrases[family][0], 40) for family in (*phish, *ads)[:4])
    if len(phish) >= 2:
        yield Evidence("several_lures", f"Uses several lures of phishing at once: {said}")
    if len(phish) + len(ads) >= 4:
        yield Evidence("many_lures", f"Uses many lures at once: {said}")
    if (phish or ads) and "unsubscribe" in view.phrases and (call := calls.first(*_STRANGE)):
        yield Evidence("bulk_call", f"Sent to many ({quoted(view.phrases['unsubscribe'][0], 30)}), and {call.words}")


def _free_sender(view: View, calls: Calls) -> Iterator[Evidence]:
    """A free mailbox that speaks for an office, or that strangers shall answer to."""
    domain = view.sender.domain
    if domain not in FREE_MAIL or view.sender.address.startswith(_MACHINES):
        return
    phrases = view.phrases
    if speaks_for_an_office(fold(view.sender.name)):
        yield Evidence(
            "office_at_free_mail",
            f"Display name {quoted(view.sender.name)} speaks for an office, but the mailbox is free at {domain}",
        )
    lure = next((family for family in _DEMANDS if family in phrases), "")
    if lure:
        yield Evidence("free_mail_lure", f"Says {quoted(phrases[lure][0], 50)} from a free mailbox at {domain}")
    told = next((family for family in ("fortune", "appeal", "finance", "pitch") if family in phrases), "")
    if told:
        yield Evidence("free_mail_appeal", f"Says {quoted(phrases[told][0], 50)} from a free mailbox at {domain}")
    if sum_ := _FORTUNE.search(view.words[:3000]):
        yield Evidence("free_mail_fortune", f"A free mailbox at {domain} speaks of {quoted(sum_[0], 40)}")
    if hidden := calls.any("hidden", "risky"):
        yield Evidence("free_mail_hidden_link", f"A free mailbox at {domain} sends a link to {hidden.parts.host}")


def _claimed_brand(view: View, calls: Calls, strange: Call | None) -> Iterator[Evidence]:
    domain = view.sender_domain
    if strange is None or view.is_own(view.sender.domain):
        return
    sending = brands.owner(domain)
    theirs = {brands.owner(call.parts.domain) for call in calls.all}
    if sending and sending not in theirs and domain not in FREE_MAIL:
        yield Evidence("brand_sender_strange_call", f"Writes as {sending} ({view.sender.address}), but {strange.words}")
        if strange.kind != "foreign":
            yield Evidence("brand_sender_hidden_call", f"{sending} would not hide where it leads: {strange.words}")
    named = brands.brands_named(f"{view.subject_words}\n{fold(view.text[:200])}")
    if brand := next((one for one in named if not brands.belongs(domain, one)), ""):
        yield Evidence(
            "brand_strange_call",
            f"Names {brand} first, but comes from {view.sender.domain or 'no domain'}, and {strange.words}",
        )


def _little_text(view: View, calls: Calls) -> Iterator[Evidence]:
    length = view.body_length
    hidden = calls.any("hidden", "risky")
    if length < _SHORT and hidden:
        yield Evidence("short_hidden_link", f"Only {length} characters of text, and {hidden.words}")
    if length < _SHORT and (strange := calls.first("foreign")):
        yield Evidence("short_foreign_link", f"Only {length} characters of text, and {strange.words}")
    if length < 200 and view.page.linked_images and (strange := calls.first(*_STRANGE)):
        yield Evidence("picture_strange_link", f"A linked picture stands in the place of text, and {strange.words}")
    if (
        length < 80
        and (view.sender.domain in FREE_MAIL or calls.all)
        and not calls.any("sender")
        and any(file.attachment.file_type == "application/pdf" for file in view.files)
    ):
        yield Evidence("bare_pdf", f"Only {length} characters of text around a PDF")
