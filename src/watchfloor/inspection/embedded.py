"""The mails attached to a mail, as bytes: what a person forwards whole when reporting it."""

from dataclasses import dataclass

from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.limits import Limits

_HEADERS = (b"from:", b"received:", b"message-id:", b"return-path:", b"subject:", b"date:", b"delivered-to:")


@dataclass(frozen=True, slots=True)
class EmbeddedMail:
    """One attached mail; `name` is its file name, `raw` its bytes."""

    name: str
    raw: bytes


def embedded_mails(raw: bytes, *, most: int = 20) -> tuple[EmbeddedMail, ...]:
    """The mails directly attached to `raw`, in order: as message/rfc822, or as a file that is a mail whatever it is called."""
    found = [part for part in parts_of(raw, Limits()) if part.depth == 0 and _is_mail(part)]
    return tuple(EmbeddedMail(part.file_name, part.data) for part in found[:most])


def _is_mail(part: Part) -> bool:
    if not part.data:
        return False
    if part.content_type in ("message/rfc822", "message/global"):
        return True
    named = part.file_name.lower().endswith((".eml", ".email"))
    return named and any(line.lower().startswith(_HEADERS) for line in part.data[:4096].splitlines())
