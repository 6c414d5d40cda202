"""Writes docs/reference/{tables,actions,detections,kql}.md from the code and content. `python tests/house/product_reference.py`."""

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
    from watchfloor.lake.selectors import views

    lines = [
        "# Event tables",
        "",
        NOTE,
        "",
        "Named and typed as in Defender's advanced hunting; our own columns come after.",
        "",
        "## Who writes them",
        "",
        "A table that nothing here writes is empty until somebody brings rows: `watchfloor lake append TABLE FILE`",
        "takes CSV, JSON lines and Parquet, checks each row, and says which it refused, where, and why.",
        "",
        "| table | filled by |",
        "|---|---|",
    ]
    lines += [f"| {table.name} | {cell(table.filled) or 'rows that are brought'} |" for table in all_tables()]
    lines += [f"| {view.name} (view) | {view.over or 'incidents, as they stand'} |" for view in views()]
    for table in all_tables():
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.description}. Kept {table.retention_days} days unless set otherwise. {table.source}",
            "",
        ]
        lines += ["| column | type | what it holds | filter in Explorer |", "|---|---|---|---|"]
        for column in table.columns:
            shown = column.label if column.filterable else ""
            lines.append(f"| `{column.name}` | {column.type.value} | {cell(column.description)} | {cell(shown)} |")
    return "\n".join(lines) + "\n"


def actions() -> str:
    """Every action on mail and on people: what it does, the right it needs, whether it can be undone."""
    from watchfloor.response.catalogue import account_actions
    from watchfloor.response.catalogue import actions as all_actions

    lines = ["# Actions on mail", "", NOTE, "", "| action | what it does | needs | undone by |", "|---|---|---|---|"]
    for key, action in all_actions().items():
        final = "nothing: it is final" if action.dangerous else "taking the action again"
        undo = "Undo in the action center: same folder, flags, date" if action.undoable else final
        lines.append(
            f"| {action.label} (`{key}`) | {cell(action.description)} | `{action.permission.value}` | {undo} |"
        )
    lines += [
        "",
        "# Actions on people",
        "",
        "| action | what it does | with it | needs | undo |",
        "|---|---|---|---|---|",
    ]
    for key, action in account_actions().items():
        options = ", ".join(option.label for option in action.options) or "–"
        undo = "each account as it stood before" if action.undoable else "–"
        lines.append(
            f"| {action.label} (`{key}`) | {cell(action.description)} | {options} | `{action.permission.value}` | {undo} |"
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


def kql() -> str:
    """Every word of KQL that is supported, and the tables it can be asked of."""
    from watchfloor.lake.kql.reference import entries
    from watchfloor.lake.selectors import tables, views

    lines = ["# KQL", "", NOTE, "", "What is not here is refused, with its place; nothing is guessed."]
    for kind in ("operator", "keyword", "function", "aggregate", "plugin"):
        lines += ["", f"## {kind.capitalize()}s", "", "| word | gives | what it does |", "|---|---|---|"]
        lines += [f"| `{cell(one.call)}` | {one.result} | {cell(one.describe)} |" for one in entries(kind)]
    lines += [
        "",
        "## Tables",
        "",
        "Columns stand in [tables](tables.md). `Timestamp` and `TimeGenerated` are the same.",
        "",
    ]
    lines += ["| table | also known as | what it holds | needs |", "|---|---|---|---|"]
    lines += [
        f"| {one.name} | {', '.join(one.aliases)} | {cell(one.description)} | `{one.permission}` |" for one in tables()
    ]
    lines += ["", "## Views", "", "For queries written for Sentinel; they hold nothing of their own."]
    for view in views():
        lines += ["", f"### {view.name}", "", f"{view.description}. Needs `{view.permission}`.", ""]
        lines += ["| column | type | what it holds |", "|---|---|---|"]
        told = [column for column in view.columns if column.reads]
        lines += [f"| `{one.name}` | {one.type.value} | {cell(one.description)} |" for one in told]
        empty = [f"`{one.name}`" for one in view.columns if not one.reads]
        lines += ["", f"Always empty: {', '.join(empty)}."] if empty else []
    return "\n".join(lines) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "tables.md": tables,
    "actions.md": actions,
    "detections.md": detections,
    "kql.md": kql,
}


def main() -> None:
    os.environ["WATCHFLOOR_HOME"] = tempfile.mkdtemp(prefix="wfdocs")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    import django

    django.setup()
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write())


if __name__ == "__main__":
    main()
