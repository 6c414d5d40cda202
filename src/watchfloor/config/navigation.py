"""The left navigation, as in Defender's portal; entries a person may not open are left out."""

from dataclasses import dataclass

from django.http import HttpRequest

from watchfloor.access.contracts import Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation: `icon` is a Tabler icon's name."""

    label: str
    href: str
    icon: str
    permission: Permission


ENTRIES = (
    Entry("Home", "/", "home", Permission.HOME_READ),
    Entry("Incidents", "/incidents", "alert-triangle", Permission.INCIDENT_READ),
    Entry("Alerts", "/alerts", "bell", Permission.INCIDENT_READ),
    Entry("Investigations", "/investigations", "robot", Permission.INCIDENT_READ),
    Entry("Identities", "/identities", "users", Permission.IDENTITY_READ),
    Entry("Explorer", "/explorer", "chart-bar", Permission.EMAIL_METADATA_READ),
    Entry("Campaigns", "/campaigns", "target", Permission.EMAIL_METADATA_READ),
    Entry("Threat trackers", "/trackers", "radar", Permission.EMAIL_METADATA_READ),
    Entry("Advanced hunting", "/hunting", "crosshair", Permission.EMAIL_METADATA_READ),
    Entry("Quarantine", "/quarantine", "lock", Permission.QUARANTINE_READ),
    Entry("Action center", "/action-center", "checklist", Permission.ACTION_CENTER_READ),
    Entry("Submissions", "/submissions", "mail-exclamation", Permission.EMAIL_METADATA_READ),
    Entry("Reports", "/reports", "report", Permission.EMAIL_METADATA_READ),
    Entry("Settings", "/settings", "settings", Permission.SETTINGS_READ),
)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Template context: the entries this person may open, each with whether it is the current one."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {"navigation": ()}
    shown = [entry for entry in ENTRIES if actor.may(entry.permission)]
    current = max(
        (e.href for e in shown if request.path == e.href or (e.href != "/" and request.path.startswith(e.href))),
        key=len,
        default="",
    )
    return {"navigation": tuple((entry, entry.href == current) for entry in shown), "actor": actor}
