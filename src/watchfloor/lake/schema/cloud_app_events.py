"""CloudAppEvents: what accounts did in cloud applications."""

from watchfloor.access.contracts import Permission
from watchfloor.lake.contracts import Column, Table
from watchfloor.lake.contracts import ColumnType as T
from watchfloor.lake.schema.shared import grid, shared

TABLE = Table(
    name="CloudAppEvents",
    description="What accounts did in cloud applications",
    columns=grid(
        "Timestamp ActionType Application AccountDisplayName IPAddress ObjectName",
        *shared("Timestamp ActionType Application"),
        Column("ApplicationId", T.INT, "Number of the application", "Application ID"),
        Column("AppInstanceId", T.INT, "Number of the application's instance", "App instance ID"),
        *shared("AccountObjectId"),
        Column("AccountId", T.STRING, "Id of the account in the application", "Account ID"),
        *shared("AccountDisplayName"),
        Column("IsAdminOperation", T.BOOL, "Whether an administrator did it", "Is admin operation"),
        *shared("DeviceType OSPlatform IPAddress"),
        Column("IsAnonymousProxy", T.BOOL, "Whether the address hides who is behind it", "Is anonymous proxy"),
        Column("CountryCode", T.STRING, "Country of the address, two letters", "Country code"),
        *shared("City Isp UserAgent"),
        Column("ActivityType", T.STRING, "Kind of activity", "Activity type"),
        Column("ActivityObjects", T.DYNAMIC, "Files, folders, people it concerns, a JSON list", "Activity objects"),
        Column("ObjectName", T.STRING, "Name of the object it was done to", "Object name"),
        Column("ObjectType", T.STRING, "Kind of object", "Object type"),
        Column("ObjectId", T.STRING, "Id of the object", "Object ID"),
        *shared("ReportId"),
        Column("AccountType", T.STRING, "Kind of account: Regular, Admin, System ...", "Account type"),
        Column("IsExternalUser", T.BOOL, "Whether the account is from outside", "Is external user"),
        Column("IsImpersonated", T.BOOL, "Whether one account acted for another", "Is impersonated"),
        Column("IPTags", T.DYNAMIC, "Tags of the address, a JSON list", "IP tags"),
        Column("IPCategory", T.STRING, "Kind of address: Corporate, Risky, VPN ...", "IP category"),
        Column("UserAgentTags", T.DYNAMIC, "Tags of the client, a JSON list", "User agent tags"),
        Column("RawEventData", T.DYNAMIC, "The record as the application wrote it, JSON", "Raw event data"),
        Column("AdditionalFields", T.DYNAMIC, "More about it, as JSON", "Additional fields"),
        Column(
            "LastSeenForUser", T.DYNAMIC, "Days since the account last showed each trait, as JSON", "Last seen for user"
        ),
        Column("UncommonForUser", T.DYNAMIC, "Traits the account rarely shows, a JSON list", "Uncommon for user"),
        Column("AuditSource", T.STRING, "Where the record was taken from", "Audit source"),
        Column("SessionData", T.DYNAMIC, "Session, as JSON", "Session data"),
        Column("OAuthAppId", T.STRING, "Id of the OAuth application that did it", "OAuth app ID"),
    ),
    sort_column="AccountObjectId",
    bloom_column="ReportId",
    permission=Permission.IDENTITY_READ,
    filled="activities that connected cloud services and imported audit logs tell of",
)
