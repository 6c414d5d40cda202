"""DeviceEvents: further events on devices: protection, scripts, services, tasks."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceEvents",
    description="Further events on devices: protection, scripts, services, tasks",
    columns=grid(
        "Timestamp DeviceName ActionType FileName AccountName InitiatingProcessFileName",
        *shared(
            """
            Timestamp DeviceId DeviceName ActionType FileName FolderPath SHA1 SHA256 MD5 FileSize AccountDomain
            AccountName AccountSid RemoteUrl RemoteDeviceName ProcessId ProcessCommandLine ProcessCreationTime
            ProcessTokenElevation LogonId RegistryKey RegistryValueName RegistryValueData RemoteIP RemotePort
            LocalIP LocalPort FileOriginUrl FileOriginIP InitiatingProcessSHA1 InitiatingProcessSHA256
            InitiatingProcessMD5 InitiatingProcessFileName InitiatingProcessFileSize InitiatingProcessFolderPath
            InitiatingProcessId InitiatingProcessCommandLine InitiatingProcessCreationTime
            InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid
            InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessVersionInfoCompanyName
            InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
            InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
            InitiatingProcessVersionInfoFileDescription InitiatingProcessParentId
            InitiatingProcessParentFileName InitiatingProcessParentCreationTime InitiatingProcessLogonId
            """
        ),
        Column("ReportId", T.LONG, "Id of this row", "Report ID"),
        *shared(
            """
            AppGuardContainerId AdditionalFields InitiatingProcessSessionId IsInitiatingProcessRemoteSession
            InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP CreatedProcessSessionId
            IsProcessRemoteSession ProcessRemoteSessionDeviceName ProcessRemoteSessionIP
            InitiatingProcessUniqueId
            """
        ),
    ),
    sort_column="DeviceId",
    bloom_column="DeviceId",
    permission=Permission.INCIDENT_READ,
    filled="device logs: Sysmon's DNS queries, Windows' cleared security logs",
)
