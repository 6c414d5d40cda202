"""Who reports, with which button, and as what: the conventions of reporting mails. Pure.

Microsoft's subject prefixes ("1|", "2|", "3|", "Junk:", "Not junk:", "Phishing:") are those its reporting mailbox expects of
any add-in; the Phish Alert Button of KnowBe4 writes "[Phish Alert]", "[Spam/Junk]", "[Unknown]".
Source: learn.microsoft.com, "User reported settings", section on third-party reporting tools; support.knowbe4.com.
"""

import re
from collections.abc import Sequence

from watchfloor.inspection.contracts import Header
from watchfloor.response.submissions.contracts import Reason

_PREFIXES = (
    (re.compile(r"^\s*2\s*\|\s*", re.I), Reason.CLEAN),
    (re.compile(r"^\s*1\s*\|\s*", re.I), Reason.SPAM),
    (re.compile(r"^\s*3\s*\|\s*", re.I), Reason.PHISH),
    (re.compile(r"^\s*(not[ -]?junk|kein spam|keine junk-?e-?mail)\s*:\s*", re.I), Reason.CLEAN),
    (re.compile(r"^\s*(junk|spam)\s*:\s*", re.I), Reason.SPAM),
    (re.compile(r"^\s*(phishing|phish)\s*:\s*", re.I), Reason.PHISH),
    (re.compile(r"^\s*\[(spam/junk|spam|junk)\]\s*", re.I), Reason.SPAM),
    (
        re.compile(r"^\s*\[(phish(ing)? alert|phish/suspicious|unknown|suspicious e-?mail|potential phish)\]\s*", re.I),
        Reason.PHISH,
    ),
)
_FORWARDED = re.compile(r"^\s*((fwd?|wg|tr|i|wtr)\s*:\s*|\[fwd:\s*)+", re.I)
_OURS = "Watchfloor"


def reason_of(subject: str, headers: Sequence[Header]) -> tuple[Reason, str]:
    """(what it is reported as, the subject without the prefix). Whoever only forwards something suspects phish."""
    for pattern, reason in _PREFIXES:
        if found := pattern.match(subject):
            return reason, subject[found.end() :].strip()
    said = value_of(headers, "x-phish-report", "x-report-type", "x-reported-as").lower()
    if "not" in said or "clean" in said:
        return Reason.CLEAN, subject
    return (Reason.SPAM if "junk" in said or "spam" in said else Reason.PHISH), subject


def without_forward(subject: str) -> str:
    """The subject of the mail that was forwarded."""
    return _FORWARDED.sub("", subject).strip().removesuffix("]").strip()


def reported_from(subject: str, headers: Sequence[Header], files: Sequence[str]) -> str:
    """The button or program that made the report, as the queue shows it."""
    names = " ".join(files).lower()
    program = value_of(headers, "x-mailer", "user-agent").lower()
    if "phish_alert" in names or subject.lower().startswith("[phish alert]") or value_of(headers, "x-kb4-pab"):
        return "KnowBe4 Phish Alert Button"
    if re.match(r"^\s*[123]\s*\|", subject) or value_of(headers, "x-ms-exchange-generated-message-source"):
        return "Microsoft Report Message"
    if re.match(r"^\s*(not junk|junk|phishing)\s*:", subject, re.I):
        return "Reporting add-in"
    if value_of(headers, "x-phish-report", "x-phish-reporter", "x-cofense-reporter"):
        return "Reporting add-in"
    for word, name in (
        ("thunderbird", "Thunderbird"),
        ("apple mail", "Apple Mail"),
        ("iphone mail", "Apple Mail"),
        ("ipad mail", "Apple Mail"),
        ("outlook", "Outlook"),
    ):
        if word in program:
            return name
    if value_of(headers, "x-ms-has-attach", "thread-topic", "x-ms-exchange-organization-network-message-id"):
        return "Outlook"
    if "mail.gmail.com" in value_of(headers, "message-id"):
        return "Gmail"
    return "Forwarded mail"


def is_automatic(headers: Sequence[Header]) -> bool:
    """Whether a machine sent it: answering it could go on for ever."""
    auto = value_of(headers, "auto-submitted").lower()
    bulk = value_of(headers, "precedence").lower() in {"bulk", "auto_reply", "list"}
    return auto not in ("", "no") or bulk or bool(value_of(headers, "list-id"))


def language_of(headers: Sequence[Header]) -> str:
    """ "de" or "en" when the mail program says so, else ""."""
    said = value_of(headers, "accept-language", "content-language").lower()
    return next((one for one in ("de", "en") if said.startswith(one)), "")


def value_of(headers: Sequence[Header], *names: str) -> str:
    """The first filled header of these names."""
    return next((one.value for one in headers if one.name.strip().lower() in names and one.value.strip()), "")
