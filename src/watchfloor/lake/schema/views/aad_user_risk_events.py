"""AADUserRiskEvents: risk detections on accounts as Sentinel names them, over BehaviorInfo."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.contracts import View, ViewColumn
from watchfloor.lake.schema.views.reading import empty, inside

_COLUMNS = (
    *empty("TenantId"),
    *inside("AdditionalFields", "Activity"),
    ViewColumn("ActivityDateTime", T.DATETIME, "StartTime", "When the risky thing happened"),
    *inside("AdditionalFields", "AdditionalInfo:dynamic CorrelationId"),
    ViewColumn("DetectedDateTime", T.DATETIME, "Timestamp", "When it was found"),
    *inside("AdditionalFields", "DetectionTimingType"),
    ViewColumn("Id", T.STRING, "BehaviorId", "Id of the finding"),
    *inside("AdditionalFields", "IpAddress"),
    ViewColumn("LastUpdatedDateTime", T.DATETIME, "Timestamp", "When the record was written"),
    *inside("AdditionalFields", "Location:dynamic RequestId RiskDetail"),
    ViewColumn(
        "RiskEventType",
        T.STRING,
        "COALESCE(JSON_EXTRACT_STRING(TRY_CAST(AdditionalFields AS JSON), '$.RiskEventType'), ActionType)",
        "Kind of risk",
    ),
    *inside("AdditionalFields", "RiskLevel RiskState"),
    ViewColumn("Source", T.STRING, "DetectionSource", "Part of the product that found it"),
    *inside("AdditionalFields", "TokenIssuerType UserDisplayName"),
    ViewColumn("UserId", T.STRING, "AccountObjectId", "Directory id of the account"),
    ViewColumn("UserPrincipalName", T.STRING, "AccountUpn", "Address the account signs in with"),
    ViewColumn("TimeGenerated", T.DATETIME, "Timestamp", "When it happened"),
    ViewColumn("OperationName", T.STRING, "'User Risk Detection'", "Always “User Risk Detection”"),
    ViewColumn("SourceSystem", T.STRING, "'Azure AD'", "System the record comes from"),
    *empty("Type _IsBillable _BilledSize:real"),
)

VIEW = View(
    name="AADUserRiskEvents",
    description="Risk detections on accounts as Sentinel names them, over BehaviorInfo",
    columns=_COLUMNS,
    over="BehaviorInfo",
    where="CONTAINS(LOWER(ServiceSource), 'identity protection')",
    permission=Permission.IDENTITY_READ,
)
