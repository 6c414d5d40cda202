"""The button with which somebody says who a person is."""

from watchfloor.access.contracts import Permission
from watchfloor.identities.page.contracts import PersonAction
from watchfloor.identities.page.registry import register_person_action

register_person_action(
    PersonAction(
        key="who-is-who",
        label="Accounts and tags",
        icon="id",
        permission=Permission.IDENTITY_MANAGE,
        href=lambda pk: f"/identities/{pk}/who",
    )
)
