"""The header of a part, read once and never failing: what its writer broke counts as absent. Pure.

The standard library's readers raise on charsets that are none, numbers without end and brackets within brackets, and need time
that grows with the square of a field's length; a mail must not get its links past us by one field.
"""

import email.parser
import email.policy
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TypeVar

T = TypeVar("T")

LONGEST = 8_000
"""Characters of Content-Type and Content-Disposition; real ones have some hundred."""
LONGEST_FROM = 2_000
_COMMENT = re.compile(r"\([^()]*\)")


class Unreadable(Exception):
    """Nothing tells where the parts begin and end."""


@dataclass(frozen=True, slots=True)
class PartHeader:
    """`kind` is the type in lower case; `boundary` is empty for what has no parts; `attached` is what the part says of itself."""

    kind: str
    encoding: str
    charset: str
    file_name: str
    attached: bool
    boundary: bytes


def part_header(header: bytes) -> PartHeader:
    """What the header lines say of the part. Raises Unreadable."""
    fields = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    if any(len(str(fields.get(name, ""))) > LONGEST for name in ("Content-Type", "Content-Disposition")):
        raise Unreadable
    kind = fields.get_content_type()
    boundary: str | None = _or_else(lambda: fields.get_boundary() or "", None)
    if boundary is None and kind.startswith("multipart/"):
        raise Unreadable
    return PartHeader(
        kind,
        _encoding(str(fields.get("Content-Transfer-Encoding", ""))),
        _or_else(lambda: str(fields.get_content_charset("us-ascii")), "us-ascii"),
        _or_else(lambda: fields.get_filename() or "", ""),
        fields.get_content_disposition() == "attachment",
        _or_else(lambda: (boundary or "").encode("latin-1", "surrogateescape"), b""),
    )


def sender_of(header: bytes) -> str:
    """The address in the From line of a mail's header, "" for none."""
    fields = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    return _or_else(lambda: parseaddr(str(fields.get("From", ""))[:LONGEST_FROM])[1].lower(), "")


def _or_else(read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except (ValueError, LookupError, TypeError, RecursionError):
        return otherwise


def _encoding(text: str) -> str:
    """The name of the encoding alone: mail programs forgive comments and what follows it."""
    found = re.search(r"[a-z0-9-]+", _COMMENT.sub(" ", text.lower()))
    return found[0] if found else ""
