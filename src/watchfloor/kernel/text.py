"""Words of strangers, made safe to read: nothing reorders the line, hides, or runs in a spreadsheet. One implementation for all slices."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

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


def some(number: int, one: str, many: str = "") -> str:
    """A number and its noun: “1 click”, “2,000 clicks”; `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def few(names: Sequence[str], *, most: int) -> str:
    """“ann, bob and 3 more”: the first names, and how many are left."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def spreadsheet_cell(value: object) -> str:
    """One CSV cell that no spreadsheet runs as a formula (OWASP, CSV injection) and no reader takes for two lines."""
    text = visible(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_line(cells: Iterable[object]) -> str:
    """One line of CSV (RFC 4180), every cell quoted and made safe."""
    quoted = ('"' + spreadsheet_cell(cell).replace('"', '""') + '"' for cell in cells)
    return ",".join(quoted) + "\r\n"


def spaced(word: str) -> str:
    """“Initial access” for InitialAccess: an ATT&CK tactic as Defender's portal writes it."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word)
    return words[:1] + words[1:].lower()
