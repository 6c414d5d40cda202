"""MessageEvents: chat messages: one row per message."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="MessageEvents",
    description="Chat messages: one row per message",
    columns=grid(
        "Timestamp SenderEmailAddress MessageSubject ThreatTypes DeliveryAction DeliveryLocation",
        Column("Timestamp", T.DATETIME, "When the message was sent", "Timestamp"),
        Column("LastEditedTime", T.STRING, "When the message was edited last", "Last edited time"),
        Column("TeamsMessageId", T.STRING, "Id of the message", "Teams message ID"),
        Column("SenderEmailAddress", T.STRING, "Sender's address", "Sender email address", folded=True),
        Column("SenderDisplayName", T.STRING, "Sender's name", "Sender display name"),
        Column("SenderObjectId", T.STRING, "Sender's directory id", "Sender object ID"),
        Column("SenderType", T.STRING, "Kind of sender: User, Group ...", "Sender type"),
        Column("RecipientDetails", T.DYNAMIC, "Recipients, a JSON list", "Recipient details"),
        Column("IsOwnedThread", T.BOOL, "Whether our organisation owns the thread", "Is owned thread"),
        Column("MessageId", T.STRING, "Id of the message in its thread", "Message ID"),
        Column("ParentMessageId", T.STRING, "Id of the message it answers", "Parent message ID"),
        Column("GroupId", T.STRING, "Id of the team", "Group ID"),
        Column("GroupName", T.STRING, "Name of the team", "Group name"),
        Column("ThreadId", T.STRING, "Id of the chat or channel", "Thread ID"),
        Column("ThreadSubtype", T.STRING, "Kind of chat or channel", "Thread subtype"),
        Column("IsExternalThread", T.BOOL, "Whether people from outside take part", "Is external thread"),
        Column("MessageFormatType", T.STRING, "Format of the message", "Message format type"),
        Column("MessageFormatSubtype", T.STRING, "Finer format of the message", "Message format subtype"),
        Column("MessageVersion", T.STRING, "Version of the message", "Message version"),
        Column("MessageSubject", T.STRING, "Subject of the message", "Message subject"),
        Column("ThreatTypes", T.STRING, "Threats found, as “Phish, Spam”", "Threat types"),
        Column(
            "DetectionMethods",
            T.DYNAMIC,
            "Technologies that found each threat, a JSON object of lists",
            "Detection methods",
        ),
        Column(
            "ConfidenceLevel", T.DYNAMIC, "How sure the verdict is of each threat, a JSON object", "Confidence level"
        ),
        Column("DeliveryAction", T.STRING, "What was done at delivery", "Delivery action"),
        Column("DeliveryLocation", T.STRING, "Where the message was delivered", "Delivery location"),
        *shared("ReportId"),
        Column("SafetyTip", T.STRING, "Warning the reader is shown", "Safety tip"),
    ),
    sort_column="SenderEmailAddress",
    bloom_column="TeamsMessageId",
    permission=Permission.EMAIL_METADATA_READ,
)
