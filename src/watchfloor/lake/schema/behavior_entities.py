"""BehaviorEntities: people, files, addresses and mails in behaviors."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="BehaviorEntities",
    description="People, files, addresses and mails in behaviors",
    columns=grid(
        "Timestamp BehaviorId EntityType EntityRole RemoteIP AccountUpn",
        Column("Timestamp", T.DATETIME, "When the behavior was recorded", "Timestamp"),
        *shared("BehaviorId Categories ServiceSource DetectionSource DataSources"),
        Column("EntityType", T.STRING, "Kind of entity: User, Ip, File, Device ...", "Entity type"),
        Column("EntityRole", T.STRING, "Impacted or Related", "Entity role"),
        Column("DetailedEntityRole", T.STRING, "Part the entity has in the behavior", "Detailed entity role"),
        *shared("FileName FolderPath SHA1 SHA256 FileSize"),
        Column("ThreatFamily", T.STRING, "Malware family", "Threat family"),
        *shared("RemoteIP RemoteUrl AccountName AccountDomain AccountSid AccountObjectId"),
        Column("CloudPlatform", T.STRING, "Cloud the resource is in", "Cloud platform"),
        Column("CloudResourceType", T.STRING, "Kind of cloud resource", "Cloud resource type"),
        Column("CloudResourceId", T.STRING, "Id of the cloud resource", "Cloud resource ID"),
        Column("CloudSubscriptionId", T.STRING, "Id of the cloud subscription", "Cloud subscription ID"),
        *shared("AccountUpn DeviceId DeviceName LocalIP NetworkMessageId"),
        Column("EmailSubject", T.STRING, "Subject of the mail", "Email subject"),
        Column("EmailClusterId", T.STRING, "Number mails of one likeness share", "Email cluster ID"),
        *shared("Application"),
        Column("ApplicationId", T.INT, "Number of the application", "Application ID"),
        Column("OAuthApplicationId", T.STRING, "Id of the OAuth application", "OAuth application ID"),
        *shared("ProcessCommandLine RegistryKey RegistryValueName RegistryValueData AdditionalFields"),
        Column("ActionType", T.STRING, "Kind of behavior", "Action type"),
    ),
    sort_column="BehaviorId",
    bloom_column="BehaviorId",
    permission=Permission.INCIDENT_READ,
)
