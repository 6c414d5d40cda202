"""The process that did it: the columns device tables share."""

from watchfloor.lake.contracts import Column
from watchfloor.lake.contracts import ColumnType as T

COLUMNS = (
    Column(
        "InitiatingProcessAccountDomain",
        T.STRING,
        "Domain of the account that ran the initiating process",
        "Initiating process account domain",
    ),
    Column(
        "InitiatingProcessAccountName",
        T.STRING,
        "Name of the account that ran the initiating process",
        "Initiating process account name",
    ),
    Column(
        "InitiatingProcessAccountSid",
        T.STRING,
        "SID of the account that ran the initiating process",
        "Initiating process account SID",
    ),
    Column(
        "InitiatingProcessAccountUpn",
        T.STRING,
        "Sign-in address of the account that ran the initiating process",
        "Initiating process account UPN",
        folded=True,
    ),
    Column(
        "InitiatingProcessAccountObjectId",
        T.STRING,
        "Directory id of the account that ran the initiating process",
        "Initiating process account object ID",
    ),
    Column(
        "InitiatingProcessLogonId", T.LONG, "Sign-in session of the initiating process", "Initiating process logon ID"
    ),
    Column(
        "InitiatingProcessIntegrityLevel",
        T.STRING,
        "Integrity level of the initiating process",
        "Initiating process integrity level",
    ),
    Column(
        "InitiatingProcessTokenElevation",
        T.STRING,
        "Whether the initiating process has elevated rights",
        "Initiating process token elevation",
    ),
    Column(
        "InitiatingProcessSHA1",
        T.STRING,
        "SHA-1 of the initiating process's file",
        "Initiating process SHA1",
        folded=True,
    ),
    Column(
        "InitiatingProcessSHA256",
        T.STRING,
        "SHA-256 of the initiating process's file",
        "Initiating process SHA256",
        folded=True,
    ),
    Column(
        "InitiatingProcessMD5", T.STRING, "MD5 of the initiating process's file", "Initiating process MD5", folded=True
    ),
    Column(
        "InitiatingProcessFileName", T.STRING, "File name of the initiating process", "Initiating process file name"
    ),
    Column(
        "InitiatingProcessFileSize",
        T.LONG,
        "Size of the initiating process's file in bytes",
        "Initiating process file size",
    ),
    Column(
        "InitiatingProcessFolderPath",
        T.STRING,
        "Folder of the initiating process's file",
        "Initiating process folder path",
    ),
    Column("InitiatingProcessId", T.LONG, "Number of the initiating process", "Initiating process ID"),
    Column(
        "InitiatingProcessCommandLine",
        T.STRING,
        "Command line of the initiating process",
        "Initiating process command line",
    ),
    Column(
        "InitiatingProcessCreationTime",
        T.DATETIME,
        "When the initiating process was started",
        "Initiating process creation time",
    ),
    Column(
        "InitiatingProcessParentId", T.LONG, "Number of the initiating process's parent", "Initiating process parent ID"
    ),
    Column(
        "InitiatingProcessParentFileName",
        T.STRING,
        "File name of the initiating process's parent",
        "Initiating process parent file name",
    ),
    Column(
        "InitiatingProcessParentCreationTime",
        T.DATETIME,
        "When the initiating process's parent was started",
        "Initiating process parent creation time",
    ),
    Column(
        "InitiatingProcessSessionId",
        T.LONG,
        "Windows session of the initiating process",
        "Initiating process session ID",
    ),
    Column(
        "IsInitiatingProcessRemoteSession",
        T.BOOL,
        "Whether the initiating process runs in a remote session",
        "Is initiating process remote session",
    ),
    Column(
        "InitiatingProcessRemoteSessionDeviceName",
        T.STRING,
        "Device the initiating process's remote session comes from",
        "Initiating process remote session device name",
    ),
    Column(
        "InitiatingProcessRemoteSessionIP",
        T.STRING,
        "Address the initiating process's remote session comes from",
        "Initiating process remote session IP",
    ),
    Column(
        "InitiatingProcessUniqueId",
        T.STRING,
        "Id of the initiating process that is never used again",
        "Initiating process unique ID",
    ),
    Column(
        "InitiatingProcessVersionInfoCompanyName",
        T.STRING,
        "Company in the version information of the initiating process's file",
        "Initiating process version info company name",
    ),
    Column(
        "InitiatingProcessVersionInfoProductName",
        T.STRING,
        "Product in the version information of the initiating process's file",
        "Initiating process version info product name",
    ),
    Column(
        "InitiatingProcessVersionInfoProductVersion",
        T.STRING,
        "Product version in the version information of the initiating process's file",
        "Initiating process version info product version",
    ),
    Column(
        "InitiatingProcessVersionInfoInternalFileName",
        T.STRING,
        "Internal file name in the version information of the initiating process's file",
        "Initiating process version info internal file name",
    ),
    Column(
        "InitiatingProcessVersionInfoOriginalFileName",
        T.STRING,
        "Original file name in the version information of the initiating process's file",
        "Initiating process version info original file name",
    ),
    Column(
        "InitiatingProcessVersionInfoFileDescription",
        T.STRING,
        "Description in the version information of the initiating process's file",
        "Initiating process version info file description",
    ),
)
