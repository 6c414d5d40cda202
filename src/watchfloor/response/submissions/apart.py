"""A reporting mail taken apart in a process of its own, which a hostile mail may kill without harm.

Started as `python -I -m watchfloor.response.submissions.apart WHAT SECONDS MEMORY`: the raw mail on standard input; a line of JSON,
then the bytes of each original, on standard output. WHAT is "report" or "mail", for a mail that is itself what is reported.
"""

import json
import logging
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.services import NotOutlook, embedded_mails, inspect, is_outlook, outlook_mail
from watchfloor.response.submissions.contracts import Original, Reading, Reason
from watchfloor.response.submissions.formats import (
    is_automatic,
    language_of,
    reason_of,
    reported_from,
    without_forward,
)
from watchfloor.response.submissions.forwarded import Quoted, quoted_mail

log = logging.getLogger(__name__)

SECONDS = 10
MEMORY = 1 << 30
MOST_COMMENT = 2000
_AT_ONCE = threading.BoundedSemaphore(2)
_waiting: "list[subprocess.Popen[bytes]]" = []
TOO_HOSTILE = "taking this mail apart needs more time or memory than one mail may have"


def read_apart(raw: bytes, *, what: str = "report", seconds: int = SECONDS, memory: int = MEMORY) -> Reading:
    """The report read; when the mail takes more than `seconds` of processor or `memory` (bytes), one that says so in `trouble`."""
    with _AT_ONCE:
        process = _taken(what) if (seconds, memory) == (SECONDS, MEMORY) else None
        process = process or _started(what, seconds, memory)
        try:
            answer, _ = process.communicate(raw, timeout=3 * seconds)
            if process.returncode:
                raise ValueError(f"the process ended with {process.returncode}")
            return _unpacked(answer)
        except (OSError, subprocess.TimeoutExpired, ValueError, TypeError, KeyError) as error:
            process.kill()
            process.communicate()
            log.warning("a report of %s bytes was given up: %s", len(raw), error)
            return Reading("", "", Reason.PHISH, "", trouble=TOO_HOSTILE)


def _started(what: str, seconds: int, memory: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-m", __name__, what, str(seconds), str(memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
    )


def keep_ready() -> None:
    """Have a process waiting for the next report, its modules loaded: the reporter waits half a second less.

    It reads one mail and ends; without a mail it ends when this process does, as its standard input then closes.
    """
    if not _waiting or _waiting[0].poll() is not None:
        _waiting[:] = [_started("report", SECONDS, MEMORY)]


def _taken(what: str) -> "subprocess.Popen[bytes] | None":
    if what != "report" or not _waiting:
        return None
    process = _waiting.pop()
    return process if process.poll() is None else None


def _unpacked(answer: bytes) -> Reading:
    head, _, rest = answer.partition(b"\n")
    said: dict[str, Any] = json.loads(head)
    originals, at = [], 0
    for one in said.pop("originals"):
        length, sent = int(one.pop("length")), one.pop("sent_at")
        parsed = datetime.fromisoformat(sent) if sent else None
        originals.append(Original(**one, sent_at=parsed, raw=rest[at : at + length]))
        at += length
    return Reading(**{**said, "reason": Reason(said["reason"])}, originals=tuple(originals))


def read(raw: bytes, *, what: str, now: datetime) -> Reading:
    """The same in this process, without limits but those of the readers."""
    if what == "mail":
        return _mail(raw, now)
    found = _inspected(raw, now)
    mails = embedded_mails(raw)
    reason, subject = reason_of(found.subject, found.headers)
    originals = tuple(_original("attached", _inspected(one.raw, now), one.raw) for one in mails)
    comment = found.text
    if not originals and (quoted := quoted_mail(found.text)) is not None:
        originals = (_forwarded(quoted, without_forward(subject)),)
        comment = found.text[: found.text.find(quoted.subject)].rpartition("\n")[0] if quoted.subject else ""
        comment = _above(comment)
    return Reading(
        reporter=found.sender_address,
        reporter_name=found.sender_name[:320],
        reason=reason,
        reported_from=reported_from(found.subject, found.headers, [one.name for one in mails]),
        comment=comment.strip()[:MOST_COMMENT],
        originals=originals,
        trouble="" if originals else "it brings no mail along, neither attached nor forwarded with its header lines",
        automatic=is_automatic(found.headers),
        language=language_of(found.headers),
        fingerprint=found.fingerprint,
    )


def _mail(raw: bytes, now: datetime) -> Reading:
    """A mail that is itself what is reported; of Outlook's own file the mail it was, with its bytes."""
    if not is_outlook(raw):
        return _of((_original("folder", _inspected(raw, now), b""),))
    try:
        mail = outlook_mail(raw)
    except NotOutlook as error:
        return _of((), trouble=str(error))
    return _of((_original("outlook", _inspected(mail.raw, now), mail.raw),))


def _of(originals: tuple[Original, ...], *, trouble: str = "") -> Reading:
    return Reading("", "", Reason.PHISH, "", originals=originals, trouble=trouble)


def _above(text: str) -> str:
    """What the reporter wrote above the forwarded mail: without the header lines and the rule that begins it."""
    lines = text.splitlines()
    marks = ("---", "___", "begin forwarded", "anfang der weitergeleiteten", "from:", "von:", "*from:", "*von:", "de :")
    for at, line in enumerate(lines):
        if line.strip(" >").lower().startswith(marks):
            return "\n".join(lines[:at])
    return text


def _inspected(raw: bytes, now: datetime) -> Inspection:
    return inspect(raw, envelope=Envelope(), facts=TenantFacts(), now=now)


def _original(form: str, found: Inspection, raw: bytes) -> Original:
    return Original(
        form=form,
        subject=found.subject[:1000],
        sender=found.sender_address[:400],
        sender_name=found.sender_name[:320],
        sender_ip=found.sender_ip,
        internet_message_id=found.internet_message_id[:998],
        sent_at=found.date,
        fingerprint=found.fingerprint,
        sha256=found.sha256,
        raw=raw,
    )


def _forwarded(quoted: Quoted, subject: str) -> Original:
    return Original(
        form="inline",
        subject=quoted.subject or subject,
        sender=quoted.sender,
        sender_name=quoted.sender_name,
        sent_at=quoted.sent_at,
        raw=rebuilt(quoted),
    )


def rebuilt(quoted: Quoted) -> bytes:
    """A mail out of what was quoted, so that it can be inspected when nobody knows the original."""
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = formataddr((quoted.sender_name, quoted.sender)) if quoted.sender else quoted.sender_name
    except (ValueError, UnicodeError):
        mail["From"] = quoted.sender
    mail["Subject"] = " ".join(quoted.subject.split())
    if quoted.sent_at:
        mail["Date"] = format_datetime(quoted.sent_at)
    mail.set_content(quoted.body, cte="base64")
    return mail.as_bytes()


def packed(reading: Reading) -> tuple[bytes, Sequence[bytes]]:
    """A reading as one line of JSON and the bytes of its originals."""
    said = asdict(reading)
    for one, original in zip(said["originals"], reading.originals, strict=True):
        raw = one.pop("raw")
        one["length"] = len(raw)
        one["sent_at"] = original.sent_at.isoformat() if original.sent_at else ""
    return json.dumps(said).encode(), [one.raw for one in reading.originals]


def main(what: str, seconds: int, memory: int) -> None:
    """Read one mail under limits; breaking one ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(forbidden, (0, 0))
    head, pieces = packed(read(sys.stdin.buffer.read(), what=what, now=datetime.now(UTC)))
    sys.stdout.buffer.write(head + b"\n" + b"".join(pieces))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
