"""EmailUrlInfo: one row per URL and recipient; what the mail's own row says is repeated here, so that nobody joins."""

from watchfloor.lake.contracts import Column, Shape, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c

TABLE = Table(
    name="EmailUrlInfo",
    description="URLs in mails and their attachments",
    columns=(
        Column("Timestamp", T.DATETIME, "When the mail was received", "Date", default=True),
        Column("NetworkMessageId", T.STRING, "Our id of the email", "Network message ID", folded=True),
        Column("Url", T.STRING, "The whole URL", "URL", filterable=True, default=True, normal="url"),
        Column(
            "UrlDomain",
            T.STRING,
            "Host name in the URL",
            "URL domain",
            filterable=True,
            default=True,
            folded=True,
            normal="domain",
        ),
        Column(
            "UrlLocation",
            T.STRING,
            "Where in the mail it stood",
            "URL source",
            filterable=True,
            default=True,
            choices=c.URL_LOCATIONS,
        ),
        Column("ReportId", T.STRING, "ReportId of the mail's row in EmailEvents", "Report ID", folded=True),
        Column("UrlPath", T.STRING, "Path in the URL", "URL path", filterable=True, normal="path"),
        Column("UrlDomainPath", T.STRING, "Domain and path", "URL domain and path", filterable=True, normal="path"),
        Column("RecipientEmailAddress", T.STRING, "Address the mail went to", "Recipient", folded=True),
        Column("SenderFromAddress", T.STRING, "Sender in the From header", "Sender address", folded=True),
        Column("SenderFromDomain", T.STRING, "Domain of the From header", "Sender domain", folded=True),
        Column("Subject", T.STRING, "Subject of the mail", "Subject"),
        Column("EmailDirection", T.STRING, "Direction of the mail", "Directionality", choices=c.DIRECTIONS),
        Column("DeliveryAction", T.STRING, "What was done with the mail at delivery", "Delivery action"),
        Column("DeliveryLocation", T.STRING, "Where the mail was delivered first", "Original delivery location"),
        Column(
            "ThreatTypes",
            T.STRING,
            "Threats found in the mail, as “Phish, Spam”",
            "Threat type",
            listed=True,
            shape=Shape.WORDS,
        ),
    ),
    sort_column="UrlDomain",
    leads="ThreatTypes",
    ranked=("Url", "UrlDomain", "UrlDomainPath"),
    once="ReportId",
    own=frozenset(
        {
            "UrlPath",
            "UrlDomainPath",
            "RecipientEmailAddress",
            "SenderFromAddress",
            "SenderFromDomain",
            "Subject",
            "EmailDirection",
            "DeliveryAction",
            "DeliveryLocation",
            "ThreatTypes",
        }
    ),
    repeats=frozenset(
        {
            "NetworkMessageId",
            "RecipientEmailAddress",
            "SenderFromAddress",
            "SenderFromDomain",
            "Subject",
            "EmailDirection",
            "DeliveryAction",
            "DeliveryLocation",
            "ThreatTypes",
        }
    ),
    filled="the mail that is taken in",
    closed=True,
)
