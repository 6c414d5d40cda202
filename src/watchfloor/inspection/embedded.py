"""The mails attached to a mail, as bytes: what a person forwards whole when reporting it."""

from dataclasses import dataclass
from itertools import islice

from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.outlook.message import is_outlook, outlook_mail
from watchfloor.inspection.outlook.properties import NotOutlook

_HEADERS = (b"from:", b"received:", b"message-id:", b"return-path:", b"subject:", b"date:", b"delivered-to:")


@dataclass(frozen=True, slots=True)
class EmbeddedMail:
    """One attached mail; `name` is its file name, `raw` its bytes."""

    name: str
    raw: bytes


def embedded_mails(raw: bytes, *, most: int = 20) -> tuple[EmbeddedMail, ...]:
    """The mails directly attached to `raw`, in order: as message/rfc822, or as a file that is a mail whatever it is called.

    A file of Outlook's (.msg) is given as the mail it was; one that cannot be read is left out.
    """
    found = (EmbeddedMail(part.file_name, mail) for part in parts_of(raw, Limits()) if (mail := _mail(part)))
    return tuple(islice(found, most))


def _mail(part: Part) -> bytes:
    """The bytes of the mail a part is, b"" when it is none."""
    if part.depth:
        return b""
    if is_outlook(part.data):
        try:
            return outlook_mail(part.data).raw
        except NotOutlook:
            return b""
    return part.data if _is_mail(part) else b""


def _is_mail(part: Part) -> bool:
    if not part.data:
        return False
    if part.content_type in ("message/rfc822", "message/global"):
        return True
    named = part.file_name.lower().endswith((".eml", ".email"))
    return named and any(line.lower().startswith(_HEADERS) for line in part.data[:4096].splitlines())
