"""What Explorer offers: its views, pivots, tabs, table columns, time ranges and filter properties.

The properties come from the lake's schema, so that a column marked filterable there stands in the filter bar here.
"""

from datetime import timedelta
from functools import cache

from watchfloor.hunting.explorer.contracts import ExplorerView, GridColumn, Pivot, Preset, Property, Tab
from watchfloor.identities.contracts import PRIORITY
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator

MAIL = "EmailEvents"
RECIPIENT_TAG = "Tags"
PAGE_SIZE = 50
TOP_ROWS = 20

DELIVERY = Pivot("DeliveryAction", "Delivery action")
SENDER_DOMAIN = Pivot("SenderFromDomain", "Sender domain")
SENDER_IP = Pivot("SenderIP", "Sender IP")
DETECTION = Pivot("DetectionMethods", "Detection technology")
INTENT = Pivot("ThreatClassification", "Threat classification")
THREAT = Pivot("ThreatTypes", "Threat type")
FAMILY = Pivot("ThreatNames", "Malware family")
URL = Pivot("EmailUrlInfo.Url", "Full URL")
URL_DOMAIN = Pivot("EmailUrlInfo.UrlDomain", "URL domain")
URL_PATH = Pivot("EmailUrlInfo.UrlDomainPath", "URL domain and path")

VIEWS = (
    ExplorerView(
        "all-email",
        "All email",
        "Every mail that came, stayed or left, one row per recipient",
        (DELIVERY, SENDER_DOMAIN, SENDER_IP, DETECTION, INTENT, URL, URL_DOMAIN, URL_PATH, THREAT),
    ),
    ExplorerView(
        "malware",
        "Malware",
        "Mail in which malware was found",
        (FAMILY, SENDER_DOMAIN, SENDER_IP, DELIVERY, INTENT, DETECTION),
        (Condition("ThreatTypes", Operator.EQUAL_ANY, ("Malware",)),),
    ),
    ExplorerView(
        "phish",
        "Phish",
        "Mail that was judged to be phishing",
        (DELIVERY, SENDER_DOMAIN, SENDER_IP, DETECTION, INTENT, URL, URL_DOMAIN, URL_PATH),
        (Condition("ThreatTypes", Operator.EQUAL_ANY, ("Phish",)),),
    ),
)

TABS = (
    Tab("email", "Email"),
    Tab("urls", "Top URLs"),
    Tab("targets", "Top targeted users"),
    Tab("senders", "Top senders and IPs"),
    Tab("attachments", "Attachments"),
    Tab("campaigns", "Campaign"),
)

PRESETS = (
    Preset("24h", "24 hours", timedelta(hours=24)),
    Preset("2d", "2 days", timedelta(days=2)),
    Preset("7d", "7 days", timedelta(days=7)),
    Preset("30d", "30 days", timedelta(days=30)),
)
DEFAULT_PRESET = PRESETS[1]


def _text(label: str, source: str, *, kind: str = "text", default: bool = False, roomy: bool = False) -> GridColumn:
    return GridColumn(source, label, kind, (source,), default, source, roomy)


COLUMNS = (
    _text("Date", "Timestamp", kind="time", default=True),
    GridColumn("Subject", "Subject", "subject", ("Subject", "UrlCount", "AttachmentCount"), True, "Subject"),
    _text("Recipient", "RecipientEmailAddress", kind="person", default=True),
    _text("Recipient domain", "RecipientDomain"),
    GridColumn("Tags", "Tags", "tags", ("RecipientEmailAddress",), True, roomy=True),
    _text("Sender address", "SenderFromAddress", default=True),
    _text("Sender display name", "SenderDisplayName"),
    _text("Sender domain", "SenderFromDomain", default=True, roomy=True),
    _text("Sender IP", "SenderIP"),
    _text("Sender mail from address", "SenderMailFromAddress"),
    _text("Sender mail from domain", "SenderMailFromDomain"),
    _text("Latest delivery action", "LatestDeliveryAction", default=True, roomy=True),
    _text("Delivery action", "DeliveryAction", kind="action"),
    _text("Latest delivery location", "LatestDeliveryLocation", default=True),
    _text("Original delivery location", "DeliveryLocation", default=True, roomy=True),
    _text("System overrides source", "PrimaryOverrideSource"),
    _text("System overrides", "PrimaryOverride"),
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
)

PROPERTY_TABLES = (
    (MAIL, "Mail"),
    ("EmailUrlInfo", "URLs"),
    ("EmailAttachmentInfo", "Files"),
    ("EmailPostDeliveryEvents", "After delivery"),
    ("UrlClickEvents", "Clicks"),
    ("AlertEvidence", "Alerts"),
)


@cache
def known_columns(table: str) -> frozenset[str]:
    """Names of the columns that the lake has in `table`."""
    return frozenset(column.name for column in lake.table(table).columns)


def in_lake(column: str) -> bool:
    """Whether `Column` or `Table.Column` exists."""
    table, _, name = column.rpartition(".")
    return name in known_columns(table or MAIL)


@cache
def grid_columns() -> tuple[GridColumn, ...]:
    """The table's columns whose data the lake keeps."""
    return tuple(column for column in COLUMNS if all(map(in_lake, column.sources)))


def pivots_of(view: ExplorerView) -> tuple[Pivot, ...]:
    """The view's pivots whose data the lake keeps; the first is the default."""
    return tuple(pivot for pivot in view.pivots if in_lake(pivot.column))


@cache
def properties() -> dict[str, Property]:
    """Everything one may filter by, keyed by column, in the order of the filter bar."""
    found = {}
    for table in lake.tables():
        group = dict(PROPERTY_TABLES).get(table.name)
        if group is None or not table.has("NetworkMessageId"):
            continue
        prefix = "" if table.name == MAIL else f"{table.name}."
        for column in table.columns:
            if column.filterable:
                found[prefix + column.name] = _property(prefix + column.name, group, column)
    found[RECIPIENT_TAG] = Property(
        RECIPIENT_TAG, "Tags", "Mail", "A tag that the directory gives the recipient", (PRIORITY,)
    )
    order = [group for _, group in PROPERTY_TABLES]
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1].group), item[1].label)))


def _property(name: str, group: str, column: Column) -> Property:
    return Property(
        column=name,
        label=column.label or column.name,
        group=group,
        description=column.description,
        choices=column.choices,
        number=column.type in (ColumnType.INT, ColumnType.LONG, ColumnType.REAL),
    )


def operators_for(column: str) -> tuple[Operator, ...]:
    """The operators that make sense for a property (TE-030)."""
    chosen = properties().get(column)
    if column == RECIPIENT_TAG:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE)
    if chosen is not None and chosen.number:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE, Operator.GREATER, Operator.LESS)
    if chosen is not None and chosen.choices:
        return (Operator.EQUAL_ANY, Operator.EQUAL_NONE)
    return (
        Operator.EQUAL_ANY,
        Operator.EQUAL_NONE,
        Operator.CONTAINS_ANY,
        Operator.CONTAINS_NONE,
        Operator.STARTS_WITH,
    )
