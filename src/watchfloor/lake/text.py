"""Text as the lake compares it: folded the same way here as in the engine, lists as JSON with unmistakable elements."""

import json
from typing import Any


def clean(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates, as broken headers give them, become replacement characters."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def fold(text: str) -> str:
    """Lower case by character, as DuckDB's lower() does: no final sigma, no character that becomes two."""
    text = clean(text)
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_character, text))


def _fold_character(character: str) -> str:
    if character == "\u0130":
        return "i"
    lower = character.lower()
    return lower if len(lower) == 1 else character


def element_text(element: str) -> str:
    """One element as it stands in a stored list. A comma inside is escaped, so `,"` and `["` only ever start an element."""
    return json.dumps(clean(element), ensure_ascii=False).replace(",", "\\u002c")


def list_text(elements: Any) -> str:
    """A list column's stored form, a JSON list; empty text for no elements. Takes a list, a JSON list, or comma-separated text."""
    items = [str(item) for item in elements_of(elements)]
    return f"[{','.join(map(element_text, items))}]" if items else ""


def elements_of(value: Any) -> tuple[str, ...]:
    """The elements of a list column's value, whichever way it was given; empty ones are none."""
    if value is None or value == "":
        return ()
    if not isinstance(value, str):
        return tuple(filter(None, map(str, value)))
    if value.startswith("["):
        try:
            return tuple(filter(None, map(str, json.loads(value))))
        except ValueError:
            pass
    return tuple(part.strip() for part in value.split(",") if part.strip())
