"""What every event says of itself: the columns tables share."""

from watchfloor.lake.contracts import Column
from watchfloor.lake.contracts import ColumnType as T

COLUMNS = (
    Column("Timestamp", T.DATETIME, "When it happened", "Timestamp"),
    Column("ReportId", T.STRING, "Id of this row", "Report ID", folded=True),
    Column("ActionType", T.STRING, "What happened", "Action type"),
    Column("AdditionalFields", T.STRING, "More about it, as JSON", "Additional fields"),
    Column("Application", T.STRING, "Application it happened in", "Application"),
    Column("Port", T.INT, "Port it came from", "Port"),
    Column("Protocol", T.STRING, "Protocol used", "Protocol"),
    Column("FailureReason", T.STRING, "Why it failed", "Failure reason"),
    Column("BehaviorId", T.STRING, "Id of the behavior", "Behavior ID"),
    Column("Categories", T.STRING, "Kinds of threat activity, a JSON list", "Categories"),
    Column("ServiceSource", T.STRING, "Product the record comes from", "Service source"),
    Column("DetectionSource", T.STRING, "Part of the product that found it", "Detection source"),
    Column("DataSources", T.STRING, "Products the finding draws on, a JSON list", "Data sources"),
    Column("NetworkMessageId", T.STRING, "Our id of the email", "Network message ID", folded=True),
    Column(
        "DetectionMethods", T.STRING, "Technologies that found each threat, a JSON object of lists", "Detection methods"
    ),
    Column("ThreatTypes", T.DYNAMIC, "Threats found, as “Phish, Spam”", "Threat types"),
)
