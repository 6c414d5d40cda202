"""FileMaliciousContentInfo: files with malicious content in document stores."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="FileMaliciousContentInfo",
    description="Files with malicious content in document stores",
    columns=grid(
        "Timestamp Workload FileName FileOwnerUpn ThreatTypes ThreatNames",
        Column("Timestamp", T.DATETIME, "When the file was found", "Timestamp"),
        Column("Workload", T.STRING, "Where the file lies: SharePoint, OneDrive, Teams", "Workload"),
        *shared("FileName FolderPath FileSize SHA256"),
        Column("FileOwnerDisplayName", T.STRING, "Owner's name", "File owner display name"),
        Column("FileOwnerUpn", T.STRING, "Owner's sign-in address", "File owner UPN", folded=True),
        Column("DocumentId", T.STRING, "Id of the document", "Document ID"),
        Column("ThreatTypes", T.DYNAMIC, "Threats found in the file, a JSON list", "Threat types"),
        Column("ThreatNames", T.STRING, "Names of the threats", "Threat names"),
        *shared("DetectionMethods"),
        Column(
            "LastModifyingAccountUpn", T.STRING, "Who changed the file last", "Last modifying account UPN", folded=True
        ),
        Column("LastModifiedTime", T.DATETIME, "When the file was changed last", "Last modified time"),
        Column("FileCreationTime", T.DATETIME, "When the file was made", "File creation time"),
        *shared("ReportId"),
    ),
    sort_column="FileOwnerUpn",
    bloom_column="SHA256",
    permission=Permission.EMAIL_METADATA_READ,
)
