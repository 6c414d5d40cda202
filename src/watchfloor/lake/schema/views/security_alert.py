"""SecurityAlert: alerts as Sentinel names them, over AlertInfo."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.contracts import View, ViewColumn
from watchfloor.lake.schema.views.reading import empty

_COLUMNS = (
    ViewColumn("TimeGenerated", T.DATETIME, "Timestamp", "When it happened"),
    ViewColumn("DisplayName", T.STRING, "Title", "Title of the alert"),
    ViewColumn("AlertName", T.STRING, "Title", "Title of the alert"),
    ViewColumn("AlertSeverity", T.STRING, "Severity", "Potential impact"),
    ViewColumn("Description", T.STRING, "Description", "What the alert says"),
    ViewColumn("ProviderName", T.STRING, "ServiceSource", "Product that raised it"),
    ViewColumn("VendorName", T.STRING, "'Watchfloor'", "Always “Watchfloor”"),
    ViewColumn("VendorOriginalId", T.STRING, "AlertId", "Id of the alert"),
    ViewColumn("SystemAlertId", T.STRING, "AlertId", "Id of the alert"),
    *empty("ResourceId SourceComputerId"),
    ViewColumn("AlertType", T.STRING, "DetectionSource", "Part of the product that found it"),
    *empty("ConfidenceLevel ConfidenceScore:real"),
    ViewColumn("IsIncident", T.BOOL, "FALSE", "Always false"),
    ViewColumn("StartTime", T.DATETIME, "Timestamp", "When it was raised"),
    ViewColumn("EndTime", T.DATETIME, "Timestamp", "When it was raised"),
    ViewColumn("ProcessingEndTime", T.DATETIME, "Timestamp", "When it was raised"),
    *empty("RemediationSteps"),
    ViewColumn("ExtendedProperties", T.STRING, "'{}'", "Always empty"),
    ViewColumn(
        "Entities",
        T.STRING,
        "CASE WHEN Entities = '' THEN '[]' ELSE Entities END",
        "Its evidence as Sentinel's entities, a JSON list, at most 500; AlertEvidence has all",
    ),
    *empty("WorkspaceSubscriptionId WorkspaceResourceGroup"),
    ViewColumn(
        "ExtendedLinks",
        T.STRING,
        "CAST(JSON_ARRAY(JSON_OBJECT('Href', '/alerts/' || AlertId, 'Label', 'Alert', 'Type', 'webLink')) AS VARCHAR)",
        "Its page here, a JSON list",
    ),
    ViewColumn("ProductName", T.STRING, "ServiceSource", "Product that raised it"),
    ViewColumn("ProductComponentName", T.STRING, "DetectionSource", "Part of the product that found it"),
    ViewColumn("AlertLink", T.STRING, "'/alerts/' || AlertId", "Its page here"),
    ViewColumn("Status", T.STRING, "'New'", "Always “New”: the state lives with the incident"),
    ViewColumn("CompromisedEntity", T.STRING, "CompromisedEntity", "The account or device it touches first"),
    ViewColumn("Tactics", T.STRING, "Category", "Kind of threat activity"),
    ViewColumn("Techniques", T.STRING, "AttackTechniques", "MITRE ATT&CK techniques, a JSON list"),
    *empty("SubTechniques Type _IsBillable _BilledSize:real"),
)

VIEW = View(
    name="SecurityAlert",
    description="Alerts as Sentinel names them, over AlertInfo",
    columns=_COLUMNS,
    over="AlertInfo",
    permission=Permission.INCIDENT_READ,
)
