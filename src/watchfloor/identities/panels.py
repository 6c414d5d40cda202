"""What this slice adds to other pages, and the door for what others add to the page of a person."""

from watchfloor.identities.page.registry import register_person_action, register_person_panel

__all__ = ["register_person_action", "register_person_panel"]
