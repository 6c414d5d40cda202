"""DeviceNetworkEvents: network connections of devices."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceNetworkEvents",
    description="Network connections of devices",
    columns=grid(
        "Timestamp DeviceName ActionType RemoteIP RemotePort RemoteUrl InitiatingProcessFileName",
        *shared("Timestamp DeviceId DeviceName"),
        Column(
            "ActionType", T.STRING, "What the connection did: ConnectionSuccess, ConnectionFailed ...", "Action type"
        ),
        *shared("RemoteIP RemotePort RemoteUrl LocalIP LocalPort Protocol"),
        Column("LocalIPType", T.STRING, "Kind of the device's own address", "Local IP type"),
        *shared(
            """
            RemoteIPType InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5
            InitiatingProcessFileName InitiatingProcessFileSize InitiatingProcessVersionInfoCompanyName
            InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
            InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
            InitiatingProcessVersionInfoFileDescription InitiatingProcessId InitiatingProcessCommandLine
            InitiatingProcessCreationTime InitiatingProcessFolderPath InitiatingProcessParentFileName
            InitiatingProcessParentId InitiatingProcessParentCreationTime InitiatingProcessAccountDomain
            InitiatingProcessAccountName InitiatingProcessAccountSid InitiatingProcessAccountUpn
            InitiatingProcessAccountObjectId InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation
            """
        ),
        Column("ReportId", T.LONG, "Id of this row", "Report ID"),
        *shared(
            """
            AppGuardContainerId AdditionalFields InitiatingProcessSessionId IsInitiatingProcessRemoteSession
            InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP InitiatingProcessUniqueId
            LogonID
            """
        ),
    ),
    sort_column="DeviceId",
    bloom_column="RemoteIP",
    permission=Permission.INCIDENT_READ,
    filled="device logs: Sysmon and osquery",
)
