"""UrlClickEvents: one row per click on a rewritten or watched URL."""

from watchfloor.lake.contracts import Column, Shape, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c

TABLE = Table(
    name="UrlClickEvents",
    description="Clicks on URLs in mails",
    columns=(
        Column("Timestamp", T.DATETIME, "When it was clicked", "Time clicked", default=True),
        Column("Url", T.STRING, "The whole URL", "URL", filterable=True, default=True, normal="url"),
        Column(
            "ActionType",
            T.STRING,
            "What the click met",
            "Click verdict",
            filterable=True,
            default=True,
            choices=c.CLICK_ACTIONS,
        ),
        Column("AccountUpn", T.STRING, "Who clicked", "Recipient", filterable=True, default=True, folded=True),
        Column("Workload", T.STRING, "Where it was clicked: Email, Office, Teams", "Workload", True, True),
        Column("NetworkMessageId", T.STRING, "Our id of the email", "Network message ID", True, True, folded=True),
        Column(
            "ThreatTypes",
            T.STRING,
            "Threat at the time of the click, as “Phish”",
            "URL threat",
            filterable=True,
            default=True,
            choices=c.THREAT_TYPES,
            listed=True,
            shape=Shape.WORDS,
        ),
        Column(
            "DetectionMethods",
            T.STRING,
            "Technologies that found each threat, a JSON object of lists",
            "Click detection technology",
            filterable=True,
            default=True,
            choices=c.URL_TECHNOLOGIES,
            listed=True,
            shape=Shape.METHODS,
        ),
        Column("IPAddress", T.STRING, "Address of the clicking device", "Client IP", True, True, folded=True),
        Column("IsClickedThrough", T.BOOL, "Whether the person went on to the URL", "Clicked through", True, True),
        Column("UrlChain", T.STRING, "Redirects, a JSON list", "URL chain", True, True, listed=True),
        Column("ReportId", T.STRING, "Id of the click", "Click ID", True, True, folded=True),
        Column("AppName", T.STRING, "Application the click came from", "Application", filterable=True),
        Column("AppVersion", T.STRING, "Its version", "Application version"),
        Column("SourceId", T.STRING, "Id of the document or message", "Source ID"),
        Column("TenantId", T.STRING, "Id of the tenant", "Tenant ID"),
        Column("Type", T.STRING, "Name of the table", "Type"),
        Column("SourceSystem", T.STRING, "System the event came from", "Source system"),
        Column("TimeGenerated", T.DATETIME, "When the record was made", "Time generated"),
        Column(
            "UrlDomain", T.STRING, "Host name in the URL", "URL domain", filterable=True, folded=True, normal="domain"
        ),
        Column("Context", T.STRING, "How the person and the mail were found, in words", "How it is known"),
        Column("UrlDomainPath", T.STRING, "Domain and path", "URL domain and path", filterable=True, normal="path"),
    ),
    sort_column="AccountUpn",
    follows=True,
    own=frozenset({"UrlDomain", "UrlDomainPath", "Context"}),
    filled="click protection, proxy logs that are read or imported, and by the sample organisation",
)
