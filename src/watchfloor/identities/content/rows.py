"""A finding on a stored file as a row of FileMaliciousContentInfo."""

import hashlib
import json
from datetime import datetime
from typing import Any

from watchfloor.identities.content.findings import Finding
from watchfloor.identities.finding import people_of_names
from watchfloor.identities.models import DirectoryPerson, StoredFile

WORKLOADS = {"POSIX": "File share"}
"""Providers whose name people would not know the place by; others are called as they are: OneDrive, Nextcloud."""


def row_of(file: StoredFile, sha256: str, finding: Finding, *, at: datetime) -> dict[str, Any]:
    """The row; its ReportId is the same for the same content at the same place."""
    row = {
        "Timestamp": at,
        "Workload": WORKLOADS.get(file.provider, file.provider),
        "FileName": file.name,
        "FolderPath": file.path.rpartition("/")[0] or "/",
        "FileSize": file.size,
        "SHA256": sha256,
        "FileOwnerDisplayName": _name(file.owner),
        "FileOwnerUpn": file.owner,
        "DocumentId": file.key,
        "ThreatTypes": [finding.threat],
        "ThreatNames": ", ".join(finding.names),
        "DetectionMethods": json.dumps({finding.threat: list(finding.methods)}),
        "LastModifyingAccountUpn": file.changed_by,
        "LastModifiedTime": file.changed_at,
        "FileCreationTime": file.created_at,
        "Context": finding.context,
        "ReportId": _digest(file.source, file.key, sha256),
    }
    return {name: value for name, value in row.items() if value is not None}


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _name(owner: str) -> str:
    found = people_of_names([owner]).get(owner.lower()) if owner else None
    return DirectoryPerson.objects.values_list("name", flat=True).get(pk=found) if found else ""
