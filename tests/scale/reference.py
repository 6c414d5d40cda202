"""What engines answered, as docs/reference/engines.md tells it: `WATCHFLOOR_SCALE=full` writes it (`part`: for the part that `make test` asks), every run reads it.

The list of what is refused there is the promise: a question that is refused and not listed fails the suite.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/engines.md"
HEAD = """# Engines

What the other engines answer of all that the product asks and of a grid of KQL, measured by `make test-scale`, which also writes this
page: the same tree on the same rows, each answer compared with DuckDB's. An engine gives DuckDB's rows, or refuses: a difference
fails the suite. [Scale out](../howto/scale-out.md) says when another engine is worth it.

| engine | area | asked | the same rows | refused | failed there |
|---|---|---|---|---|---|
"""
LISTED = """
## What is refused

A refusal names its place in the query before anything runs. “Failed there” is an error of that engine, told as such.

| engine | area | question | why |
|---|---|---|---|
"""
Found = tuple[str, str, str]
_kept: dict[tuple[str, str], Sequence[Found]] = {}


def known_refusals(engine: str, area: str) -> frozenset[str]:
    """Names of questions that the page lists."""
    if not PAGE.exists():
        return frozenset()
    rows = re.findall(r"^\| (\w+) \| (\w+) \| `(.+?)` \|", PAGE.read_text(encoding="utf-8"), re.M)
    return frozenset(_open(name) for one, other, name in rows if (one, other) == (engine, area))


def noted(engine: str, area: str, found: Sequence[Found]) -> None:
    """Keep what an engine answered; a full run writes the page anew each time."""
    _kept[engine, area] = found
    if os.environ.get("WATCHFLOOR_SCALE") in ("full", "part") and area != "corpus":
        PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page with what this run found, and as it was for what it did not ask."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    lines = {key: rows for key, rows in _rows(before).items() if key not in _kept}
    for (engine, area), found in _kept.items():
        if area == "corpus":
            continue
        states = Counter(state for _, state, _ in found)
        lines[engine, area] = [
            f"| {engine} | {area} | {len(found)} | {states['same']} | {states['refused']} | {states['failed']} |",
            *(
                f"| {engine} | {area} | `{_shut(name)}` | {_shut(_brief(words))} |"
                for name, state, words in sorted(set(found))
                if state in ("refused", "failed")
            ),
        ]
    order = sorted(lines)
    heads = "".join(f"{lines[key][0]}\n" for key in order)
    return HEAD + heads + LISTED + "".join(f"{row}\n" for key in order for row in lines[key][1:])


def _rows(text: str) -> dict[tuple[str, str], list[str]]:
    """Per engine and area of a page its line of counts, and its refusals."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) > 4 and parts[1] in ("Sail", "Spark"):
            found.setdefault((parts[1], parts[2]), []).append(line)
    return found


def _brief(words: str) -> str:
    """The words without what differs from run to run."""
    return re.sub(r"@\w{10,}|#\d+", "", words)[:160]


def _shut(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("|", "\\u007c").replace("`", "\\u0060")


def _open(text: str) -> str:
    return str(json.loads(f'"{text}"'))
