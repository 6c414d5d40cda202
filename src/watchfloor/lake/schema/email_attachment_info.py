"""EmailAttachmentInfo: one row per attachment and recipient; what the mail's own row says is repeated here, so nobody joins."""

from watchfloor.lake.contracts import Column, Shape, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c

TABLE = Table(
    name="EmailAttachmentInfo",
    description="Attachments of mails",
    columns=(
        Column("Timestamp", T.DATETIME, "When the mail was received", "Date", default=True),
        Column("NetworkMessageId", T.STRING, "Our id of the email", "Network message ID", folded=True),
        Column("SenderFromAddress", T.STRING, "Sender in the From header", "Sender address", folded=True),
        Column("SenderDisplayName", T.STRING, "Name in the From header", "Sender display name"),
        Column("SenderObjectId", T.STRING, "Directory id of an internal sender", "Sender object ID"),
        Column("RecipientEmailAddress", T.STRING, "Address the mail went to", "Recipient", folded=True),
        Column("RecipientObjectId", T.STRING, "Directory id of the recipient", "Recipient object ID"),
        Column("FileName", T.STRING, "Name of the file", "Attachment filename", filterable=True, default=True),
        Column("FileType", T.STRING, "Real type, read from the content", "File type", filterable=True, default=True),
        Column(
            "SHA256", T.STRING, "SHA-256 of the file", "Attachment SHA256", filterable=True, default=True, folded=True
        ),
        Column("FileSize", T.LONG, "Size in bytes", "File size", filterable=True),
        Column(
            "ThreatTypes",
            T.STRING,
            "Threats found in the file, as “Malware, Phish”",
            "File threat",
            filterable=True,
            choices=c.THREAT_TYPES,
            listed=True,
            shape=Shape.WORDS,
        ),
        Column(
            "ThreatNames",
            T.STRING,
            "Names of the threats, comma and blank between them",
            "File malware family",
            filterable=True,
            listed=True,
            shape=Shape.WORDS,
        ),
        Column(
            "DetectionMethods",
            T.STRING,
            "Technologies that found each threat, a JSON object of lists",
            "File detection technology",
            filterable=True,
            choices=c.DETECTION_TECHNOLOGIES,
            listed=True,
            shape=Shape.METHODS,
        ),
        Column("ReportId", T.STRING, "ReportId of the mail's row in EmailEvents", "Report ID", folded=True),
        Column("FileExtension", T.STRING, "Extension of the name", "File extension", filterable=True, folded=True),
        Column("Subject", T.STRING, "Subject of the mail", "Subject"),
        Column("SenderFromDomain", T.STRING, "Domain of the From header", "Sender domain", folded=True),
        Column("EmailDirection", T.STRING, "Direction of the mail", "Directionality", choices=c.DIRECTIONS),
        Column("DeliveryAction", T.STRING, "What was done with the mail at delivery", "Delivery action"),
        Column("DeliveryLocation", T.STRING, "Where the mail was delivered first", "Original delivery location"),
        Column(
            "EmailThreatTypes",
            T.STRING,
            "Threats found in the mail, as “Phish, Spam”",
            "Threat type",
            listed=True,
            shape=Shape.WORDS,
        ),
    ),
    sort_column="SHA256",
    ranked=("FileName", "SHA256", "FileType"),
    once="ReportId",
    own=frozenset(
        {
            "FileExtension",
            "Subject",
            "SenderFromDomain",
            "EmailDirection",
            "DeliveryAction",
            "DeliveryLocation",
            "EmailThreatTypes",
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
            "SenderDisplayName",
        }
    ),
    filled="the mail that is taken in",
    closed=True,
)
