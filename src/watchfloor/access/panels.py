"""What this slice adds to other pages: its lines in the settings."""

from watchfloor.access.contracts import Permission
from watchfloor.ui.services import register_settings_page

register_settings_page(
    key="people",
    group="people",
    label="People",
    href="/settings/people",
    permission=Permission.PEOPLE_MANAGE,
    description="Who signs in, with which roles",
    icon="users",
)
register_settings_page(
    key="roles",
    group="people",
    label="Roles",
    href="/settings/roles",
    permission=Permission.PEOPLE_MANAGE,
    description="Which role may do what",
    icon="shield-lock",
)
register_settings_page(
    key="audit",
    group="people",
    label="Audit log",
    href="/settings/audit",
    permission=Permission.AUDIT_READ,
    description="Who did what, and how it ended",
    icon="list-details",
)
