"""What this slice adds to other pages, and the door for what others add to the page of a person."""

from watchfloor.identities.page.registry import register_person_action, register_person_panel
from watchfloor.identities.scoring import panels as scoring_panels  # noqa: F401  the risk card and its settings page

__all__ = ["register_person_action", "register_person_panel"]
