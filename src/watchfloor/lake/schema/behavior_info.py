"""BehaviorInfo: behaviors: what stood out without being an alert."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="BehaviorInfo",
    description="Behaviors: what stood out without being an alert",
    columns=grid(
        "Timestamp Title Description Categories AccountUpn",
        Column("Timestamp", T.DATETIME, "When the behavior was recorded", "Timestamp"),
        *shared("BehaviorId"),
        Column("Title", T.STRING, "Title of the behavior", "Title"),
        Column("Description", T.STRING, "What was seen", "Description"),
        *shared("Categories"),
        Column("AttackTechniques", T.STRING, "MITRE ATT&CK techniques, a JSON list", "Attack techniques"),
        *shared("ServiceSource DetectionSource DataSources DeviceId AccountUpn AccountObjectId"),
        Column("StartTime", T.DATETIME, "When it began", "Start time"),
        Column("EndTime", T.DATETIME, "When it ended", "End time"),
        *shared("AdditionalFields"),
        Column("ActionType", T.STRING, "Kind of behavior", "Action type"),
    ),
    sort_column="AccountUpn",
    bloom_column="BehaviorId",
    permission=Permission.INCIDENT_READ,
)
