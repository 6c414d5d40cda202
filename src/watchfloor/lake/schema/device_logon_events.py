"""DeviceLogonEvents: sign-ins to devices."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceLogonEvents",
    description="Sign-ins to devices",
    columns=grid(
        "Timestamp DeviceName ActionType LogonType AccountName RemoteIP",
        Column("Timestamp", T.DATETIME, "When the sign-in was tried", "Timestamp"),
        *shared("DeviceId DeviceName"),
        Column("ActionType", T.STRING, "LogonSuccess, LogonFailed or LogonAttempted", "Action type"),
        *shared("LogonType AccountDomain AccountName AccountSid Protocol FailureReason"),
        Column("IsLocalAdmin", T.BOOL, "Whether the account is an administrator of the device", "Is local admin"),
        *shared(
            """
            LogonId RemoteDeviceName RemoteIP RemoteIPType RemotePort InitiatingProcessAccountDomain
            InitiatingProcessAccountName InitiatingProcessAccountSid InitiatingProcessAccountUpn
            InitiatingProcessAccountObjectId InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation
            InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName
            InitiatingProcessFileSize InitiatingProcessVersionInfoCompanyName
            InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
            InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
            InitiatingProcessVersionInfoFileDescription InitiatingProcessId InitiatingProcessCommandLine
            InitiatingProcessCreationTime InitiatingProcessFolderPath InitiatingProcessParentId
            InitiatingProcessParentFileName InitiatingProcessParentCreationTime
            """
        ),
        Column("ReportId", T.LONG, "Id of this row", "Report ID"),
        *shared(
            """
            AppGuardContainerId AdditionalFields InitiatingProcessSessionId IsInitiatingProcessRemoteSession
            InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP InitiatingProcessUniqueId
            """
        ),
    ),
    sort_column="DeviceId",
    bloom_column="DeviceId",
    permission=Permission.INCIDENT_READ,
    filled="device logs: Windows, sshd and the audit log, osquery, Wazuh",
)
