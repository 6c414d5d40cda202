"""What the mail says, in the families of words that unwanted mail needs."""

import re
from collections.abc import Iterator

from watchfloor.inspection.domain_kinds import FREE_MAIL
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.view import View
from watchfloor.inspection.vocabulary import spelled_apart

_COIN = re.compile(r"\b(?:bitcoins?|btc|monero|litecoin|usdt)\b")
_ARCHIVE_PASSWORD = re.compile(
    r"(?:password|passwort|kennwort|mot de passe|contrasena|senha|wachtwoord|passcode|pass|pwd|pin)"
    r"(?: (?:is|for|to|ist|lautet|est|es|e|zum|fur|of)\b[^\n:]{0,30})?\s*[:=]?\s*[\w!@#$%-]{3,20}"
)
_PLACEHOLDER = re.compile(
    r"(?:\{\{?|\[\[?|%%|\*\||<<)\s*[$%]?(?:contact[._])?(?:first|last|full|sur|user|customer|client|recipient|display)?[ _.-]?"
    r"(?:name|fname|lname|vorname|nachname|salutation|anrede|prenom|nom|nombre|nome|email|mail|emailaddress|sobrenome)\s*"
    r"(?:\}\}?|\]\]?|%%|\|\*|>>)",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://\S{4,}", re.IGNORECASE)
_GREETED_URL = re.compile(
    r"(?:^|\n)\s*(?:hi|hello|hey|dear|hallo|hola|ol[aá]|bonjour|welcome|ciao)\b"
    r"(?:[^\n,:.;]|(?<=\d)[.,](?=\d)){0,60}?https?://\S{4,}",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?:\+?\(?\d{1,4}\)?[\s.\-–()]{0,3}){2,5}\d{3,4}")
_MONEY = re.compile(r"[$€£]\s?\d|\d\s?[$€£]|\b(?:usd|eur|gbp|r\$)\s?\d|\d\s?(?:usd|eur|gbp|dollars)\b")
_FAMILIES = {
    "account": "speaks of an account to be confirmed or saved",
    "payment": "speaks of payments due, failed or refunded",
    "document": "points to a document to be opened",
    "legal": "speaks of courts, fines or authorities",
    "parcel": "speaks of a parcel that waits",
    "wallet": "speaks of crypto wallets or coins",
    "prize": "promises a prize or gift",
    "fortune": "speaks of money waiting for the reader",
    "appeal": "asks a stranger for help or an answer",
    "errand": "asks for an errand as impostors do",
    "bank_change": "wants bank details changed or money transferred",
    "gambling": "offers gambling",
    "dating": "offers dating",
    "health": "advertises remedies",
    "finance": "offers income, loans or insurance",
    "offer": "advertises",
    "pitch": "sells services to businesses",
}
PHISH_LURES = ("account", "payment", "document", "legal", "parcel", "wallet", "prize")
AD_LURES = ("fortune", "finance", "offer", "health", "gambling", "dating", "pitch")


def observe(view: View) -> Iterator[Evidence]:
    """All evidence in the wording."""
    phrases = view.phrases
    for family, label in _FAMILIES.items():
        if found := phrases.get(family):
            yield Evidence(f"{family}_words", f"Text {label}: {_listed(found)}")
    yield from _haste(view)
    yield from _stories(view)
    yield from _subject(view)
    yield from _address(view)
    yield from _crafted(view)
    yield from _password(view)


def _listed(found: tuple[str, ...]) -> str:
    return ", ".join(quoted(one, 50) for one in found[:2])


def _haste(view: View) -> Iterator[Evidence]:
    if found := view.phrases.get("haste"):
        yield Evidence("haste_words", f"Presses for haste: {_listed(found)}")
    if found := view.subject_phrases.get("haste"):
        yield Evidence("subject_urgent", f"Subject presses for haste: {_listed(found)}")


def _stories(view: View) -> Iterator[Evidence]:
    phrases, words = view.phrases, view.words
    fortune = phrases.get("fortune", ())
    if len(fortune) >= 3:
        yield Evidence(
            "fortune_story", f"Tells an advance-fee story: {', '.join(quoted(one, 40) for one in fortune[:4])}"
        )
    if fortune and (appeal := phrases.get("appeal")):
        yield Evidence(
            "fortune_appeal",
            f"Speaks of money ({quoted(fortune[0], 40)}) and asks for an answer ({quoted(appeal[0], 40)})",
        )
    threat = phrases.get("extortion", ())
    if threat and (coin := _COIN.search(words)):
        yield Evidence("extortion_words", f"Threatens and wants to be paid in {coin[0]}: {_listed(threat)}")
    if len(threat) >= 3:
        yield Evidence(
            "extortion_story", f"Tells a story of blackmail: {', '.join(quoted(one, 40) for one in threat[:4])}"
        )
    if found := phrases.get("gift_card"):
        yield Evidence("gift_card_request", f"Asks for gift cards: {_listed(found)}")
    asked = phrases.get("call_us", ())
    lacks_link = not any(location != "Header" for location in (url.location for url in view.urls))
    if (
        asked
        and (lacks_link or view.sender.domain in FREE_MAIL)
        and ("payment" in phrases or "account" in phrases)
        and _MONEY.search(words)
        and (number := _PHONE.search(words))
    ):
        yield Evidence(
            "call_about_charge",
            f"Tells of a charge and gives a number to call, {quoted(number[0], 30)}: {_listed(asked)}",
        )


def _subject(view: View) -> Iterator[Evidence]:
    found = view.subject_phrases
    if lure := next((family for family in PHISH_LURES if family in found), ""):
        yield Evidence("subject_lure", f"Subject {_FAMILIES[lure]}: {_listed(found[lure])}")
    if lure := next((family for family in AD_LURES if family in found), ""):
        yield Evidence("subject_ad", f"Subject {_FAMILIES[lure]}: {_listed(found[lure])}")


def _address(view: View) -> Iterator[Evidence]:
    """Whom the mail greets."""
    start = view.text[:400].lower()
    address = next((one for one in view.recipients[:20] if len(one) > 6 and one in start), "")
    if address and (start.lstrip().startswith(address) or _GREETS.search(start[: start.index(address)])):
        yield Evidence("greets_address", f"Greets the reader by the address {address}, not by a name")
    elif found := view.phrases.get("greeting"):
        yield Evidence("generic_greeting", f"Greets nobody by name: {_listed(found)}")


_GREETS = re.compile(
    r"(?:dear|hello|hi|hey|attn:?|attention|user|customer|hallo|guten tag|liebe[r]?|bonjour|cher|chère|estimad[oa]|hola|ol[aá]|prezad[oa]|caro|gentile|ciao|beste|geachte|dag|sr\(?a?\)?\.?|senhora?|boa tarde|bom dia)[\s,:!.()a]{0,6}\Z"
)


def _crafted(view: View) -> Iterator[Evidence]:
    if found := _URL.search(view.subject) or _URL.search(view.sender.name):
        yield Evidence("url_in_subject", f"Subject or display name carries the address {quoted(found[0], 60)}")
    elif found := _GREETED_URL.search(view.text[:400]):
        yield Evidence(
            "url_in_greeting",
            f"The greeting carries an address, as forms do that strangers fill in: {quoted(found[0], 80)}",
        )
    if gap := spelled_apart(view.words[:20_000]):
        yield Evidence("spelled_apart", f"A word is written with gaps between its letters: {quoted(gap, 40)}")
    text = f"{view.sender.name}\n{view.subject}\n{view.text[:3000]}"
    if found := _PLACEHOLDER.search(text):
        yield Evidence("unfilled_placeholder", f"A mass mailer left its placeholder {quoted(found[0], 40)} unfilled")


def _password(view: View) -> Iterator[Evidence]:
    """An encrypted archive whose password stands in the same mail is meant to pass scanners, not to keep a secret."""
    locked = next((file for file in view.files if file.encrypted), None)
    found = _ARCHIVE_PASSWORD.search(view.words) if locked else None
    if locked and found:
        yield Evidence(
            "encrypted_with_password",
            f"Archive {quoted(locked.attachment.file_name)} is encrypted and the text gives its password ({quoted(re.split('[:= ]', found[0])[0])} …)",
        )
