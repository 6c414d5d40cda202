"""What a person may do with what Explorer finds."""

from watchfloor.access.contracts import Actor, Permission


def may_act(actor: Actor) -> bool:
    """Whether this person may act on mail, or propose it."""
    return actor.may(Permission.EMAIL_ACTION_MANAGE) or actor.may(Permission.EMAIL_ACTION_PROPOSE)


def may_act_on_people(actor: Actor) -> bool:
    """Whether this person may act on people's accounts, propose it, or set their risk."""
    rights = (Permission.IDENTITY_ACTION_MANAGE, Permission.IDENTITY_ACTION_PROPOSE, Permission.IDENTITY_RISK_MANAGE)
    return actor.may(Permission.IDENTITY_READ) and any(map(actor.may, rights))
