"""The mail behind a copy whose body we replaced when it was delivered: what a mailbox holds is the mail we accepted."""

import email.parser
import email.policy
import hashlib

from watchfloor.connectors.models import Accepted

ID = "X-Watchfloor-Id"
_ID = b"x-watchfloor-id:"
_HEADERS = 256 * 1024
PREFIX = 16


def delivered_digest(body: bytes) -> str:
    """By what a delivered body is known again: SHA-256 in hex, CRLF as LF and without blank lines at the end."""
    return hashlib.sha256(body.replace(b"\r\n", b"\n").rstrip()).hexdigest()


def original_sha256(raw: bytes) -> str:
    """The hash of the mail that was delivered as `raw`, "" when its body is not one that we delivered.

    The header alone proves nothing, as anybody may write it: the body must be the one that was noted then.
    """
    if _ID not in raw[:_HEADERS].lower():
        return ""
    header, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(header)
    digest = delivered_digest(body)
    for prefix in fields.get_all(ID, [])[:5]:
        if len(prefix) != PREFIX or not prefix.isalnum():
            continue
        for accepted in Accepted.objects.filter(sha256__gte=prefix, sha256__lt=f"{prefix}g").order_by("-position")[:5]:
            if accepted.facts.get("delivered_body") == digest:
                return accepted.sha256
    return ""
