"""What the mail says, in the families of words that unwanted mail needs."""

import re
from collections.abc import Iterator

from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.view import View
from watchfloor.inspection.vocabulary import said, spoken

_COIN = re.compile(r"\b(?:bitcoins?|btc|monero|litecoin|usdt)\b")
_LABELS = {
    "payment_words": "speaks of payments due or refunds",
    "parcel_words": "speaks of a parcel that waits",
    "crypto_words": "speaks of crypto wallets or coins",
    "errand_words": "asks for an errand as impostors do",
    "prize_words": "promises a prize or gift",
    "adult_words": "offers gambling or dating",
    "health_words": "advertises remedies",
    "offer_words": "advertises",
}


def observe(view: View) -> Iterator[Evidence]:
    """All evidence in the wording."""
    words = view.words
    leads = bool(view.targets) or bool(view.page.targets) or any(file.evidence for file in view.files)
    yield from _credentials(words, leads)
    urgent = said("urgency_words", words)
    if urgent and leads:
        yield Evidence("urgency_words", f"Presses for haste: {quoted(urgent)}")
    if said("urgency_words", view.subject_words):
        yield Evidence(
            "subject_urgent", f"Subject presses for haste: {quoted(said('urgency_words', view.subject_words))}"
        )
    for family, label in _LABELS.items():
        if found := said(family, words):
            yield Evidence(family, f"Text {label}: {quoted(found)}")
    yield from _advance_fee(words)
    if (found := said("extortion_words", words)) and (coin := _COIN.search(words)):
        yield Evidence("extortion_words", f"Threatens and wants to be paid in {coin[0]}: {quoted(found)}")
    if found := said("generic_greeting", words[:2500]):
        yield Evidence("generic_greeting", f"Greets nobody by name: {quoted(found)}")
    if found := said("gift_card_words", words):
        yield Evidence("gift_card_request", f"Asks for gift cards: {quoted(found)}")
    yield from _password(view, words)


def _credentials(words: str, leads: bool) -> Iterator[Evidence]:
    found = said("credential_words", words)
    if found and leads:
        yield Evidence("credential_link", f"Asks to act on an account and gives a link or file: {quoted(found)}")
    elif found:
        yield Evidence("credential_words", f"Speaks of an account at risk: {quoted(found)}")


def _advance_fee(words: str) -> Iterator[Evidence]:
    found = spoken("advance_fee_words", words)
    if found:
        yield Evidence("advance_fee_words", f"Speaks of money waiting for the reader: {quoted(found[0])}")
    if len(found) >= 3:
        yield Evidence(
            "many_advance_fee_words", "Tells an advance-fee story: " + ", ".join(quoted(one, 40) for one in found[:4])
        )


def _password(view: View, words: str) -> Iterator[Evidence]:
    """An encrypted archive whose password stands in the same mail is meant to pass scanners, not to keep a secret."""
    locked = next((file for file in view.files if file.encrypted), None)
    found = said("archive_password", words) if locked else ""
    if locked and found:
        yield Evidence(
            "encrypted_with_password",
            f"Archive {quoted(locked.attachment.file_name)} is encrypted and the text gives its password ({quoted(re.split('[:= ]', found)[0])} …)",
        )
