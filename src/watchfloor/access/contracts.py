"""The permissions of the product, and who acts."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One right. The value is stored in roles and audit entries; the description is what people read (RB-01..08)."""

    HOME_READ = "home.read"
    EMAIL_METADATA_READ = "email.metadata.read"
    EMAIL_CONTENT_READ = "email.content.read"
    EMAIL_ACTION_PROPOSE = "email.action.propose"
    EMAIL_ACTION_MANAGE = "email.action.manage"
    INCIDENT_READ = "incident.read"
    INCIDENT_MANAGE = "incident.manage"
    ACTION_CENTER_READ = "action_center.read"
    QUARANTINE_READ = "quarantine.read"
    QUARANTINE_MANAGE = "quarantine.manage"
    QUERY_SAVE = "query.save"
    REPORT_SCHEDULE = "report.schedule"
    IDENTITY_READ = "identity.read"
    IDENTITY_MANAGE = "identity.manage"
    IDENTITY_RISK_MANAGE = "identity.risk.manage"
    IDENTITY_ACTION_PROPOSE = "identity.action.propose"
    IDENTITY_ACTION_MANAGE = "identity.action.manage"
    SIMULATION_MANAGE = "simulation.manage"
    SIMULATION_PAYLOAD_AUTHOR = "simulation.payload.author"
    DETECTION_TUNE = "detection.tune"
    SETTINGS_READ = "settings.read"
    CONNECTION_MANAGE = "connection.manage"
    PEOPLE_MANAGE = "people.manage"
    AUDIT_READ = "audit.read"

    @property
    def description(self) -> str:
        return PERMISSION_DESCRIPTIONS[self]


PERMISSION_DESCRIPTIONS: dict[Permission, str] = {
    Permission.HOME_READ: "See the home page",
    Permission.EMAIL_METADATA_READ: "Use Explorer; read headers and metadata of any mail",
    Permission.EMAIL_CONTENT_READ: "Preview: read the content of any mail, download it",
    Permission.EMAIL_ACTION_PROPOSE: "Propose an action on mail for somebody else to approve",
    Permission.EMAIL_ACTION_MANAGE: "Search and Purge: move, delete and restore mail; approve proposed actions",
    Permission.INCIDENT_READ: "Read incidents and alerts",
    Permission.INCIDENT_MANAGE: "Assign, classify, comment and resolve incidents and alerts",
    Permission.ACTION_CENTER_READ: "Read the action center",
    Permission.QUARANTINE_READ: "Preview and download quarantined mail",
    Permission.QUARANTINE_MANAGE: "Release and delete quarantined mail",
    Permission.QUERY_SAVE: "Save and track queries",
    Permission.REPORT_SCHEDULE: "Schedule reports, and request them, by mail",
    Permission.IDENTITY_READ: "Read people, groups and their activity",
    Permission.IDENTITY_MANAGE: "Tag people, join and split their accounts",
    Permission.IDENTITY_RISK_MANAGE: "Confirm a person compromised, dismiss the risk",
    Permission.IDENTITY_ACTION_PROPOSE: "Propose an action on people's accounts for somebody else to approve",
    Permission.IDENTITY_ACTION_MANAGE: "Suspend, enable, sign out and reset people's accounts; approve such actions",
    Permission.SIMULATION_MANAGE: "Run attack simulations and trainings",
    Permission.SIMULATION_PAYLOAD_AUTHOR: "Write simulation payloads",
    Permission.DETECTION_TUNE: "Detection tuning: allow and block entries, indicators, silenced reasons, the verdict's threshold",
    Permission.SETTINGS_READ: "Read settings, health and dead letters",
    Permission.CONNECTION_MANAGE: "Connect mailboxes, directories and log sources; retry dead letters",
    Permission.PEOPLE_MANAGE: "Add people and give them roles",
    Permission.AUDIT_READ: "Read the audit log",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a signed-in person, or the product itself (`permissions` then names what the job may do)."""

    id: str
    name: str
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class AuditVerb:
    """One kind of audit entry: `sentence` holds {actor} and {target}; `description` is what the reference shows."""

    name: str
    sentence: str
    description: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk of the audit chain found: `checked` entries, the newest `head` hash, and the first `broken_at` id, if any."""

    checked: int
    head: str
    broken_at: int | None
    sentence: str

    @property
    def intact(self) -> bool:
        return self.broken_at is None
