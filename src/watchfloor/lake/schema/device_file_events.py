"""DeviceFileEvents: files made, changed and deleted on devices."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="DeviceFileEvents",
    description="Files made, changed and deleted on devices",
    columns=grid(
        "Timestamp DeviceName ActionType FileName FolderPath SHA256 InitiatingProcessFileName",
        *shared("Timestamp DeviceId DeviceName"),
        Column("ActionType", T.STRING, "What was done to the file: FileCreated, FileRenamed ...", "Action type"),
        *shared("FileName FolderPath SHA1 SHA256 MD5 FileOriginUrl"),
        Column("FileOriginReferrerUrl", T.STRING, "URL of the page that led to the file", "File origin referrer URL"),
        *shared("FileOriginIP"),
        Column("PreviousFolderPath", T.STRING, "Folder before the change", "Previous folder path"),
        Column("PreviousFileName", T.STRING, "Name before the change", "Previous file name"),
        *shared(
            """
            FileSize InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid
            InitiatingProcessAccountUpn InitiatingProcessAccountObjectId InitiatingProcessMD5
            InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessFolderPath InitiatingProcessFileName
            InitiatingProcessFileSize InitiatingProcessVersionInfoCompanyName
            InitiatingProcessVersionInfoProductName InitiatingProcessVersionInfoProductVersion
            InitiatingProcessVersionInfoInternalFileName InitiatingProcessVersionInfoOriginalFileName
            InitiatingProcessVersionInfoFileDescription InitiatingProcessId InitiatingProcessCommandLine
            InitiatingProcessCreationTime InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation
            InitiatingProcessParentId InitiatingProcessParentFileName InitiatingProcessParentCreationTime
            """
        ),
        Column("RequestProtocol", T.STRING, "Protocol it was asked for by: Local, SMB, NFS", "Request protocol"),
        Column("RequestSourceIP", T.STRING, "Address it was asked from", "Request source IP", folded=True),
        Column("RequestSourcePort", T.INT, "Port it was asked from", "Request source port"),
        Column("RequestAccountName", T.STRING, "Name of the account that asked", "Request account name"),
        Column("RequestAccountDomain", T.STRING, "Domain of the account that asked", "Request account domain"),
        Column("RequestAccountSid", T.STRING, "SID of the account that asked", "Request account SID"),
        Column("ShareName", T.STRING, "Network share of the file", "Share name"),
        Column("SensitivityLabel", T.STRING, "Sensitivity label of the file", "Sensitivity label"),
        Column("SensitivitySubLabel", T.STRING, "Finer sensitivity label of the file", "Sensitivity sub label"),
        Column(
            "IsAzureInfoProtectionApplied",
            T.BOOL,
            "Whether the file is encrypted by its label",
            "Is azure info protection applied",
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
    bloom_column="SHA256",
    permission=Permission.INCIDENT_READ,
    filled="device logs: Sysmon's created files",
)
