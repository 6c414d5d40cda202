"""One file, or the page with its pictures, taken out of a hostile mail by a process of its own.

Started as `python -I -m watchfloor.inspection.analysis.contents WHAT SECONDS MEMORY`: the raw mail on standard input; a line of JSON
with names and lengths, then the bytes of each, on standard output. WHAT is a SHA-256, or "page".
"""

import email
import hashlib
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message

from watchfloor.inspection.bodies import parts_of
from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.limits import Limits
from watchfloor.kernel.errors import NotFound

SECONDS = 10
MEMORY = 1 << 30
MOST_PICTURES = 60
MOST_PICTURE = 4 << 20
_AT_ONCE = threading.BoundedSemaphore(2)


def file_of(raw: bytes, *, sha256: str) -> bytes:
    """The bytes of the attachment of that hash. Raises NotFound when the mail has none, or is too hostile to be read."""
    found = _asked(raw, sha256)
    data = found.get("file")
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        raise NotFound("this mail gives up no such file", place=sha256[:64])
    return data


def page_of(raw: bytes) -> tuple[str, Mapping[str, bytes]]:
    """(HTML body, else "" ; pictures by Content-ID) of a mail. Raises NotFound when it is too hostile to be read."""
    found = dict(_asked(raw, "page"))
    return found.pop("html", b"").decode("utf-8", "replace"), found


def _asked(raw: bytes, what: str) -> dict[str, bytes]:
    with _AT_ONCE:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-m", __name__, what, str(SECONDS), str(MEMORY)],
                input=raw,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=3 * SECONDS,
                check=True,
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            )
            return _unpacked(done.stdout)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, ValueError, TypeError) as error:
            raise NotFound("taking this mail apart needs more time or memory than one mail may have") from error


def _unpacked(answer: bytes) -> dict[str, bytes]:
    head, _, rest = answer.partition(b"\n")
    found, at = {}, 0
    for name, length in json.loads(head):
        found[str(name)] = rest[at : at + length]
        at += length
    return found


def _file(raw: bytes, sha256: str) -> Iterator[tuple[str, bytes]]:
    for part in parts_of(raw, Limits()):
        if hashlib.sha256(part.data).hexdigest() == sha256:
            yield "file", part.data
            return


def _page(raw: bytes) -> Iterator[tuple[str, bytes]]:
    found = inspect(raw, envelope=Envelope(), facts=TenantFacts(), now=datetime.now(UTC))
    yield "html", found.html.encode("utf-8", "replace")
    pictures = 0
    for part in email.message_from_bytes(raw).walk():
        name = str(part.get("Content-ID") or "").strip("<> \t")
        if name and name != "html" and part.get_content_maintype() == "image" and pictures < MOST_PICTURES:
            pictures += 1
            yield name[:400], _data(part)


def _data(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) and len(data) <= MOST_PICTURE else b""


def main(what: str, seconds: int, memory: int) -> None:
    """Answer one question under limits; breaking one ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(forbidden, (0, 0))
    raw = sys.stdin.buffer.read()
    pieces = list(_page(raw) if what == "page" else _file(raw, what))
    sys.stdout.buffer.write(json.dumps([(name, len(data)) for name, data in pieces]).encode() + b"\n")
    for _, data in pieces:
        sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
