"""AlertEvidence: one row per entity of an alert."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema import choices as c

TABLE = Table(
    name="AlertEvidence",
    description="Files, addresses, URLs, people and mails in alerts",
    columns=(
        Column("Timestamp", T.DATETIME, "When the evidence was recorded", "Date", default=True),
        Column("AlertId", T.STRING, "Id of the alert", "Alert ID", filterable=True, default=True, folded=True),
        Column("Title", T.STRING, "Title of the alert", "Title", default=True),
        Column("Categories", T.STRING, "Kinds of threat activity, a JSON list", "Categories", listed=True),
        Column("AttackTechniques", T.STRING, "MITRE ATT&CK techniques, a JSON list", "Techniques", listed=True),
        Column("ServiceSource", T.STRING, "Product that raised the alert", "Service source"),
        Column("DetectionSource", T.STRING, "Part of the product that found it", "Detection source"),
        Column(
            "EntityType", T.STRING, "Kind of entity: MailMessage, User, Url, File, Ip ...", "Entity type", default=True
        ),
        Column("EvidenceRole", T.STRING, "Impacted or Related", "Role", default=True),
        Column("EvidenceDirection", T.STRING, "Source or Destination", "Direction"),
        Column("FileName", T.STRING, "Name of the file", "File name"),
        Column("FolderPath", T.STRING, "Folder of the file", "Folder"),
        Column("SHA1", T.STRING, "SHA-1 of the file", "SHA1", folded=True),
        Column("SHA256", T.STRING, "SHA-256 of the file", "SHA256", folded=True),
        Column("FileSize", T.LONG, "Size in bytes", "File size"),
        Column("ThreatFamily", T.STRING, "Malware family", "Malware family"),
        Column("RemoteIP", T.STRING, "Address connected to or from", "IP", folded=True),
        Column("RemoteUrl", T.STRING, "URL or domain connected to", "URL"),
        Column("AccountName", T.STRING, "Name of the account", "Account", folded=True),
        Column("AccountDomain", T.STRING, "Domain of the account", "Account domain", folded=True),
        Column("AccountSid", T.STRING, "SID of the account", "Account SID"),
        Column("AccountObjectId", T.STRING, "Directory id of the account", "Account object ID"),
        Column("AccountUpn", T.STRING, "Address the account signs in with", "User", folded=True),
        Column("DeviceId", T.STRING, "Id of the device", "Device ID"),
        Column("DeviceName", T.STRING, "Name of the device", "Device"),
        Column("LocalIP", T.STRING, "Address of the device", "Device IP"),
        Column("NetworkMessageId", T.STRING, "Our id of the email", "Network message ID", folded=True),
        Column("EmailSubject", T.STRING, "Subject of the mail", "Subject"),
        Column("Application", T.STRING, "Application that did it", "Application"),
        Column("ApplicationId", T.INT, "Id of the application", "Application ID"),
        Column("OAuthApplicationId", T.STRING, "Id of the OAuth application", "OAuth application ID"),
        Column("ProcessCommandLine", T.STRING, "Command line of the process", "Command line"),
        Column("RegistryKey", T.STRING, "Registry key", "Registry key"),
        Column("RegistryValueName", T.STRING, "Name of the registry value", "Registry value"),
        Column("RegistryValueData", T.STRING, "Data of the registry value", "Registry data"),
        Column("AdditionalFields", T.STRING, "More about the entity, as JSON", "Additional fields"),
        Column("Severity", T.STRING, "Potential impact", "Severity", choices=c.SEVERITIES),
        Column("CloudResource", T.STRING, "Name of the cloud resource", "Cloud resource"),
        Column("CloudPlatform", T.STRING, "Cloud the resource is in", "Cloud platform"),
        Column("ResourceType", T.STRING, "Kind of cloud resource", "Resource type"),
        Column("ResourceID", T.STRING, "Id of the cloud resource", "Resource ID"),
        Column("SubscriptionId", T.STRING, "Id of the cloud subscription", "Subscription ID"),
    ),
    sort_column="AlertId",
    follows=True,
    permission=Permission.INCIDENT_READ,
    filled="the alerts raised here",
)
