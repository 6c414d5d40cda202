"""A mail forwarded inline: the header lines that Outlook, Gmail, Apple Mail and Thunderbird write above it. Pure.

Labels are known in English, German and French. What is quoted is somebody's text, not a header: it serves to find the mail
among those we know, never to judge who sent it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_LABELS = {
    "from": "from", "von": "from", "de": "from",
    "sent": "date", "date": "date", "gesendet": "date", "datum": "date", "envoyé": "date",
    "to": "to", "an": "to", "à": "to",
    "cc": "cc", "kopie": "cc",
    "subject": "subject", "betreff": "subject", "objet": "subject",
    "reply-to": "reply-to", "antwort an": "reply-to",
}  # fmt: skip
_LINE = re.compile(
    r"^[\s>|*_\u200b\u00a0]*([A-Za-zÀ-ÿ][A-Za-zÀ-ÿ -]{0,12}?)[*_]{0,2}[ \u00a0]?:[*_]{0,2}\s*(.*?)[*_\s]*$"
)
_ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:]{1,64}@[A-Za-z0-9.-]{1,255}")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january", "feb februar february", "mar mär mrz märz march", "apr april", "may mai", "jun juni june",
            "jul juli july", "aug august", "sep sept september", "oct okt oktober october", "nov november",
            "dec dez dezember december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_CLOCK = re.compile(r"\b(\d{1,2})[:.](\d{2})(?::\d{2})?\s*(AM|PM)?", re.IGNORECASE)
_NUMERIC = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_MOST_LINES = 4000


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the quoted header lines say; `body` is the text below them. `sent_at` bears no known time zone: hours may be off."""

    sender: str
    sender_name: str
    subject: str
    sent_at: datetime | None
    body: str


def quoted_mail(text: str) -> Quoted | None:
    """The first mail quoted with its header lines, None when there is none."""
    lines = text.splitlines()[:_MOST_LINES]
    for start, line in enumerate(lines):
        if _label(line)[0]:
            fields, end = _block(lines, start)
            if {"from", "subject"} <= fields.keys() and ("date" in fields or "to" in fields):
                return _quoted(fields, "\n".join(lines[end:]))
    return None


def _label(line: str) -> tuple[str, str]:
    found = _LINE.match(line)
    return (_LABELS.get(found[1].strip().lower(), ""), found[2].strip("*_ ")) if found else ("", "")


def _block(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    """The fields from `start` on, and the line after them; a list of recipients may go on in the next line."""
    fields: dict[str, str] = {}
    last, blank, at = "", 0, start
    for at in range(start, min(start + 20, len(lines))):
        name, value = _label(lines[at])
        bare = lines[at].strip(" \t>|*\u00a0\u200b")
        if name and name not in fields:
            fields[name], last, blank = value.strip(), name, 0
        elif not bare:
            blank += 1
            if blank > 1 or {"from", "subject"} <= fields.keys():
                return fields, at
        elif last in ("to", "cc") and not blank and not name and "@" in bare and len(bare) < 500:
            fields[last] += " " + bare
        else:
            return fields, at
    return fields, at + 1


def _quoted(fields: dict[str, str], body: str) -> Quoted:
    who = fields["from"].replace("mailto:", "")
    address = _ADDRESS.search(who)
    name = re.split(r"[<\[(]", who)[0].strip(" \"'*") if address else who
    return Quoted(
        sender=address[0].lower().rstrip(".") if address else "",
        sender_name="" if address and name == address[0] else name[:320],
        subject=fields["subject"][:1000],
        sent_at=when(fields.get("date", "")),
        body="\n".join(re.sub(r"^(> ?)+", "", line) for line in body.splitlines()).strip(),
    )


def when(text: str) -> datetime | None:
    """A date as mail programs write it in English or German, taken as UTC; None when it is none."""
    day = _day(text)
    if day is None:
        return None
    clock = _CLOCK.search(_NUMERIC.sub(" ", text))
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (12, 0)
    half = (clock[3] or "").upper() if clock else ""
    if half:
        hour = hour % 12 + (12 if half == "PM" else 0)
    try:
        return datetime(*day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _day(text: str) -> tuple[int, int, int] | None:
    """(year, month, day)."""
    if found := _ISO.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _NUMERIC.search(text):
        year = int(found[3])
        return year if year > 99 else 2000 + year, int(found[2]), int(found[1])
    words = re.findall(r"[A-Za-zÀ-ÿ]+|\d+", text)
    months = [(at, _MONTHS[word.lower()]) for at, word in enumerate(words) if word.lower() in _MONTHS]
    if not months:
        return None
    at, month = months[0]
    around = [int(word) for word in (words[max(at - 1, 0) : at] + words[at + 1 : at + 3]) if word.isdecimal()]
    days, years = [one for one in around if 1 <= one <= 31], [one for one in around if 1990 <= one <= 2100]
    return (years[0], month, days[0]) if days and years else None
