"""Writes docs/reference/{tables,actions,detections}.md from the code and content. `python tests/house/product_reference.py`."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
NOTE = "<!-- Written by tests/house/product_reference.py; a test compares. -->"


def cell(text: object) -> str:
    return " ".join(str(text).replace("|", "\\|").split())


def tables() -> str:
    """Every event table with its columns, types and words."""
    from watchfloor.lake.selectors import tables as all_tables

    lines = [
        "# Event tables",
        "",
        NOTE,
        "",
        "Named and typed as in Defender's advanced hunting; our own columns come after.",
    ]
    for table in all_tables():
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.description}. Kept {table.retention_days} days unless set otherwise.",
            "",
        ]
        lines += ["| column | type | what it holds | filter in Explorer |", "|---|---|---|---|"]
        for column in table.columns:
            shown = column.label if column.filterable else ""
            lines.append(f"| `{column.name}` | {column.type.value} | {cell(column.description)} | {cell(shown)} |")
    return "\n".join(lines) + "\n"


def actions() -> str:
    """Every action on mail: what it does, the right it needs, whether it can be undone."""
    from watchfloor.response.catalogue import actions as all_actions

    lines = ["# Actions on mail", "", NOTE, "", "| action | what it does | needs | undone by |", "|---|---|---|---|"]
    for key, action in all_actions().items():
        final = "nothing: it is final" if action.dangerous else "taking the action again"
        undo = "Undo in the action center: same folder, flags, date" if action.undoable else final
        lines.append(
            f"| {action.label} (`{key}`) | {cell(action.description)} | `{action.permission.value}` | {undo} |"
        )
    return "\n".join(lines) + "\n"


def detections() -> str:
    """Every built-in detection rule."""
    from watchfloor.detection.library import rules

    lines = ["# Built-in detections", "", NOTE, "", "| rule | severity | ATT&CK | what it says |", "|---|---|---|---|"]
    lines += [
        f"| {rule.title} (`{rule.id}`) | {rule.severity} | {', '.join(rule.techniques)} | {cell(rule.description)} |"
        for rule in rules()
    ]
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {"tables.md": tables, "actions.md": actions, "detections.md": detections}


def main() -> None:
    os.environ["WATCHFLOOR_HOME"] = tempfile.mkdtemp(prefix="wfdocs")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    import django

    django.setup()
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write())


if __name__ == "__main__":
    main()
