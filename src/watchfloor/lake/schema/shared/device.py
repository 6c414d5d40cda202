"""Devices, their files, processes and connections: the columns tables share."""

from watchfloor.lake.contracts import Column
from watchfloor.lake.contracts import ColumnType as T

COLUMNS = (
    Column("DeviceId", T.STRING, "Id of the device", "Device ID"),
    Column("DeviceName", T.STRING, "Name of the device", "Device name"),
    Column("DeviceType", T.STRING, "Kind of device", "Device type"),
    Column("OSPlatform", T.STRING, "Operating system of the device", "OS platform"),
    Column("OSVersion", T.STRING, "Version of the operating system", "OS version"),
    Column("OSArchitecture", T.STRING, "Processor architecture of the operating system", "OS architecture"),
    Column("LogonType", T.STRING, "Kind of sign-in", "Logon type"),
    Column("LogonId", T.LONG, "Id of the sign-in session on the device", "Logon ID"),
    Column("FileName", T.STRING, "Name of the file", "File name"),
    Column("FolderPath", T.STRING, "Folder of the file", "Folder path"),
    Column("FileSize", T.LONG, "Size of the file in bytes", "File size"),
    Column("SHA1", T.STRING, "SHA-1 of the file", "SHA1", folded=True),
    Column("SHA256", T.STRING, "SHA-256 of the file", "SHA256", folded=True),
    Column("MD5", T.STRING, "MD5 of the file", "MD5", folded=True),
    Column("FileOriginUrl", T.STRING, "URL the file was fetched from", "File origin URL"),
    Column("FileOriginIP", T.STRING, "Address the file was fetched from", "File origin IP", folded=True),
    Column("RemoteIP", T.STRING, "Address at the other end", "Remote IP", folded=True),
    Column("RemotePort", T.INT, "Port at the other end", "Remote port"),
    Column("RemoteUrl", T.STRING, "URL or host name at the other end", "Remote URL"),
    Column("RemoteIPType", T.STRING, "Kind of the other address: Public, Private, Loopback ...", "Remote IP type"),
    Column("RemoteDeviceName", T.STRING, "Name of the device at the other end", "Remote device name"),
    Column("LocalIP", T.STRING, "Address of the device", "Local IP", folded=True),
    Column("LocalPort", T.INT, "Port on the device", "Local port"),
    Column("RegistryKey", T.STRING, "Registry key", "Registry key"),
    Column("RegistryValueName", T.STRING, "Name of the registry value", "Registry value name"),
    Column("RegistryValueData", T.STRING, "Data of the registry value", "Registry value data"),
    Column("ProcessId", T.LONG, "Number of the process on the device", "Process ID"),
    Column("ProcessCommandLine", T.STRING, "Command line of the process", "Process command line"),
    Column("ProcessCreationTime", T.DATETIME, "When the process was started", "Process creation time"),
    Column("ProcessTokenElevation", T.STRING, "Whether the process has elevated rights", "Process token elevation"),
    Column(
        "AppGuardContainerId", T.STRING, "Id of the isolated container, where there is one", "App guard container ID"
    ),
    Column("CreatedProcessSessionId", T.LONG, "Windows session of the created process", "Created process session ID"),
    Column(
        "IsProcessRemoteSession",
        T.BOOL,
        "Whether the created process runs in a remote session",
        "Is process remote session",
    ),
    Column(
        "ProcessRemoteSessionDeviceName",
        T.STRING,
        "Device the created process's remote session comes from",
        "Process remote session device name",
    ),
    Column(
        "ProcessRemoteSessionIP",
        T.STRING,
        "Address the created process's remote session comes from",
        "Process remote session IP",
    ),
    Column("LogonID", T.LONG, "Sign-in session, as some events spell it", "Logon I D"),
    Column("SoftwareVendor", T.STRING, "Maker of the software", "Software vendor"),
    Column("SoftwareName", T.STRING, "Name of the software", "Software name"),
    Column("SoftwareVersion", T.STRING, "Version of the software", "Software version"),
)
