"""Writes docs/reference/access.md from the code: rights, roles, activities, audit verbs, pages. `python tests/house/access_reference.py`."""

import importlib
import importlib.util
import os
import pkgutil
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "access.md"

HEAD = """# Rights, roles and the audit log

<!-- Written by tests/house/access_reference.py; a test compares. -->

A person's rights are the union of their roles'. Every page, verb and job names the one right it needs; whoever lacks it reads
which, which roles have it, and who can give it.

**Nobody raises their own rights.** Whoever may give roles may give others any role, Preview and Search and Purge included, but a
change that would add a right to the one who makes it is refused, by changing their roles as well as by widening a custom role they
hold: another administrator does it, or the operator with `watchfloor person roles`. The last person who can give roles cannot be
removed. What this does not stop: an administrator may make an account for a second self, or take over another's by a one-time password.
Both stand in the audit log, and the owner of the account is signed out.

**Lock.** Five failed sign-ins with one address from one network address lock both together for 15 minutes. `watchfloor person
unlock` and Settings, People open it at once. Sessions end after 8 hours.

**The audit log** is only ever added to: the model refuses changes, triggers in the database (SQLite and PostgreSQL) refuse them too, and
each entry holds the hash of the one before, so that `watchfloor doctor`, the worker every hour, and the page itself see any change.
Entries cut off at the end leave no gap: keep the newest hash, which `watchfloor doctor` prints, elsewhere if that matters.
Entries that wait for the end of a transaction vanish with it, so verbs write them outside.
"""


def load_everything() -> None:
    """Import every slice's services and views, so that every verb is registered."""
    import watchfloor

    importlib.import_module("watchfloor.config.urls")
    for found in pkgutil.iter_modules(watchfloor.__path__):
        for part in ("services", "jobs", "views"):
            name = f"watchfloor.{found.name}.{part}"
            if importlib.util.find_spec(name):
                importlib.import_module(name)


def page() -> str:
    from watchfloor.access.contracts import Permission
    from watchfloor.access.roles import ACTIVITIES, BUILT_IN_ROLES
    from watchfloor.access.services import audit_verbs

    load_everything()
    lines = [HEAD, "## Rights", "", "| right | allows |", "|---|---|"]
    lines += [f"| `{right.value}` | {right.description} |" for right in Permission]
    lines += ["", "## Built-in roles", ""]
    for name, (description, rights) in BUILT_IN_ROLES.items():
        lines += [f"### {name}", "", f"{description}.", "", ", ".join(f"`{right}`" for right in sorted(rights)), ""]
    lines += [
        "## Activities",
        "",
        f"| activity | row | {' | '.join(BUILT_IN_ROLES)} |",
        "|---|---|" + "---|" * len(BUILT_IN_ROLES),
    ]
    for row, words, right in ACTIVITIES:
        cells = " | ".join("yes" if right in rights else "" for _, rights in BUILT_IN_ROLES.values())
        lines.append(f"| {words} | {row} | {cells} |")
    lines += ["", "## Audit verbs", "", "| verb | what it says |", "|---|---|"]
    lines += [f"| `{verb.name}` | {verb.description} |" for verb in audit_verbs()]
    lines += ["", "## Pages", "", "| address | right |", "|---|---|", *pages()]
    return "\n".join(lines) + "\n"


def pages() -> list[str]:
    from tests.house.test_permissions import ALL

    return [f"| `/{found.route}` | {f'`{found.permission}`' if found.permission else 'none'} |" for found in ALL]


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"
    os.environ["WATCHFLOOR_HOME"] = tempfile.mkdtemp()
    import sys

    sys.path.insert(0, str(PAGE.parents[2]))
    import django

    django.setup()
    PAGE.write_text(page())
