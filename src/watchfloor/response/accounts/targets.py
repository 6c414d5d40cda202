"""From what was chosen to people: their numbers, or any name that may turn out to be somebody's."""

from collections.abc import Iterable

from django.http import QueryDict

from watchfloor.identities import selectors as identities
from watchfloor.kernel.errors import BadInput
from watchfloor.response.catalogue import account_action_of
from watchfloor.response.contracts import People, TargetKind
from watchfloor.response.models import Remediation

MOST = 500
"""More people than this in one action are a directory's own business."""


def read_people(parameters: QueryDict) -> People:
    """What a form or URL aims at: repeated `person` (number) and `name` (address or sign-in name), `account`, `option`.

    A `row` of a grid of mails, `<NetworkMessageId>|<recipient>`, names its recipient. Names of known people become their numbers. Raises BadInput when nobody is aimed at, or more than 500.
    """
    numbers = [int(text) for text in parameters.getlist("person") if text.isdecimal() and len(text) < 18]
    names = [text.strip().lower()[:320] for text in parameters.getlist("name") if text.strip()]
    names += [text.partition("|")[2].strip().lower()[:320] for text in parameters.getlist("row") if "@" in text]
    return people_of(numbers, names, only=parameters.getlist("account"), options=parameters.getlist("option"))


def people_of(
    numbers: Iterable[int], names: Iterable[str] = (), *, only: Iterable[str] = (), options: Iterable[str] = ()
) -> People:
    """The same from Python; each person once, by whichever name."""
    asked = list(dict.fromkeys(name.strip().lower() for name in names))
    known = identities.people_of_names(asked) if asked else {}
    people = tuple(dict.fromkeys([*numbers, *known.values()]))
    unknown = tuple(name for name in asked if name not in known)
    aimed = People(people, unknown, tuple(dict.fromkeys(only)), tuple(dict.fromkeys(options)))
    if not len(aimed):
        raise BadInput("choose at least one person", place="person")
    if len(aimed) > MOST:
        raise BadInput(f"at most {MOST} people at a time; {len(aimed):,} were chosen", place="person")
    return aimed


def aim(remediation: Remediation, aimed: People) -> Remediation:
    """Write down whom a new remediation is aimed at. Raises BadInput for nobody, or an option its action does not have."""
    action = account_action_of(remediation.action)
    if not action.offered:
        raise BadInput(f"“{action.label}” cannot be chosen; it begins at what it undoes", place="action")
    if strange := set(aimed.options) - {option.key for option in action.options}:
        raise BadInput(f"“{action.label}” has no option “{min(strange)}”", place="option")
    if not len(aimed):
        raise BadInput("choose at least one person", place="person")
    if not remediation.reason:
        raise BadInput("give a reason; it stands in the action center and in the audit log", place="reason")
    return filled(remediation, aimed)


def filled(remediation: Remediation, aimed: People) -> Remediation:
    """The columns that say whom it is aimed at."""
    remediation.target_kind = TargetKind.ACCOUNTS.value
    remediation.people = {
        "people": list(aimed.people), "names": list(aimed.names), "only": list(aimed.only), "options": list(aimed.options)
    }  # fmt: skip
    remediation.sentence = sentence_of(aimed)
    remediation.expected = len(aimed)
    return remediation


def sentence_of(aimed: People) -> str:
    """Who is aimed at, in words: names while they are few."""
    names = [*(_name(pk) for pk in aimed.people[:4]), *aimed.names][:4]
    rest = len(aimed) - len(names)
    words = ", ".join(names) + (f" and {rest:,} more" if rest else "")
    return f"{words} (only {', '.join(aimed.only)})" if aimed.only else words


def _name(pk: int) -> str:
    person = identities.person_by_id(pk)
    return person.name if person is not None else f"person {pk}"
