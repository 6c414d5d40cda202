"""Filters of the tabs Evidence and Entities, as they stand in the address (AI-66..68)."""

from collections.abc import Mapping
from typing import Any

from watchfloor.investigations.contracts import Verdict
from watchfloor.investigations.remedies import Remedy
from watchfloor.investigations.rendering import TYPES

LISTS = ("clusters", "entities")
WITH_MAIL_COLUMNS = ("analyzedMessage", "submission")


def narrowed(context: dict[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    """The context with its list narrowed, and what the filter bar shows; contexts without such a list stay as they are."""
    name = next((one for one in LISTS if one in context), "")
    if not name:
        return context
    wanted = {key: asked.get(key, "") for key in ("type", "verdict", "remedy")}
    rows = [row for row in context[name] if _fits(row, wanted)]
    types = {row.line.one.type: row.line.kind for row in context[name]} if name == "entities" else {}
    return context | {
        name: rows,
        "narrow": wanted,
        "narrowed": any(wanted.values()),
        "total": len(context[name]),
        "types": sorted(types.items(), key=lambda pair: list(TYPES).index(pair[0]) if pair[0] in TYPES else 99),
        "verdicts": [(one.value, one.value) for one in Verdict],
        "remedies": [(one.value, one.value) for one in Remedy],
        "mail_columns": wanted["type"] in WITH_MAIL_COLUMNS,
    }


def _fits(row: Any, wanted: Mapping[str, str]) -> bool:
    one = row.line.one
    return (
        (not wanted["type"] or getattr(one, "type", "") == wanted["type"])
        and wanted["verdict"] in ("", one.verdict)
        and wanted["remedy"] in ("", row.remedy.value)
    )
