"""FileMaliciousContentInfo: files with malicious content in document stores."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Shape, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="FileMaliciousContentInfo",
    description="Files with malicious content in document stores",
    columns=grid(
        "Timestamp Workload FileName FileOwnerUpn ThreatTypes ThreatNames",
        Column("Timestamp", T.DATETIME, "When the file was found", "Date"),
        Column("Workload", T.STRING, "Where the file lies: SharePoint, OneDrive, Teams", "Workload", filterable=True),
        Column("FileName", T.STRING, "Name of the file", "File name", filterable=True),
        Column("FolderPath", T.STRING, "Site or folder the file lies in", "Site", filterable=True),
        Column("FileSize", T.LONG, "Size of the file in bytes", "File size", filterable=True),
        Column("SHA256", T.STRING, "SHA-256 of the file", "SHA256", filterable=True, folded=True),
        Column("FileOwnerDisplayName", T.STRING, "Owner's name", "File owner's name", filterable=True),
        Column("FileOwnerUpn", T.STRING, "Owner's sign-in address", "File owner", filterable=True, folded=True),
        Column("DocumentId", T.STRING, "Id of the document", "Document ID", filterable=True),
        Column(
            "ThreatTypes",
            T.DYNAMIC,
            "Threats found in the file, a JSON list",
            "Threat type",
            filterable=True,
            choices=("Block", *c.THREAT_TYPES),
            listed=True,
        ),
        Column(
            "ThreatNames",
            T.STRING,
            "Names of the threats, comma and blank between them",
            "Malware family",
            filterable=True,
            listed=True,
            shape=Shape.WORDS,
        ),
        Column(
            "DetectionMethods",
            T.STRING,
            "Technologies that found each threat, a JSON object of lists",
            "Detection technology",
            filterable=True,
            choices=c.DETECTION_TECHNOLOGIES,
            listed=True,
            shape=Shape.METHODS,
        ),
        Column(
            "LastModifyingAccountUpn",
            T.STRING,
            "Who changed the file last",
            "Last modified by",
            filterable=True,
            folded=True,
        ),
        Column("LastModifiedTime", T.DATETIME, "When the file was changed last", "Last modified time"),
        Column("FileCreationTime", T.DATETIME, "When the file was made", "File creation time"),
        Column("Context", T.STRING, "What was found in the file, in words", "Context"),
        *shared("ReportId"),
    ),
    sort_column="FileOwnerUpn",
    bloom_column="SHA256",
    permission=Permission.EMAIL_METADATA_READ,
    filled="stored files that a connection lets be read (disks and shares, Nextcloud, Microsoft 365)",
)
