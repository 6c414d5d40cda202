"""EmailPostDeliveryEvents: what happened to a delivered mail afterwards; the newest decides where the mail is now."""

from watchfloor.lake.contracts import Column, Shape, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c

TABLE = Table(
    name="EmailPostDeliveryEvents",
    description="Actions on mails after delivery",
    columns=(
        Column("Timestamp", T.DATETIME, "When it happened", "Date", default=True),
        Column("NetworkMessageId", T.STRING, "Our id of the email", "Network message ID", folded=True),
        Column("InternetMessageId", T.STRING, "Message-ID header", "Internet message ID"),
        Column("Action", T.STRING, "What was done, as “Soft delete”", "Later action", filterable=True, default=True),
        Column(
            "ActionType",
            T.STRING,
            "Kind of action",
            "Additional actions",
            filterable=True,
            default=True,
            choices=c.POST_DELIVERY_TYPES,
        ),
        Column(
            "ActionTrigger",
            T.STRING,
            "Who or what started it",
            "Trigger of a later action",
            filterable=True,
            default=True,
        ),
        Column(
            "ActionResult",
            T.STRING,
            "“Success”, or why it failed",
            "Result of a later action",
            filterable=True,
            default=True,
        ),
        Column("RecipientEmailAddress", T.STRING, "Mailbox acted in", "Recipient", folded=True),
        Column("DeliveryLocation", T.STRING, "Where the mail lies after it", "Location", choices=c.LOCATIONS),
        Column("SourceLocation", T.STRING, "Where the mail lay before it", "Source location", choices=c.LOCATIONS),
        Column(
            "ThreatTypes",
            T.STRING,
            "Threats known then, as “Phish, Spam”",
            "Threat type",
            listed=True,
            shape=Shape.WORDS,
        ),
        Column(
            "DetectionMethods",
            T.STRING,
            "Technologies that found each threat, a JSON object of lists",
            "Detection",
            listed=True,
            shape=Shape.METHODS,
        ),
        Column("ReportId", T.STRING, "Id of this row, time-ordered", "Report ID", folded=True),
    ),
    sort_column="RecipientEmailAddress",
    follows=True,
    filled="the actions taken on mail here, and their undo",
)
