"""What people read for the rule or signal behind a point."""

from watchfloor.identities.scoring.signals import signals


def title_of(kind: str, what: str) -> str:
    """The signal's title; an alert's own title stands in its sentence."""
    if kind == "alert":
        return "Alert"
    found = signals().get(what)
    return found.title if found else what
