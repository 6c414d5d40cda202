"""Text as the lake compares it: folded the same way here as in the engine, several values in one cell unmistakable.

A cell of several values has one stored form per `Shape`. Reading takes that form or plain Python values, so that rows
on their way into the lake and rows out of it mean the same.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from watchfloor.lake.contracts import Column, Shape

GRADED = "Phish"
"""The threat whose grade a column of grades is filtered by: the label says phish confidence level."""


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


# --- one value ----------------------------------------------------------------------------------------------------


def element_text(element: str) -> str:
    """One value as it stands in stored JSON. A comma inside is escaped, so `,"` and `["` only ever start a value."""
    return json.dumps(clean(element), ensure_ascii=False).replace(",", "\\u002c")


def word_text(word: str) -> str:
    """One value as it stands between commas."""
    return clean(word).replace("%", "%25").replace(",", "%2c")


def word_of(text: str) -> str:
    """The value that `word_text` wrote so."""
    return text.replace("%2c", ",").replace("%25", "%")


# --- a cell -------------------------------------------------------------------------------------------------------


def cell_text(value: Any, shape: Shape) -> str:
    """A cell's stored form, empty text for no values. Raises nothing: what has another form is taken as one value."""
    return _WRITE[shape](value)


def elements_of(value: Any, shape: Shape = Shape.LIST) -> tuple[str, ...]:
    """The different values of a cell, in its order, whichever way it was given; empty ones are none."""
    return tuple(dict.fromkeys(_READ[shape](value)))


def values_in(value: Any, column: Column) -> tuple[str, ...]:
    """The values in a cell of `column`: several where it is listed, else its text; none when empty."""
    if column.listed:
        return elements_of(value, column.shape)
    return () if value is None or value == "" else (str(value),)


def by_threat(value: Any) -> dict[str, tuple[str, ...]]:
    """What a cell of methods or grades says of each threat; a value without a threat stands under the empty name."""
    found: dict[str, list[str]] = {}
    for name, part in _object_of(value).items():
        found.setdefault(clean(str(name)), []).extend(_texts(part if isinstance(part, list | tuple) else [part]))
    return {name: tuple(dict.fromkeys(parts)) for name, parts in found.items() if parts}


def _object_of(value: Any) -> Mapping[Any, Any]:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {"": value}
    return value if isinstance(value, Mapping) else {"": [] if value is None else value}


def _texts(values: Iterable[Any]) -> list[str]:
    return [clean(str(value)) for value in values if value is not None and value != ""]


def _list_elements(value: Any) -> list[str]:
    """Takes a list, a JSON list, or comma-separated text."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        if not value.startswith("["):
            return _texts(part.strip() for part in value.split(","))
        try:
            value = json.loads(value)
        except ValueError:
            return _texts(part.strip() for part in value.split(","))
    return _texts(value)


def _words(value: Any) -> list[str]:
    """Blanks around a word are no part of it."""
    if isinstance(value, str):
        value = map(word_of, value.split(","))
    return [word for part in _texts(value or ()) if (word := part.strip())]


def _methods(value: Any) -> list[str]:
    return [method for methods in by_threat(value).values() for method in methods]


def _grade(value: Any) -> list[str]:
    return list(by_threat(value).get(GRADED, ())[:1])


def _object_text(value: Any, write: Callable[[tuple[str, ...]], str]) -> str:
    parts = [f"{element_text(name)}:{write(values)}" for name, values in by_threat(value).items()]
    return f"{{{','.join(parts)}}}" if parts else ""


def _list_text(elements: Iterable[str]) -> str:
    texts = ",".join(map(element_text, elements))
    return f"[{texts}]" if texts else ""


_READ: dict[Shape, Callable[[Any], list[str]]] = {
    Shape.LIST: _list_elements,
    Shape.WORDS: _words,
    Shape.METHODS: _methods,
    Shape.GRADES: _grade,
}
_WRITE: dict[Shape, Callable[[Any], str]] = {
    Shape.LIST: lambda value: _list_text(_list_elements(value)),
    Shape.WORDS: lambda value: ", ".join(map(word_text, _words(value))),
    Shape.METHODS: lambda value: _object_text(value, _list_text),
    Shape.GRADES: lambda value: _object_text(value, lambda grades: element_text(grades[0])),
}
