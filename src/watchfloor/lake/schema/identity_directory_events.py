"""IdentityDirectoryEvents: changes in directories: passwords, groups, accounts."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="IdentityDirectoryEvents",
    description="Changes in directories: passwords, groups, accounts",
    columns=grid(
        "Timestamp ActionType Application TargetAccountUpn AccountUpn",
        *shared("Timestamp ActionType Application"),
        Column(
            "TargetAccountUpn", T.STRING, "Address of the account it was done to", "Target account UPN", folded=True
        ),
        *shared(
            """
            TargetAccountDisplayName TargetDeviceName DestinationDeviceName DestinationIPAddress DestinationPort
            Protocol AccountName AccountDomain AccountUpn AccountSid AccountObjectId AccountDisplayName
            DeviceName IPAddress Port Location
            """
        ),
        Column("ISP", T.STRING, "Internet provider of the address", "I S P"),
        *shared("ReportId"),
        Column("AdditionalFields", T.DYNAMIC, "More about it, as JSON", "Additional fields"),
    ),
    sort_column="AccountUpn",
    bloom_column="AccountObjectId",
    permission=Permission.IDENTITY_READ,
    filled="the changes noticed in connected directories, and their own audit logs",
)
