"""Words of strangers, made safe to read: nothing reorders the line, hides, breaks a CSV or opens by a click."""

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

NAMED = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
    "\u200e": "LRM", "\u200f": "RLM", "\u061c": "ALM",
    "\u200b": "ZWSP", "\u2060": "WJ", "\ufeff": "BOM", "\u00ad": "SHY", "\u180e": "MVS",
    "\r": "CR", "\n": "LF", "\t": "TAB", "\0": "NUL",
}  # fmt: skip
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|")


def visible(value: object) -> str:
    """Text whose invisible and direction-changing characters stand as words, as “invoice⟨RLO⟩fdp.exe”; None is empty.

    Zero-width joiners stay, as scripts and emoji need them.
    """
    text = "" if value is None else str(value)
    return UNSEEN.sub(lambda found: f"⟨{_name_of(found.group())}⟩", text)


def visible_lines(value: object) -> str:
    """Like `visible`, for text of several lines: line ends and tabs stay."""
    text = "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")
    return UNSEEN.sub(lambda found: found.group() if found.group() in "\n\t" else f"⟨{_name_of(found.group())}⟩", text)


def _name_of(character: str) -> str:
    return NAMED.get(character, "") or unicodedata.name(character, f"U+{ord(character):04X}")


def listed(value: Any) -> tuple[str, ...]:
    """The strings of a JSON list, of a JSON object's values, or the text itself; empty for nothing."""
    if value in (None, ""):
        return ()
    if isinstance(value, str):
        if value[0] not in "[{":
            return (value,)
        try:
            value = json.loads(value)
        except ValueError:
            return (str(value),)
    if isinstance(value, dict):
        value = [item for part in value.values() for item in (part if isinstance(part, list) else [part])]
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)


def spreadsheet_cell(value: object) -> str:
    """One CSV cell that no spreadsheet runs as a formula and no reader takes for two lines."""
    text = visible(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_line(cells: Iterable[object]) -> str:
    """One line of CSV (RFC 4180), every cell made safe."""
    quoted = ('"' + spreadsheet_cell(cell).replace('"', '""') + '"' for cell in cells)
    return ",".join(quoted) + "\r\n"


def file_name(value: str, *, fallback: str) -> str:
    """A name for a download: letters, digits, dot, dash, underscore, at most 80 characters, never hidden."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", value).strip("-.")[:80]
    return safe or fallback
