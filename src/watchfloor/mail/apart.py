"""A mail taken apart and made inert in a process of its own, which a hostile mail may kill without harm.

The sanitiser copies open formatting into every paragraph (17 kB of `<b id=1><b id=2>…<p>x<p>x…` become 460 MB) and is
quadratic in depth, and no count of tags foresees what an HTML5 parser makes of them. So the portal, whose threads all
analysts share, never holds hostile HTML itself.
Started as `python -I -m watchfloor.mail.apart`: the raw mail on standard input, one JSON answer on standard output.
"""

import json
import logging
import os
import resource
import subprocess
import sys
import threading
from datetime import UTC, datetime

from watchfloor.inspection.contracts import Envelope, TenantFacts
from watchfloor.inspection.services import inspect
from watchfloor.kernel.text import visible
from watchfloor.mail.contracts import PreviewBody
from watchfloor.mail.inert import inert_page

log = logging.getLogger(__name__)

SECONDS = 10
MEMORY = 1 << 30
MOST_SHOWN = 8 << 20
_AT_ONCE = threading.BoundedSemaphore(2)
"""Readers wait for one another rather than for the machine's memory."""


def read_apart(
    raw: bytes, *, now: datetime, seconds: int = SECONDS, memory: int = MEMORY, plain: bool = False
) -> PreviewBody:
    """The content of `raw` made inert, or its text alone; when it takes more than `seconds` or `memory` (bytes), a page that says so."""
    with _AT_ONCE:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-m", __name__, now.isoformat(), str(seconds), str(memory), str(int(plain))],
                input=raw,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=3 * seconds,  # the child's own limit is processor time, and the machine may be busy
                check=True,
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            log.warning("a preview of %s bytes was given up: %s", len(raw), error)
            return inert_page(
                html="",
                text="This mail is not shown: taking it apart needs more time or memory than one mail may have. "
                "Honest mail does not; it can be downloaded.",
            )
    html, notes, attachments = json.loads(done.stdout)
    return PreviewBody(html, tuple(notes), tuple((name, kind, size) for name, kind, size in attachments))


def read(raw: bytes, *, now: datetime, plain: bool = False) -> PreviewBody:
    """The same in this process, without limits but those of the readers."""
    found = inspect(raw, envelope=Envelope(), facts=TenantFacts(), now=now)
    page = inert_page(html="" if plain else found.html, text=found.text)
    if len(page.html) > MOST_SHOWN:
        text_page = inert_page(html="", text=found.text)
        page = PreviewBody(text_page.html, ("The HTML is not shown because it is too large; this is its text.",))
    files = tuple((visible(one.file_name) or "(no name)", one.file_type, one.size) for one in found.attachments)
    cuts = tuple(f"Cut while reading: {one}." for one in found.limits_hit)
    return PreviewBody(page.html, page.notes + cuts, files)


def main(now: datetime, seconds: int, memory: int, plain: bool) -> None:
    """Read one mail under limits; breaking one ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(forbidden, (0, 0))
    found = read(sys.stdin.buffer.read(), now=now, plain=plain)
    sys.stdout.write(json.dumps([found.html, found.notes, found.attachments]))


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]).astimezone(UTC), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1")
