"""What one log record of another product says, as rows of our own event tables; pure, without network or database.

Reads records as mappings, each shape in a module of its own that gives `SOURCE`.
Gives `sources` and `parsers` by the shape's key, and `recognised`, which finds the shape of a record nobody has named.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from watchfloor.connectors.records.source import Parser, Row, Source
from watchfloor.kernel.registry import modules_in

__all__ = ["Parser", "Row", "Source", "parsers", "recognised", "sources"]


@cache
def sources() -> dict[str, Source]:
    """Every shape by its key, in the order of its modules' names; a module without `SOURCE` is no shape."""
    found = [module.SOURCE for module in modules_in(__name__) if isinstance(getattr(module, "SOURCE", None), Source)]
    return {source.key: source for source in found}


def parsers() -> dict[str, Parser]:
    """How each shape is read, by its key."""
    return {key: source.parse for key, source in sources().items()}


def recognised(record: Mapping[str, Any]) -> Source | None:
    """The first shape that takes this record for one of its own, else None."""
    return next((source for source in sources().values() if source.sniff(record)), None)
