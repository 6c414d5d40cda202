"""Actions on accounts that nobody decides alone, however few people they aim at: they would give somebody rights.

A temporary password is shown to whoever decides. And who is suspended, or held to be risky, must not say otherwise themselves.
"""

from collections.abc import Mapping

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import person_of, rights_by_email
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.identities import selectors as identities
from watchfloor.response.catalogue import account_action_of
from watchfloor.response.contracts import People

FREES = frozenset({AccountVerb.ENABLE, AccountVerb.DISMISS_RISK})
TAKES_OVER = "It shows a password of somebody who may do more than you, or of an administrator: after Start it waits for a second person. Without the reset it starts at once."
FREES_ONESELF = "It is about yourself: after Start it waits for a second person."

ALONE = " Nobody else here may approve it: add a second person under Settings, People, or, on the server, run “watchfloor approve-action” with its name and a reason; that is written to the audit log."


def why_two(by: Actor, *, action: str, aimed: People, undoes: bool = False) -> str:
    """Why somebody else must approve it, "" when nobody need. Jobs of the product itself see no password and are nobody."""
    if not by.id.startswith("person:"):
        return ""
    verbs = set(account_action_of(action).verbs(aimed.options))
    resets, frees = AccountVerb.RESET_PASSWORD in verbs and not undoes, bool(verbs & FREES) or undoes
    if not resets and not frees:
        return ""
    rights = rights_by_email()
    people = {detail.pk for detail in identities.people_by_id(list(aimed.people)).values()}
    alone = "" if others_who_may(by, account_action_of(action).permission, rights) else ALONE
    if resets and _takes_over(by, aimed, people, rights):
        return TAKES_OVER + alone
    me = person_of(by)
    return FREES_ONESELF + alone if frees and me is not None and _are_aimed_at({me.email}, aimed, people) else ""


def others_who_may(by: Actor, right: Permission, rights: Mapping[str, frozenset[Permission]]) -> list[str]:
    """The addresses of those besides `by` who hold the right to decide, sorted."""
    me = person_of(by)
    return sorted(email for email, held in rights.items() if right in held and (me is None or email != me.email))


def _takes_over(by: Actor, aimed: People, people: set[int], rights: Mapping[str, frozenset[Permission]]) -> bool:
    """Whether one of them administers a directory, or may do here what `by` may not."""
    if any(detail.privileged for detail in identities.people_by_id(list(people)).values()):
        return True
    return _are_aimed_at({email for email, held in rights.items() if held - by.permissions}, aimed, people)


def _are_aimed_at(emails: set[str], aimed: People, people: set[int]) -> bool:
    return bool(emails & set(aimed.names) or set(identities.people_of_names(emails).values()) & people)
