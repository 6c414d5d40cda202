"""The fly-out of a file (TE-096): its names, what was found in it, mails, documents and devices that had it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from watchfloor.access.contracts import Permission
from watchfloor.hunting.explorer.entities.knowing import (
    AHEAD,
    About,
    actions,
    alerts,
    entries_about,
    equal,
    literal,
    mails,
)
from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.errors import NotFound
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query

ATTACHMENTS = "EmailAttachmentInfo"
EVER = timedelta(days=400)
SEEN = ("FileName", "FileType", "ThreatNames", "DetectionMethods", "FileSize")


def file(about: About) -> dict[str, Any]:
    """One file by its SHA-256."""
    same = equal("SHA256", about.value)
    names = about.values(ATTACHMENTS, "FileName", same)
    seen = {name: about.values(ATTACHMENTS, name, same) for name in SEEN}
    hunt = f"EmailAttachmentInfo | where SHA256 == {literal(about.value)} | sort by Timestamp desc"
    return {
        "title": visible(names.found[0].value) if names and names.found else visible(about.value[:24]),
        "subtitle": visible(about.value),
        "facts": [
            ("SHA-256", visible(about.value)),
            *((label, _words(seen[name])) for label, name in (
                ("Names", "FileName"), ("Type", "FileType"), ("Size (bytes)", "FileSize"),
                ("Malware family", "ThreatNames"), ("Detection technology", "DetectionMethods"),
            )),
        ],
        "mails": mails(about),
        "entries": entries_about(about, about.value),
        "documents": about.values("FileMaliciousContentInfo", "FileName", same),
        "devices": about.values("DeviceFileEvents", "DeviceName", same),
        "alerts": alerts(about, same),
        "actions": actions(about, hunt=hunt, block=Kind.FILE),
    }  # fmt: skip


def _words(found: lake.Values | None) -> str:
    return ", ".join(visible(one.value) for one in found.found) if found else ""


def document(about: About) -> dict[str, Any]:
    """One file with malicious content of a document store, by the id of its report, with what happened to it (TE-096)."""
    row = _row(about)
    carried = About(about.state, about.by, about.now, "EmailAttachmentInfo.SHA256", str(row["SHA256"]))
    return {
        "title": visible(row["FileName"]),
        "subtitle": f"{visible(row['Workload'])} · {visible(row['FileOwnerUpn'])}",
        "facts": _facts(row),
        "mails": mails(carried) if row["SHA256"] else None,
        "alerts": alerts(about, equal("SHA256", str(row["SHA256"]))) if row["SHA256"] else None,
        "activity": _activity(about, str(row["FileName"])),
        "actions": actions(
            carried,
            hunt=f"FileMaliciousContentInfo | where FileName == {literal(str(row['FileName']))}",
            block=Kind.FILE if row["SHA256"] else None,
        ),
    }


def _row(about: About) -> dict[str, Any]:
    """Raises NotFound."""
    query = Query("FileMaliciousContentInfo", about.now - EVER, about.now + AHEAD, (equal("ReportId", about.value),))
    rows = lake.rows(query, limit=1)
    if not rows:
        raise NotFound("there is no such document")
    return rows[0]


def _facts(row: Mapping[str, Any]) -> list[tuple[str, object]]:
    return [
        ("Folder", visible(row["FolderPath"])),
        ("Document ID", visible(row["DocumentId"])),
        ("SHA-256", visible(row["SHA256"])),
        ("Size (bytes)", row["FileSize"]),
        ("Threat", ", ".join(map(visible, lake.values_of(row, "ThreatTypes", of="FileMaliciousContentInfo")))),
        ("Malware name", visible(row["ThreatNames"])),
        ("Detected", row["Timestamp"]),
        ("Detected by", visible(row["DetectionMethods"])),
        ("Owner", visible(row["FileOwnerDisplayName"] or row["FileOwnerUpn"])),
        ("Last modified", row["LastModifiedTime"]),
        ("Last modified by", visible(row["LastModifyingAccountUpn"])),
    ]


def _activity(about: About, name: str) -> list[tuple[datetime, str, str, str]]:
    """The last three things cloud services tell about a file of this name: when, from where, what, by whom."""
    if not about.by.may(Permission.IDENTITY_READ) or not name:
        return []
    columns = ("Timestamp", "IPAddress", "ActionType", "AccountDisplayName")
    rows = lake.rows(about.query("CloudAppEvents", equal("ObjectName", name)), columns=columns, limit=3)
    return [(row["Timestamp"], *(visible(row[column]) for column in columns[1:])) for row in rows]
