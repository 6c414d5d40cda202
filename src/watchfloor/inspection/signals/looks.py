"""How the mail is made: hidden text, pictures instead of words, disguised letters, bulk marks."""

import base64
import re
from collections.abc import Iterator

from watchfloor.inspection import folding
from watchfloor.inspection.domain_kinds import PICTURE_HOSTS
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.headers import first
from watchfloor.inspection.urls import take_apart
from watchfloor.inspection.view import View

_EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff]")
_MIMIC = re.compile(r"\b[A-Za-z]?[a-z]+II[a-z]+\b")
_CODE = re.compile(r"[A-Za-z0-9]{10,}")
_REPLY = re.compile(r"\s*(?:re|aw|fwd?|wg)\s*:", re.IGNORECASE)
_MACHINE = re.compile(
    r"@(?:ubuntu|debian|centos|vps|ip-\d|vmi?\d|localhost|server\d|host\d|[^.>@]*\d+(?:v?cpu|gb)\b)[\w.-]*",
    re.IGNORECASE,
)
# The generic test string for unsolicited bulk mail, kept so that this file is not spam itself.
_GTUBE = base64.b64decode(
    "WEpTKkM0SkRCUUFETjEuTlNCTjMqMklETkVOKkdUVUJFLVNUQU5EQVJELUFOVEktVUJFLVRFU1QtRU1BSUwqQy4zNFg="
).decode()


def observe(view: View) -> Iterator[Evidence]:
    """All evidence in the make-up."""
    if _GTUBE in view.text or _GTUBE in view.plain:
        yield Evidence("test_spam", "Holds the GTUBE test string that every filter must mark")
    yield from _disguise(view)
    if view.comes_from_outside:
        yield from _subject(view)
        yield from _hidden(view)
        yield from _bulk(view)
        yield from _shape(view)


def _disguise(view: View) -> Iterator[Evidence]:
    if _is_disguised(view.subject):
        yield Evidence(
            "hidden_letters",
            f"Subject {quoted(folding.visible(view.subject))} is written with invisible or look-alike letters",
        )
    elif _is_disguised(view.text[:4_000]):
        yield Evidence("hidden_letters", "Words in the text are broken by invisible or look-alike letters")


def _is_disguised(text: str) -> bool:
    return (
        _MIMIC.search(text) is not None
        or folding.has_hidden_letters(text)
        or folding.is_mixed(text)
        or folding.is_styled(text)
    )


def _subject(view: View) -> Iterator[Evidence]:
    subject = view.subject
    lower = subject.lower()
    if named := next((one for one in view.recipients[:20] if len(one) > 6 and one in lower), ""):
        yield Evidence("recipient_in_subject", f"Subject holds the recipient's address {named}")
    if code := next((word for word in _CODE.findall(subject) if _is_code(word)), ""):
        yield Evidence("subject_code", f"Subject carries the random code {quoted(code, 30)}")
    if emoji := _EMOJI.search(view.sender.name):
        yield Evidence("sender_emoji", f"Display name carries the picture {emoji[0]}")
    if emoji := _EMOJI.search(subject):
        yield Evidence("subject_emoji", f"Subject carries the picture {emoji[0]}")
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) > 12 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        yield Evidence("subject_shouting", f"Subject shouts: {quoted(subject)}")
    if "!" in subject:
        yield Evidence("subject_exclaims", f"Subject exclaims: {quoted(subject)}")
    if _REPLY.match(subject) and not first(view.headers, "in-reply-to") and not first(view.headers, "references"):
        yield Evidence("fake_reply", f"Subject {quoted(subject)} pretends to answer, but the mail names none before it")


def _is_code(word: str) -> bool:
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _hidden(view: View) -> Iterator[Evidence]:
    hidden = len(view.page.hidden)
    if hidden > 600:
        yield Evidence(
            "much_hidden_text", f"{hidden} characters of text are styled out of sight: {quoted(view.page.hidden)}"
        )
    elif hidden > 300:
        yield Evidence("hidden_text", f"Text is styled out of sight: {quoted(view.page.hidden)}")


def _bulk(view: View) -> Iterator[Evidence]:
    identity = first(view.headers, "message-id")
    if "@" in identity and (machine := _MACHINE.search(identity)):
        yield Evidence("rented_machine", f"Message-ID names a rented machine, {quoted(machine[0], 60)}")
    mailer = first(view.headers, "x-mailer") or first(view.headers, "user-agent")
    if "phpmailer" in mailer.lower():
        yield Evidence("php_mailer", f"Sent by the script {quoted(mailer)}")
    if first(view.headers, "list-unsubscribe") or "unsubscribe" in view.phrases:
        yield Evidence("bulk", "Sent to many: it offers to unsubscribe")


def _shape(view: View) -> Iterator[Evidence]:
    """A picture or a line of text around one link says only: click."""
    for image in view.page.images[:50]:
        if (parts := take_apart(image)) and parts.domain in PICTURE_HOSTS:
            yield Evidence("hotlinked_picture", f"Shows a picture from the free picture host {parts.domain}")
            break
    if not view.targets:
        return
    if view.page.linked_images and view.body_length < 200:
        yield Evidence("linked_image_only", "A linked picture stands in the place of text")
