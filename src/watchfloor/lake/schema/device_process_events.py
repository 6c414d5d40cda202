"""DeviceProcessEvents: processes started on devices."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceProcessEvents",
    description="Processes started on devices",
    columns=grid(
        "Timestamp DeviceName ActionType FileName ProcessCommandLine AccountName InitiatingProcessFileName",
        Column("Timestamp", T.DATETIME, "When the process was started", "Timestamp"),
        *shared("DeviceId DeviceName"),
        Column("ActionType", T.STRING, "ProcessCreated or OpenProcess", "Action type"),
        *shared("FileName FolderPath SHA1 SHA256 MD5 FileSize"),
        Column(
            "ProcessVersionInfoCompanyName",
            T.STRING,
            "Company in the version information of the process's file",
            "Process version info company name",
        ),
        Column(
            "ProcessVersionInfoProductName",
            T.STRING,
            "Product in the version information of the process's file",
            "Process version info product name",
        ),
        Column(
            "ProcessVersionInfoProductVersion",
            T.STRING,
            "Product version in the version information of the process's file",
            "Process version info product version",
        ),
        Column(
            "ProcessVersionInfoInternalFileName",
            T.STRING,
            "Internal file name in the version information of the process's file",
            "Process version info internal file name",
        ),
        Column(
            "ProcessVersionInfoOriginalFileName",
            T.STRING,
            "Original file name in the version information of the process's file",
            "Process version info original file name",
        ),
        Column(
            "ProcessVersionInfoFileDescription",
            T.STRING,
            "Description in the version information of the process's file",
            "Process version info file description",
        ),
        *shared("ProcessId ProcessCommandLine"),
        Column("ProcessIntegrityLevel", T.STRING, "Integrity level of the process", "Process integrity level"),
        *shared(
            """
            ProcessTokenElevation ProcessCreationTime AccountDomain AccountName AccountSid AccountUpn
            AccountObjectId LogonId InitiatingProcessAccountDomain InitiatingProcessAccountName
            InitiatingProcessAccountSid InitiatingProcessAccountUpn InitiatingProcessAccountObjectId
            InitiatingProcessLogonId InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation
            InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName
            InitiatingProcessFileSize InitiatingProcessVersionInfoCompanyName
            InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
            InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
            InitiatingProcessVersionInfoFileDescription InitiatingProcessId InitiatingProcessCommandLine
            InitiatingProcessCreationTime InitiatingProcessFolderPath InitiatingProcessParentId
            InitiatingProcessParentFileName InitiatingProcessParentCreationTime
            """
        ),
        Column(
            "InitiatingProcessSignerType",
            T.STRING,
            "Kind of signer of the initiating process's file",
            "Initiating process signer type",
        ),
        Column(
            "InitiatingProcessSignatureStatus",
            T.STRING,
            "Whether the signature of the initiating process's file holds",
            "Initiating process signature status",
        ),
        Column("ReportId", T.LONG, "Id of this row", "Report ID"),
        *shared(
            """
            AppGuardContainerId AdditionalFields InitiatingProcessSessionId IsInitiatingProcessRemoteSession
            InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP CreatedProcessSessionId
            IsProcessRemoteSession ProcessRemoteSessionDeviceName ProcessRemoteSessionIP
            """
        ),
        Column("ProcessUniqueId", T.STRING, "Id of the process that is never used again", "Process unique ID"),
        *shared("InitiatingProcessUniqueId"),
    ),
    sort_column="DeviceId",
    bloom_column="SHA256",
    permission=Permission.INCIDENT_READ,
    filled="device logs: Sysmon, Windows, sudo and the audit log, osquery",
)
