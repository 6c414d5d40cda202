"""The built-in roles: the mission's activity table (RB-01..08) as sets of permissions.

Preview and Search and Purge are roles of their own, given on top of another, so that nobody holds them by accident.
"""

from watchfloor.access.contracts import Permission as P

_READER = {P.HOME_READ, P.EMAIL_METADATA_READ, P.INCIDENT_READ, P.ACTION_CENTER_READ, P.IDENTITY_READ, P.SETTINGS_READ}
_QUARANTINE = {P.QUARANTINE_READ, P.QUARANTINE_MANAGE}
_OPERATOR = _READER | {
    P.INCIDENT_MANAGE,
    P.EMAIL_ACTION_PROPOSE,
    P.IDENTITY_ACTION_PROPOSE,
    P.DETECTION_TUNE,
}

BUILT_IN_ROLES: dict[str, tuple[str, set[P]]] = {
    "Global Administrator": (
        "Everything except reading the content of any mail (Preview)",
        set(P) - {P.EMAIL_CONTENT_READ},
    ),
    "Security Administrator": (
        "Connects systems, manages incidents, proposes actions; acts on mail together with Search and Purge",
        _OPERATOR
        | _QUARANTINE
        | {
            P.IDENTITY_MANAGE,
            P.IDENTITY_RISK_MANAGE,
            P.QUERY_SAVE,
            P.REPORT_SCHEDULE,
            P.CONNECTION_MANAGE,
            P.AUDIT_READ,
            P.SIMULATION_MANAGE,
        },
    ),
    "Security Operator": (
        "Works on incidents, tunes detection and proposes actions; acts on mail together with Search and Purge",
        _OPERATOR,
    ),
    "Security Reader": (
        "Reads everything but the content of delivered mail; changes nothing",
        _READER | {P.QUARANTINE_READ, P.AUDIT_READ},
    ),
    "Preview": ("Reads and downloads the content of any mail; every look is audited", {P.EMAIL_CONTENT_READ}),
    "Search and Purge": (
        "Moves, deletes and restores mail; approves proposed actions",
        {P.EMAIL_ACTION_MANAGE, P.EMAIL_ACTION_PROPOSE, P.ACTION_CENTER_READ},
    ),
    "User Response": (
        "Suspends, enables, signs out and resets people's accounts; confirms compromise; approves such actions",
        {P.IDENTITY_READ, P.IDENTITY_RISK_MANAGE, P.IDENTITY_ACTION_MANAGE, P.IDENTITY_ACTION_PROPOSE}
        | {P.ACTION_CENTER_READ},
    ),
    "Quarantine Administrator": ("Previews, releases and deletes quarantined mail", {P.HOME_READ} | _QUARANTINE),
    "Attack Simulation Administrator": (
        "Runs simulations and trainings",
        {P.HOME_READ, P.SIMULATION_MANAGE, P.SIMULATION_PAYLOAD_AUTHOR},
    ),
    "Attack Payload Author": ("Writes simulation payloads", {P.HOME_READ, P.SIMULATION_PAYLOAD_AUTHOR}),
}

ACTIVITIES: tuple[tuple[str, str, P], ...] = (
    ("RB-01", "View recent and current threats", P.HOME_READ),
    ("RB-02", "Use Explorer", P.EMAIL_METADATA_READ),
    ("RB-03", "View incidents and alerts", P.INCIDENT_READ),
    ("RB-03", "Work on incidents; add mail to an incident", P.INCIDENT_MANAGE),
    ("RB-04", "Move, delete and restore mail; approve proposed actions", P.EMAIL_ACTION_MANAGE),
    ("RB-04", "Propose an action on mail for approval", P.EMAIL_ACTION_PROPOSE),
    ("RB-04", "See the action center", P.ACTION_CENTER_READ),
    ("RB-05", "Connect mailboxes, directories, endpoints and a SIEM", P.CONNECTION_MANAGE),
    ("RB-06", "Preview and download quarantined mail", P.QUARANTINE_READ),
    ("RB-07", "Preview and download any mail", P.EMAIL_CONTENT_READ),
    ("RB-08", "Save and track queries", P.QUERY_SAVE),
    ("RB-08", "Release and delete quarantined mail", P.QUARANTINE_MANAGE),
    ("RB-08", "Look up people, groups and their activity", P.IDENTITY_READ),
    ("RB-08", "Tag people, join and split their accounts", P.IDENTITY_MANAGE),
    ("RB-08l", "Confirm a person compromised, dismiss the risk", P.IDENTITY_RISK_MANAGE),
    ("RB-08m", "Suspend, enable, sign out and reset people's accounts", P.IDENTITY_ACTION_MANAGE),
    ("RB-08m", "Propose an action on people's accounts for approval", P.IDENTITY_ACTION_PROPOSE),
    ("RB-08", "Run attack simulations and trainings", P.SIMULATION_MANAGE),
    ("RB-08", "Write simulation payloads", P.SIMULATION_PAYLOAD_AUTHOR),
    ("RB-08", "Allow and block entries, silenced reasons, the verdict's threshold", P.DETECTION_TUNE),
    ("RB-08", "Request reports and send them by mail on a schedule", P.REPORT_SCHEDULE),
    ("RB-14", "Read the audit log", P.AUDIT_READ),
    ("RB-29", "Add people and give them roles", P.PEOPLE_MANAGE),
    ("RB-29", "Read settings, health and dead letters", P.SETTINGS_READ),
)
"""The mission's activities in words, each with the one permission that allows it: what the roles page shows as a matrix."""
