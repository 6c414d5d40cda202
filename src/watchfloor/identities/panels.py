"""What this slice adds to other pages, and the door for what others add to the page of a person."""

from watchfloor.identities.listing import panels as _listing  # noqa: F401  registers “Accounts and tags”
from watchfloor.identities.page.asset_knowledge import UsersOfAnIncident
from watchfloor.identities.page.attack_paths import PathsOfAnIncident
from watchfloor.identities.page.registry import register_person_action, register_person_panel
from watchfloor.identities.scoring import panels as _scoring  # noqa: F401  registers the risk card
from watchfloor.incidents.services import register_asset_knowledge, register_attack_paths

__all__ = ["register_person_action", "register_person_panel"]

register_asset_knowledge(UsersOfAnIncident())
register_attack_paths(PathsOfAnIncident())
