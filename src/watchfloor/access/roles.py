"""The built-in roles: the mission's activity table (RB-01..08) as sets of permissions.

Preview and Search and Purge are roles of their own, given on top of another, so that nobody holds them by accident.
"""

from watchfloor.access.contracts import Permission as P

_READER = {P.HOME_READ, P.EMAIL_METADATA_READ, P.INCIDENT_READ, P.ACTION_CENTER_READ, P.IDENTITY_READ, P.SETTINGS_READ}
_OPERATOR = _READER | {P.INCIDENT_MANAGE, P.EMAIL_ACTION_PROPOSE}

BUILT_IN_ROLES: dict[str, tuple[str, set[P]]] = {
    "Global Administrator": (
        "Everything except reading the content of any mail (Preview)",
        set(P) - {P.EMAIL_CONTENT_READ},
    ),
    "Security Administrator": (
        "Connects systems, manages incidents, proposes actions; acts on mail together with Search and Purge",
        _OPERATOR | {P.QUARANTINE_MANAGE, P.QUERY_SAVE, P.CONNECTION_MANAGE, P.AUDIT_READ, P.SIMULATION_MANAGE},
    ),
    "Security Operator": (
        "Works on incidents and proposes actions; acts on mail together with Search and Purge",
        _OPERATOR,
    ),
    "Security Reader": ("Reads everything but content and settings changes", _READER | {P.AUDIT_READ}),
    "Preview": ("Reads and downloads the content of any mail; every look is audited", {P.EMAIL_CONTENT_READ}),
    "Search and Purge": (
        "Moves, deletes and restores mail; approves proposed actions",
        {P.EMAIL_ACTION_MANAGE, P.EMAIL_ACTION_PROPOSE, P.ACTION_CENTER_READ},
    ),
    "Quarantine Administrator": ("Previews, releases and deletes quarantined mail", {P.HOME_READ, P.QUARANTINE_MANAGE}),
    "Attack Simulation Administrator": (
        "Runs simulations and trainings",
        {P.HOME_READ, P.SIMULATION_MANAGE, P.SIMULATION_PAYLOAD_AUTHOR},
    ),
    "Attack Payload Author": ("Writes simulation payloads", {P.HOME_READ, P.SIMULATION_PAYLOAD_AUTHOR}),
}
