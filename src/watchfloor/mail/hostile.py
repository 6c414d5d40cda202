"""What strangers' values become before a page shows them: names of downloads."""

import re


def file_name(value: str, *, fallback: str) -> str:
    """A name for a download: letters, digits, dot, dash, underscore, at most 80 characters, never hidden."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", value).strip("-.")[:80]
    return safe or fallback
