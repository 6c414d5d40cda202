"""SecurityIncident: incidents as Sentinel names them, as they stand now; the slice of the incidents gives them."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.contracts import View, ViewColumn
from watchfloor.lake.schema.views.reading import empty

_COLUMNS = (
    *empty("TenantId"),
    ViewColumn("TimeGenerated", T.DATETIME, "TimeGenerated", "When it was changed last"),
    ViewColumn("IncidentName", T.STRING, "IncidentName", "Id of the incident"),
    ViewColumn("Title", T.STRING, "Title", "Title"),
    *empty("Description"),
    ViewColumn("Severity", T.STRING, "Severity", "High, Medium, Low or Informational"),
    ViewColumn("Status", T.STRING, "Status", "New, Active or Closed"),
    ViewColumn("Classification", T.STRING, "Classification", "What it turned out to be"),
    ViewColumn("ClassificationComment", T.STRING, "ClassificationComment", "Why, in words"),
    ViewColumn("ClassificationReason", T.STRING, "ClassificationReason", "What kind of thing it turned out to be"),
    ViewColumn("Owner", T.DYNAMIC, "Owner", "Who works on it"),
    ViewColumn("ProviderName", T.STRING, "ProviderName", "Always “Watchfloor”"),
    ViewColumn("ProviderIncidentId", T.STRING, "ProviderIncidentId", "Id of the incident"),
    ViewColumn("FirstActivityTime", T.DATETIME, "FirstActivityTime", "When the first thing in it happened"),
    ViewColumn("LastActivityTime", T.DATETIME, "LastActivityTime", "When the last thing in it happened"),
    ViewColumn("FirstModifiedTime", T.DATETIME, "FirstModifiedTime", "When it was changed first"),
    ViewColumn("LastModifiedTime", T.DATETIME, "LastModifiedTime", "When it was changed last"),
    ViewColumn("CreatedTime", T.DATETIME, "CreatedTime", "When it was made"),
    ViewColumn("ClosedTime", T.DATETIME, "ClosedTime", "When it was closed"),
    ViewColumn("IncidentNumber", T.STRING, "IncidentNumber", "Number of the incident"),
    ViewColumn(
        "RelatedAnalyticRuleIds", T.DYNAMIC, "RelatedAnalyticRuleIds", "Ids of the rules that raised its alerts"
    ),
    ViewColumn("AlertIds", T.DYNAMIC, "AlertIds", "Ids of its alerts"),
    *empty("BookmarkIds:dynamic"),
    ViewColumn("Comments", T.DYNAMIC, "Comments", "What people wrote"),
    *empty("Tasks:dynamic"),
    ViewColumn("Labels", T.DYNAMIC, "Labels", "Its tags"),
    ViewColumn("IncidentUrl", T.STRING, "IncidentUrl", "Its page here"),
    ViewColumn("AdditionalData", T.DYNAMIC, "AdditionalData", "Number of alerts, tactics"),
    ViewColumn("ModifiedBy", T.STRING, "ModifiedBy", "Who changed it last"),
    *empty("SourceSystem Type _IsBillable _BilledSize:real"),
)

VIEW = View(
    name="SecurityIncident",
    description="Incidents as Sentinel names them, as they stand now",
    columns=_COLUMNS,
    permission=Permission.INCIDENT_READ,
)
