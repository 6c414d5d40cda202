"""The analysis in a process of its own, which a hostile file may kill without harm.

Started as `python -I -m watchfloor.inspection.analysis.process SECONDS MEMORY`: a line of JSON with the name and the rules, then the
file, on standard input; the analysis as JSON on standard output.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import threading

from watchfloor.inspection.analysis.analyse import analyse
from watchfloor.inspection.analysis.contracts import Analysis, as_plain, from_plain
from watchfloor.inspection.analysis.matching import Sources

SECONDS = 20
MEMORY = 1536 << 20
_AT_ONCE = threading.BoundedSemaphore(2)


def analyse_apart(
    data: bytes, *, name: str, rules: Sources = (), seconds: int = SECONDS, memory: int = MEMORY
) -> Analysis:
    """The analysis of a file; when it takes more than `seconds` of processor or `memory` (bytes), one that says so in `failed`."""
    head = json.dumps({"name": name, "rules": list(rules)}).encode() + b"\n"
    with _AT_ONCE:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-m", __name__, str(seconds), str(memory)],
                input=head + data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=3 * seconds,
                check=True,
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            )
            return from_plain(json.loads(done.stdout))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired, ValueError):
            why = "taking this file apart needs more time or memory than one file may have"
            return Analysis(name, len(data), hashlib.sha256(data).hexdigest(), failed=why)


def main(seconds: int, memory: int) -> None:
    """Analyse one file under limits; breaking one ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(forbidden, (0, 0))
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    found = analyse(data, name=asked["name"], rules=[(str(one), str(text)) for one, text in asked["rules"]])
    sys.stdout.buffer.write(json.dumps(as_plain(found)).encode("utf-8", "replace"))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
