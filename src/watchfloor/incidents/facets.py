"""What an incident's alerts are of, as words in one column: a filter over a hundred thousand incidents reads one table (IN-05)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST = 8000
OWN = "Alert policies"
"""The source of alerts that our own policies raise."""


def facet(kind: str, value: str) -> str:
    """One word as it stands between bars: “category:InitialAccess”."""
    return f"{kind}:{value.replace('|', '/')[:300]}"


def facets_of(alerts: Sequence[Mapping[str, Any]], entities: Iterable[str]) -> str:
    """“|severity:high|category:InitialAccess|source:…|rule:…|technique:T1566|has:user|several:category|”; at most `MOST` characters."""
    words: dict[str, None] = {}
    for alert in alerts:
        words[facet("severity", alert["severity"])] = None
        words[facet("category", alert["category"])] = None
        words[facet("source", alert["source"] or OWN)] = None
        words[facet("rule", alert["rule_id"])] = None
        words.update(dict.fromkeys(facet("technique", str(one)) for one in alert["techniques"]))
    for kind in ("category", "source"):
        if sum(word.startswith(f"{kind}:") for word in words) > 1:
            words[facet("several", kind)] = None
    words.update(dict.fromkeys(facet("has", one) for one in entities))
    return _joined(words)


def _joined(words: Iterable[str]) -> str:
    text = "|"
    for word in words:
        if len(text) + len(word) < MOST:
            text += f"{word}|"
    return text
