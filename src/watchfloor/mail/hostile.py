"""What strangers' values become before a page shows them: lists out of JSON, names of downloads."""

import json
import re
from typing import Any


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


def file_name(value: str, *, fallback: str) -> str:
    """A name for a download: letters, digits, dot, dash, underscore, at most 80 characters, never hidden."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", value).strip("-.")[:80]
    return safe or fallback
