"""The names in the icon sprite."""

import re
from functools import cache
from pathlib import Path

SPRITE = Path(__file__).parent / "static" / "ui" / "icons.svg"


@cache
def icon_names() -> frozenset[str]:
    """Every icon the `icon` tag draws; the sprite is read once."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))
