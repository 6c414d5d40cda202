"""IdentityLogonEvents: sign-ins at directories and cloud services."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="IdentityLogonEvents",
    description="Sign-ins at directories and cloud services",
    columns=grid(
        "Timestamp ActionType Application FailureReason AccountUpn DeviceName IPAddress",
        Column("Timestamp", T.DATETIME, "When the sign-in was tried", "Timestamp"),
        Column("ActionType", T.STRING, "LogonSuccess or LogonFailed", "Action type"),
        *shared(
            """
            Application LogonType Protocol FailureReason AccountName AccountDomain AccountUpn AccountSid
            AccountObjectId AccountDisplayName DeviceName DeviceType OSPlatform IPAddress Port
            DestinationDeviceName DestinationIPAddress DestinationPort TargetDeviceName TargetAccountDisplayName
            Location Isp ReportId
            """
        ),
        Column("AdditionalFields", T.DYNAMIC, "More about it, as JSON", "Additional fields"),
    ),
    sort_column="AccountUpn",
    bloom_column="AccountObjectId",
    permission=Permission.IDENTITY_READ,
    filled="sign-ins that connected systems, their logs and imported files tell of",
)
