"""URLs written out in text, as mail programs make them clickable. Pure."""

import re
from collections.abc import Iterator

LONGEST = 100_000
MOST_TRIMMED = 50
"""Characters of punctuation looked at behind a URL."""
_URL = re.compile(
    rf"(?<![A-Za-z0-9])(?:https?://[^\s<>\"`{{}}|\\^]{{2,{LONGEST}}}+|www\.[^\s<>\"'`{{}}|\\^/:@.]{{1,63}}\.[^\s<>\"'`{{}}|\\^]{{2,{LONGEST}}}+)",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'*_…>]}”’»。、，）】」』"


def urls_at(text: str, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int]]:
    """(start, end) of each URL, without the punctuation that follows it; a closing bracket belongs to one opened inside."""
    for found in _URL.finditer(text, start, len(text) if stop is None else stop):
        end = found.end()
        while end > max(found.start(), found.end() - MOST_TRIMMED):
            last = text[end - 1]
            unopened = last == ")" and text.count("(", found.start(), end) < text.count(")", found.start(), end)
            if last not in _TRAILING and not unopened:
                break
            end -= 1
        if end - found.start() > 9:
            yield found.start(), end
