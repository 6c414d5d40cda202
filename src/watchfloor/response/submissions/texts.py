"""What reporters are answered: templates in English and German, filled by plain replacement. Pure.

Strangers' words in them (subject, sender) are shown as text only, with their links broken, since the answer comes from us.
"""

import re
from collections.abc import Mapping

from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import visible
from watchfloor.response.submissions.contracts import Mark

LANGUAGES = {"en": "English", "de": "Deutsch"}
WHICH = {
    "received-threat": "Received, and our own check found a threat",
    "received": "Received, and a person looks at it",
    "phishing": "Marked as phishing",
    "malware": "Marked as malware",
    "spam": "Marked as spam",
    "clean": "Marked as no threats found",
    "simulation": "It was a phishing simulation of our own",
}
PLACEHOLDERS = {
    "{name}": "who reported it",
    "{subject}": "subject of the reported mail",
    "{sender}": "its sender",
    "{reported}": "when it was reported",
    "{verdict}": "what our own check says",
    "{note}": "what the analyst writes to the reporters",
}
OF_MARK = {Mark.PHISH: "phishing", Mark.MALWARE: "malware", Mark.SPAM: "spam", Mark.CLEAN: "clean"}
LONGEST_SUBJECT, LONGEST_TEXT = 150, 4000

DEFAULTS: dict[str, tuple[str, str]] = {
    "en received-threat": (
        "Your report: this mail is dangerous",
        "Hello {name},\n\nthank you for reporting “{subject}” from {sender}.\n\nOur first check says: {verdict}. Do not open its "
        "links or files, and delete it. If you have already clicked or entered a password, tell the security team at once.",
    ),
    "en received": (
        "Your report has arrived",
        "Hello {name},\n\nthank you for reporting “{subject}” from {sender}.\n\nOur first check says: {verdict}. Somebody of the "
        "security team looks at it; until you hear from us, please leave its links and files alone.",
    ),
    "en phishing": (
        "Your report: it was phishing",
        "Hello {name},\n\nyou reported “{subject}” from {sender} on {reported}. You were right: it is phishing. Please delete "
        "it. If you clicked or entered a password, tell the security team at once.\n\n{note}",
    ),
    "en malware": (
        "Your report: it was malware",
        "Hello {name},\n\nyou reported “{subject}” from {sender} on {reported}. You were right: it carries malware. Please delete "
        "it. If you opened a file or a link in it, leave your device as it is and tell the security team at once.\n\n{note}",
    ),
    "en simulation": (
        "Your report: well spotted",
        "Hello {name},\n\nyou reported “{subject}” from {sender} on {reported}. It was an exercise of our own, and you saw through "
        "it. That is exactly what to do with a mail like this.\n\n{note}",
    ),
    "en spam": (
        "Your report: it was spam",
        "Hello {name},\n\nyou reported “{subject}” from {sender} on {reported}. It is unwanted mail, but not an attack. You can "
        "delete it.\n\n{note}",
    ),
    "en clean": (
        "Your report: no threat found",
        "Hello {name},\n\nyou reported “{subject}” from {sender} on {reported}. We looked at it and found no threat. It was right "
        "to ask.\n\n{note}",
    ),
    "de received-threat": (
        "Ihre Meldung: Diese E-Mail ist gefährlich",
        "Guten Tag {name},\n\nvielen Dank, dass Sie „{subject}“ von {sender} gemeldet haben.\n\nUnsere erste Prüfung sagt: "
        "{verdict}. Öffnen Sie keine Links oder Anhänge und löschen Sie die E-Mail. Falls Sie schon geklickt oder ein Passwort "
        "eingegeben haben, sagen Sie bitte sofort dem Sicherheitsteam Bescheid.",
    ),
    "de received": (
        "Ihre Meldung ist angekommen",
        "Guten Tag {name},\n\nvielen Dank, dass Sie „{subject}“ von {sender} gemeldet haben.\n\nUnsere erste Prüfung sagt: "
        "{verdict}. Jemand aus dem Sicherheitsteam sieht sie sich an; bitte lassen Sie Links und Anhänge bis dahin in Ruhe.",
    ),
    "de phishing": (
        "Ihre Meldung: Es war Phishing",
        "Guten Tag {name},\n\nSie haben am {reported} „{subject}“ von {sender} gemeldet. Sie hatten recht: Es ist Phishing. "
        "Bitte löschen Sie die E-Mail. Falls Sie geklickt oder ein Passwort eingegeben haben, sagen Sie bitte sofort dem "
        "Sicherheitsteam Bescheid.\n\n{note}",
    ),
    "de malware": (
        "Ihre Meldung: Es war Schadsoftware",
        "Guten Tag {name},\n\nSie haben am {reported} „{subject}“ von {sender} gemeldet. Sie hatten recht: Die E-Mail enthält "
        "Schadsoftware. Bitte löschen Sie sie. Falls Sie eine Datei oder einen Link darin geöffnet haben, lassen Sie Ihr Gerät, wie "
        "es ist, und sagen Sie bitte sofort dem Sicherheitsteam Bescheid.\n\n{note}",
    ),
    "de simulation": (
        "Ihre Meldung: gut erkannt",
        "Guten Tag {name},\n\nSie haben am {reported} „{subject}“ von {sender} gemeldet. Es war eine Übung von uns, und Sie haben sie "
        "durchschaut. Genau so ist es mit einer solchen E-Mail richtig.\n\n{note}",
    ),
    "de spam": (
        "Ihre Meldung: Es war Spam",
        "Guten Tag {name},\n\nSie haben am {reported} „{subject}“ von {sender} gemeldet. Es ist unerwünschte Werbung, aber kein "
        "Angriff. Sie können die E-Mail löschen.\n\n{note}",
    ),
    "de clean": (
        "Ihre Meldung: keine Bedrohung gefunden",
        "Guten Tag {name},\n\nSie haben am {reported} „{subject}“ von {sender} gemeldet. Wir haben die E-Mail geprüft und keine "
        "Bedrohung gefunden. Es war richtig, zu fragen.\n\n{note}",
    ),
}
VERDICTS = {
    "en": {"Phish": "phishing", "Malware": "malware", "Spam": "spam", "": "no threat found so far"},
    "de": {"Phish": "Phishing", "Malware": "Schadsoftware", "Spam": "Spam", "": "bisher keine Bedrohung gefunden"},
}
_PLACE = re.compile(r"\{[a-z]+\}")


