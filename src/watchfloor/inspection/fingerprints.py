"""What makes two copies the same mail."""

import hashlib

from watchfloor.inspection.contracts import Header
from watchfloor.inspection.headers import every

_SAME = ("message-id", "from", "reply-to", "date", "subject")
_HOW_TO_READ = ("content-type", "content-transfer-encoding")
_CHUNK = 1 << 20


def sha256_of(raw: bytes) -> str:
    """SHA-256 of the bytes, in hex."""
    return hashlib.sha256(raw).hexdigest()


def fingerprint_of(raw: bytes, headers: tuple[Header, ...], body: int) -> str:
    """SHA-256, in hex, over Message-ID, From, Reply-To, Date, Subject, the headers that say how to read the body, and the body.

    The body counts with CRLF as LF and without trailing blank lines, so that a copy through another door, with other
    trace headers and line ends, is the same mail; a Message-ID used again over other content is not. The same bytes
    under another boundary or encoding show another text: without those headers a harmless mail could hide a second one.
    """
    digest = hashlib.sha256()
    for name in _SAME:
        _note(digest, every(headers, name))
    for name in _HOW_TO_READ:
        _note(digest, [header.raw for header in headers if header.name.strip().lower() == name])
    end = len(raw)
    while end > body and raw[end - 1] in b"\r\n \t":
        end -= 1
    view = memoryview(raw)
    carried = b""
    for start in range(body, end, _CHUNK):
        chunk = carried + bytes(view[start : min(start + _CHUNK, end)])
        # A chunk may end between CR and LF: the CR waits for the next chunk.
        carried = b"\r" if chunk.endswith(b"\r") else b""
        digest.update(chunk[: len(chunk) - len(carried)].replace(b"\r\n", b"\n"))
    digest.update(carried)
    return digest.hexdigest()


def _note(digest: "hashlib._Hash", values: list[str]) -> None:
    """Take in every header of one name; how many there are counts too."""
    for value in (*values, ""):
        digest.update(" ".join(value.split()).encode("utf-8", "replace") + b"\x00")
