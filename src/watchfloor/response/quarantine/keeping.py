"""What a person keeps of the quarantine's list: the filters last used, and filters under a name (QU-05)."""

from urllib.parse import parse_qsl, urlencode

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import person_of
from watchfloor.access.services import authorise
from watchfloor.kernel.errors import BadInput

LAST, NAMED = "quarantine_last", "quarantine_filters"
MOST_KEPT = 50
LONGEST = 4_000


def remember(*, query: str, by: Actor) -> None:
    """Keep these filters for when the page is opened without any."""
    _keep(by, LAST, cleaned(query))


def last_used(by: Actor) -> str:
    """The filters this person used last, as a query string."""
    person = person_of(by)
    return str(person.preferences.get(LAST) or "") if person else ""


def saved(by: Actor) -> dict[str, str]:
    """Query strings by the name they were saved under."""
    person = person_of(by)
    found = person.preferences.get(NAMED) if person else None
    return dict(sorted(found.items())) if isinstance(found, dict) else {}


def save(*, name: str, query: str, by: Actor) -> str:
    """Keep filters under a name; the same name again replaces them. Raises BadInput."""
    authorise(by, Permission.QUARANTINE_READ)
    name = " ".join(name.replace("\x00", "").split())[:100]
    if not name:
        raise BadInput("give the filter a name", place="name")
    known = saved(by)
    if len(known) >= MOST_KEPT and name not in known:
        raise BadInput(f"at most {MOST_KEPT} filters; delete one first", place="name")
    _keep(by, NAMED, {**known, name: cleaned(query)})
    return name


def forget(*, name: str, by: Actor) -> None:
    """Delete a saved filter."""
    authorise(by, Permission.QUARANTINE_READ)
    _keep(by, NAMED, {kept: query for kept, query in saved(by).items() if kept != name})


def _keep(by: Actor, key: str, value: object) -> None:
    person = person_of(by)
    if person is not None and person.preferences.get(key) != value:
        person.preferences = {**person.preferences, key: value}
        person.save(update_fields=["preferences"])


def cleaned(query: str) -> str:
    pairs = parse_qsl(query.replace("\x00", "").lstrip("?")[:LONGEST], keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] not in ("page", "pick", "csrfmiddlewaretoken")])