def check_text(subject: str, text: str) -> None:
    """Raise BadInput for an empty or overlong text, or a placeholder there is not."""
    if not subject.strip() or not text.strip():
        raise BadInput("a text needs a subject and words", place="texts")
    if len(subject) > LONGEST_SUBJECT or len(text) > LONGEST_TEXT:
        raise BadInput(f"at most {LONGEST_SUBJECT} characters of subject and {LONGEST_TEXT:,} of text", place="texts")
    for found in _PLACE.findall(subject + text):
        if found not in PLACEHOLDERS:
            raise BadInput(f"there is no placeholder {found}; there are {', '.join(PLACEHOLDERS)}", place="texts")


def template(which: str, *, language: str, texts: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """(subject, text) of a template, the organisation's own where it has one."""
    key = f"{language if language in LANGUAGES else 'en'} {which}"
    return texts.get(key) or DEFAULTS[key]


def filled(pair: tuple[str, str], facts: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text with the placeholders filled in one pass: what a value holds is never a placeholder itself."""
    values = {name: harmless(facts.get(name.strip("{}"), "")) for name in PLACEHOLDERS}
    subject, text = (_PLACE.sub(lambda found: values.get(found[0], found[0]), one) for one in pair)
    return subject, re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def harmless(text: str) -> str:
    """A stranger's words as text no mail program makes a link of."""
    plain = visible(text)[:300]
    plain = re.sub(r"(?i)\bhttp(s?)://", r"hxxp\1://", plain)
    return re.sub(r"(?i)\b(www|[a-z0-9-]{1,63})\.(?=[a-z0-9-]{2,63}\b)", lambda found: f"{found[1]}[.]", plain)


def verdict_words(threats: list[str], *, language: str) -> str:
    """Our own verdict in the reporter's language."""
    words = VERDICTS.get(language, VERDICTS["en"])
    return words.get(threats[0] if threats else "", words[""])


def storable(text: object) -> str:
    """Text that every database keeps: strangers' words may hold NUL and lone surrogates."""
    return str(text or "").replace("\0", "").encode("utf-8", "replace").decode()
