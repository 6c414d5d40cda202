"""Alerts with their entities as Sentinel writes them, folded in from AlertEvidence when a query names them.

One JSON object for each piece of evidence, in Microsoft's entity types: account, host, ip, url, file, mailbox, mailMessage ...
What evidence has no value for is null there.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlglot import exp, parse_one

from watchfloor.lake.catalogue import table as table_named

ALERTS, EVIDENCE = "AlertInfo", "AlertEvidence"
FOLDED = ("Entities", "CompromisedEntity")
MOST_ENTITIES = 500
"""As many as Sentinel keeps of one alert; AlertEvidence has them all."""
EARLIER = timedelta(days=1)
"""How long before its alert a piece of evidence may be stamped."""

_SHAPES = {
    "User": "'Name', {AccountName}, 'UPNSuffix', {AccountDomain}, 'UserPrincipalName', {AccountUpn}, "
    "'AadUserId', {AccountObjectId}, 'Sid', {AccountSid}, 'Type', 'account'",
    "Mailbox": "'MailboxPrimaryAddress', {AccountUpn}, 'Upn', {AccountUpn}, 'AadId', {AccountObjectId}, 'Type', 'mailbox'",
    "MailSender": "'Sender', {AccountUpn}, 'Type', 'mailSender'",
    "MailMessage": "'NetworkMessageId', {NetworkMessageId}, 'Subject', {EmailSubject}, 'Type', 'mailMessage'",
    "MailCluster": "'ClusterGroup', {EmailSubject}, 'Type', 'mailCluster'",
    "Machine": "'HostName', {DeviceName}, 'MdatpDeviceId', {DeviceId}, 'Type', 'host'",
    "Ip": "'Address', COALESCE({RemoteIP}, {LocalIP}), 'Type', 'ip'",
    "Url": "'Url', {RemoteUrl}, 'Type', 'url'",
    "File": "'Name', {FileName}, 'Directory', {FolderPath}, 'FileHashes', JSON_ARRAY("
    "JSON_OBJECT('Algorithm', 'SHA256', 'Value', {SHA256}, 'Type', 'filehash'), "
    "JSON_OBJECT('Algorithm', 'SHA1', 'Value', {SHA1}, 'Type', 'filehash')), 'Type', 'file'",
    "Process": "'CommandLine', {ProcessCommandLine}, 'ImageFile', "
    "JSON_OBJECT('Name', {FileName}, 'Directory', {FolderPath}, 'Type', 'file'), 'Type', 'process'",
    "RegistryKey": "'Key', {RegistryKey}, 'Type', 'registry-key'",
    "RegistryValue": "'Key', {RegistryKey}, 'Name', {RegistryValueName}, 'Value', {RegistryValueData}, "
    "'Type', 'registry-value'",
    "CloudResource": "'ResourceId', {ResourceID}, 'Name', {CloudResource}, 'Type', 'azure-resource'",
    "OAuthApplication": "'AppId', {OAuthApplicationId}, 'Name', {Application}, 'Type', 'cloud-application'",
    "CloudApplication": "'Name', {Application}, 'Type', 'cloud-application'",
    "Malware": "'Name', {ThreatFamily}, 'Type', 'malware'",
}
"""EntityType of AlertEvidence -> keys and values of Sentinel's entity; {Column} is that column, null where it is empty."""


def _entity(keys: str) -> str:
    names = {column.name: f"NULLIF(\"{column.name}\", '')" for column in table_named(EVIDENCE).columns}
    return f"CAST(JSON_OBJECT('$id', CAST(n AS VARCHAR), {keys.format(**names)}) AS VARCHAR)"


def _entities() -> str:
    """One entity as JSON, whatever kind of evidence it is."""
    cases = " ".join(f"WHEN '{kind}' THEN {_entity(keys)}" for kind, keys in _SHAPES.items())
    other = "CAST(JSON_OBJECT('$id', CAST(n AS VARCHAR), 'Type', LOWER(\"EntityType\")) AS VARCHAR)"
    return f'CASE "EntityType" {cases} ELSE {other} END'


def _per_alert() -> str:
    ordered = '"Timestamp", "EvidenceRole", "EntityType", "AccountUpn", "NetworkMessageId", "RemoteUrl", "SHA256"'
    numbered = f'SELECT *, ROW_NUMBER() OVER (PARTITION BY "AlertId" ORDER BY {ordered}) AS n FROM evidence'  # noqa: S608  our own names
    hit = "COALESCE(NULLIF(\"AccountUpn\", ''), NULLIF(\"DeviceName\", ''))"
    first = f"CASE WHEN \"EvidenceRole\" = 'Impacted' AND {hit} IS NOT NULL THEN n END"
    entities = f"'[' || STRING_AGG({_entities()}, ',' ORDER BY n) || ']' AS entities"
    compromised = f"ARG_MIN({hit}, {first}) AS compromised"
    rows = f"FROM ({numbered}) AS numbered WHERE n <= {MOST_ENTITIES} GROUP BY 1"
    return f'SELECT "AlertId" AS id, {entities}, {compromised} {rows}'


def with_entities(*, alerts: str, evidence: str) -> exp.Expr:
    """The source `alerts` with the entities that the source `evidence` has of each; those of neither stay as they were stored."""
    columns = (name for name in (column.name for column in table_named(ALERTS).columns) if name not in FOLDED)
    shown = ", ".join(f'a."{name}"' for name in columns)
    folded = 'COALESCE(e.entities, a."Entities") AS "Entities"'
    first = 'COALESCE(e.compromised, a."CompromisedEntity") AS "CompromisedEntity"'
    tree = parse_one(
        f'SELECT {shown}, {folded}, {first} FROM alerts AS a LEFT JOIN ({_per_alert()}) AS e ON e.id = a."AlertId"',  # noqa: S608
        dialect="duckdb",
    )
    names = {"alerts": alerts, "evidence": evidence}
    for table in tree.find_all(exp.Table):
        table.set("this", exp.to_identifier(names[table.name], quoted=True))
    return tree


def names_entities(columns: Iterable[exp.Column]) -> bool:
    """Whether a query asks for what is folded in."""
    return any(column.name in FOLDED for column in columns)
