"""AuditLogs: changes in Entra ID as Sentinel names them, over IdentityDirectoryEvents."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.contracts import View, ViewColumn
from watchfloor.lake.schema.views.reading import empty, inside

_COLUMNS = (
    ViewColumn("SourceSystem", T.STRING, "'Azure AD'", "System the record comes from"),
    ViewColumn("TimeGenerated", T.DATETIME, "Timestamp", "When it happened"),
    *empty("ResourceId"),
    ViewColumn("OperationName", T.STRING, "ActionType", "What happened"),
    ViewColumn("OperationVersion", T.STRING, "'1.0'", "Version of the operation"),
    *inside("AdditionalFields", "Category ResultType ResultSignature ResultDescription"),
    *empty("DurationMs:long"),
    *inside("AdditionalFields", "CorrelationId"),
    *empty("Resource ResourceGroup ResourceProvider"),
    ViewColumn("Identity", T.STRING, "AccountDisplayName", "Who did it"),
    ViewColumn("Level", T.STRING, "'4'", "Level of the record"),
    ViewColumn("Location", T.STRING, "Location", "Where the address is taken to be"),
    *inside("AdditionalFields", "AdditionalDetails:dynamic"),
    ViewColumn("Id", T.STRING, "ReportId", "Id of this row"),
    ViewColumn(
        "InitiatedBy",
        T.DYNAMIC,
        "COALESCE(JSON_EXTRACT(TRY_CAST(AdditionalFields AS JSON), '$.InitiatedBy'), JSON_OBJECT('user', JSON_OBJECT('id', AccountObjectId, 'displayName', AccountDisplayName, 'userPrincipalName', AccountUpn, 'ipAddress', IPAddress)))",
        "Who did it",
    ),
    *inside("AdditionalFields", "LoggedByService Result ResultReason"),
    ViewColumn(
        "TargetResources",
        T.DYNAMIC,
        "COALESCE(JSON_EXTRACT(TRY_CAST(AdditionalFields AS JSON), '$.TargetResources'), JSON_ARRAY(JSON_OBJECT('displayName', TargetAccountDisplayName, 'userPrincipalName', TargetAccountUpn, 'type', 'User')))",
        "What it was done to",
    ),
    *inside("AdditionalFields", "AADTenantId"),
    ViewColumn("ActivityDisplayName", T.STRING, "ActionType", "What happened"),
    ViewColumn("ActivityDateTime", T.DATETIME, "Timestamp", "When it happened"),
    *inside("AdditionalFields", "AADOperationType"),
    *empty("Type _IsBillable _BilledSize:real TenantId"),
)

VIEW = View(
    name="AuditLogs",
    description="Changes in Entra ID as Sentinel names them, over IdentityDirectoryEvents",
    columns=_COLUMNS,
    over="IdentityDirectoryEvents",
    where="Application IN ('Microsoft Entra ID', 'Entra ID', 'Azure Active Directory')",
    permission=Permission.IDENTITY_READ,
)
