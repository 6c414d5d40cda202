"""The columns Explorer's tables offer, for each kind of row (TE-080, 081, 095, 097)."""

from functools import cache

from watchfloor.hunting.explorer.contracts import GridColumn
from watchfloor.lake import selectors as lake

MAIL = "EmailEvents"


def _text(label: str, source: str, *, kind: str = "text", default: bool = False, roomy: bool = False) -> GridColumn:
    return GridColumn(source, label, kind, (source,), default, source, roomy)


EMAIL = (
    _text("Date", "Timestamp", kind="time", default=True),
    GridColumn("Subject", "Subject", "subject", ("Subject", "UrlCount", "AttachmentCount"), True, "Subject"),
    _text("Recipient", "RecipientEmailAddress", kind="person", default=True),
    _text("Recipient domain", "RecipientDomain"),
    GridColumn("Tags", "Tags", "tags", ("RecipientEmailAddress",), True, roomy=True),
    _text("Sender address", "SenderFromAddress", default=True),
    _text("Sender display name", "SenderDisplayName"),
    _text("Sender domain", "SenderFromDomain", default=True, roomy=True),
    _text("Sender IP", "SenderIP", kind="ip"),
    _text("Sender mail from address", "SenderMailFromAddress"),
    _text("Sender mail from domain", "SenderMailFromDomain"),
    GridColumn(
        "AdditionalActions",
        "Additional actions",
        "looked-up",
        looked_up="EmailPostDeliveryEvents.ActionType",
        default=True,
        roomy=True,
    ),
    _text("Latest delivery action", "LatestDeliveryAction"),
    _text("Delivery action", "DeliveryAction", kind="text"),
    _text("Latest delivery location", "LatestDeliveryLocation", kind="location", default=True),
    _text("Original delivery location", "DeliveryLocation", kind="location", default=True, roomy=True),
    _text("System overrides source", "PrimaryOverrideSource"),
    _text("System overrides", "PrimaryOverride"),
    GridColumn("AlertId", "Alert ID", "looked-up", looked_up="AlertEvidence.AlertId"),
    _text("Internet message ID", "InternetMessageId"),
    _text("Network message ID", "NetworkMessageId"),
    _text("Mail language", "EmailLanguage"),
    _text("Connector", "Connectors"),
    _text("Threat type", "ThreatTypes", kind="threats", default=True),
    _text("Malware family", "ThreatNames", kind="names"),
    _text("Detection technology", "DetectionMethods", kind="names"),
    _text("Threat classification", "ThreatClassification"),
    _text("Phish confidence level", "ConfidenceLevel", kind="names"),
    _text("Attachment count", "AttachmentCount", kind="number"),
    _text("URL count", "UrlCount", kind="number"),
    _text("Email size", "EmailSize", kind="size"),
    _text("Directionality", "EmailDirection"),
    _text("Cluster ID", "EmailClusterId"),
    _text("SPF", "Spf"),
    _text("DKIM", "Dkim"),
    _text("DMARC", "Dmarc"),
    _text("Composite authentication", "CompositeAuthentication"),
    _text("Policy type", "EmailActionPolicy"),
    _text("Policy action", "EmailAction"),
    _text("Forwarded message", "ForwardedMessage", kind="yes-no"),
    _text("Distribution list", "DistributionList"),
    _text("Return path", "ReturnPath"),
    _text("Impersonated user", "ImpersonatedUser"),
    _text("Impersonated domain", "ImpersonatedDomain"),
    _text("Bulk complaint level", "BulkComplaintLevel", kind="number"),
    _text("Verdict score", "VerdictScore", kind="number"),
    _text("Allow/block entry", "TenantEntries", kind="names"),
)

CLICKS = (
    _text("Time clicked", "Timestamp", kind="time", default=True),
    _text("Recipient", "AccountUpn", kind="person", default=True),
    _text("URL click action", "ActionType", default=True),
    _text("URL", "Url", kind="url", default=True),
    _text("URL domain", "UrlDomain"),
    GridColumn("Tags", "Tags", "tags", ("AccountUpn",), True, roomy=True),
    GridColumn("NetworkMessageId", "Network message ID", "mail", ("NetworkMessageId",), True, "NetworkMessageId"),
    _text("Click ID", "ReportId", roomy=True),
    _text("Client IP", "IPAddress", kind="ip", default=True),
    _text("URL chain", "UrlChain", kind="names", default=True, roomy=True),
    _text("Threat type", "ThreatTypes", kind="threats", default=True),
    _text("Detection technology", "DetectionMethods", kind="names", default=True, roomy=True),
    _text("Workload", "Workload"),
    _text("Clicked through", "IsClickedThrough", kind="yes-no"),
    _text("Application", "AppName"),
    _text("Source ID", "SourceId"),
)

DOCUMENTS = (
    _text("Date", "Timestamp", kind="time", default=True),
    _text("Name", "FileName", kind="document", default=True),
    _text("Workload", "Workload", default=True),
    _text("Threat", "ThreatTypes", kind="threats", default=True),
    _text("Malware family", "ThreatNames", kind="names"),
    _text("Detection technology", "DetectionMethods", kind="names", default=True),
    _text("Last modifying user", "LastModifyingAccountUpn", kind="person", default=True),
    _text("File owner", "FileOwnerUpn", kind="person", default=True),
    _text("File owner's name", "FileOwnerDisplayName"),
    GridColumn("Tags", "Tags", "tags", ("FileOwnerUpn",)),
    _text("Size", "FileSize", kind="size", default=True),
    _text("Last modified time", "LastModifiedTime", kind="time"),
    _text("Created", "FileCreationTime", kind="time"),
    _text("Folder", "FolderPath"),
    _text("Document ID", "DocumentId"),
    _text("SHA256", "SHA256", kind="file"),
    _text("Report ID", "ReportId"),
)

OF_TABLE = {"EmailEvents": EMAIL, "UrlClickEvents": CLICKS, "FileMaliciousContentInfo": DOCUMENTS}


@cache
def known_columns(table: str) -> frozenset[str]:
    """Names of the columns that the lake has in `table`."""
    return frozenset(column.name for column in lake.table(table).columns)


def in_lake(column: str, *, table: str = MAIL) -> bool:
    """Whether `Column` of this table, or `Table.Column`, exists."""
    owner, _, name = column.rpartition(".")
    return name in known_columns(owner or table)


@cache
def grid_columns(table: str = MAIL) -> tuple[GridColumn, ...]:
    """The columns that rows of `table` can be shown in: those whose data the lake keeps."""
    return tuple(one for one in OF_TABLE[table] if all(in_lake(source, table=table) for source in one.sources))
