"""CampaignInfo: mails that belong to a campaign, with the campaign's name."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="CampaignInfo",
    description="Mails that belong to a campaign, with the campaign's name",
    columns=grid(
        "Timestamp CampaignName CampaignType NetworkMessageId RecipientEmailAddress",
        Column("Timestamp", T.DATETIME, "When the mail was received", "Timestamp"),
        Column("CampaignName", T.STRING, "Name of the campaign", "Campaign name"),
        Column("CampaignId", T.STRING, "Id of the campaign", "Campaign ID"),
        Column("CampaignType", T.STRING, "What the campaign is after: Phish, Malware, Spam", "Campaign type"),
        Column("CampaignSubtype", T.STRING, "Brand or malware family the campaign uses", "Campaign subtype"),
        *shared("NetworkMessageId"),
        Column("RecipientEmailAddress", T.STRING, "Address the mail went to", "Recipient email address", folded=True),
        *shared("ReportId"),
    ),
    sort_column="RecipientEmailAddress",
    bloom_column="NetworkMessageId",
    permission=Permission.EMAIL_METADATA_READ,
    filled="the campaigns found here to be phish or malware, within two minutes of a mail",
)
