"""What runs in the child: rules compiled once, then mail after mail taken apart and matched. No Django here."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import yara_x

from watchfloor.connectors.parts import Reader
from watchfloor.connectors.protocols.enclosed import Handler

MOST_MATCHES = 100
MOST_ERRORS = 20
MOST_SCANNED = 128 << 20


def matcher(read: Reader, sources: Iterable[tuple[str, str]], seconds: float) -> tuple[bytes, Handler]:
    """Compiles `sources`; the hello says how many rules' files there are and what is wrong with which line.

    A broken rule is left out, the others match. Included files and modules that print are switched off.
    """
    compiler = yara_x.Compiler()
    compiler.enable_includes(False)
    files = 0
    for name, text in sources:
        files += 1
        # A namespace each: two files may call their rules alike.
        compiler.new_namespace(name)
        try:
            compiler.add_source(text, origin=name)
        except yara_x.CompileError:
            continue
    errors = [_problem(error) for error in compiler.errors()[:MOST_ERRORS]]
    scanner = yara_x.Scanner(compiler.build())
    scanner.set_timeout(max(1, int(seconds)))

    def match(raw: bytes) -> bytes:
        try:
            return json.dumps(list(_matches(scanner, read(raw)))).encode()
        except yara_x.TimeoutError:
            return json.dumps("the rules take longer than that on this mail").encode()
        except MemoryError:
            return json.dumps("the mail takes more memory than it may").encode()

    return json.dumps({"files": files, "errors": errors}).encode(), match


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    first = (error.get("labels") or [{}])[0]
    return {
        "file": str(first.get("code_origin") or ""),
        "line": int(error.get("line") or first.get("line") or 0),
        "words": ": ".join(dict.fromkeys(filter(None, (str(error.get("title", "")), str(first.get("text", "")))))),
    }


def _matches(scanner: yara_x.Scanner, pieces: Iterable[tuple[str, str, bytes]]) -> Iterator[dict[str, Any]]:
    found = scanned = 0
    for name, sha256, data in pieces:
        scanned += len(data)
        if scanned > MOST_SCANNED:
            return
        for rule in scanner.scan(data).matching_rules:
            if found >= MOST_MATCHES:
                return
            found += 1
            yield {
                "rule": rule.identifier,
                "file": rule.namespace,
                "tags": list(rule.tags)[:20],
                "meta": {key: value for key, value in rule.metadata if isinstance(value, str | int | float)},
                "piece": name,
                "sha256": sha256,
            }
