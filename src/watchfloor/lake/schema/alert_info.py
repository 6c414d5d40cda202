"""AlertInfo: one row per alert."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c

TABLE = Table(
    name="AlertInfo",
    description="Alerts and their severity and category",
    columns=(
        Column("Timestamp", T.DATETIME, "When the alert was raised", "Date", default=True),
        Column("AlertId", T.STRING, "Id of the alert", "Alert ID", folded=True, default=True),
        Column("Title", T.STRING, "Title of the alert", "Title", default=True),
        Column("Category", T.STRING, "Kind of threat activity", "Category", default=True),
        Column("Severity", T.STRING, "Potential impact", "Severity", default=True, choices=c.SEVERITIES),
        Column("ServiceSource", T.STRING, "Product that raised it", "Service source"),
        Column("DetectionSource", T.STRING, "Part of the product that found it", "Detection source"),
        Column("AttackTechniques", T.STRING, "MITRE ATT&CK techniques, a JSON list", "Techniques", listed=True),
        Column("Description", T.STRING, "What the alert says", "Description"),
        Column("Entities", T.STRING, "What it touches, a JSON list of Sentinel's entities", "Entities"),
        Column(
            "CompromisedEntity", T.STRING, "The account or device it touches first", "Compromised entity", folded=True
        ),
    ),
    own=frozenset({"Description", "Entities", "CompromisedEntity"}),
    sort_column="AlertId",
    bloom_column="AlertId",
    follows=True,
    permission=Permission.INCIDENT_READ,
    filled="the alerts raised here",
)
