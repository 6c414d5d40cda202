"""About the device on which somebody opened a malicious link (AI-34, AI-38)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.selectors import names_of, people_of_names
from watchfloor.investigations.case import Case, hunted
from watchfloor.investigations.contracts import Asked, Found, FoundEntity, Verdict, Wish, WishKind
from watchfloor.investigations.steps.clicks import Clicks, clicks_of
from watchfloor.investigations.steps.device_signs import SOURCES, Clicked, Sign
from watchfloor.kernel.text import few

MOST_PEOPLE = 20
MOST_CLICKS = 200
MOST_DEVICES = 5


def which_devices(case: Case) -> Found:
    """Devices that connected to the link's host, that who clicked was signed in to, or that have the address of the click."""
    clicks = clicks_of(case) if case.suspects else None
    clicked = _clicked(clicks) if clicks else []
    if not clicked:
        return Found("Nobody is known to have reached a malicious link.")
    questions: list[Asked] = []
    signs: list[Sign] = []
    for text, read in SOURCES:
        question, rows = hunted(text(clicked), now=case.now)
        questions.append(question)
        signs += read(clicked, rows)
    of_device = _grouped(signs)
    entities = tuple(_entity(device, found) for device, found in of_device.items())
    people = tuple(dict.fromkeys(one.person for one in clicked))
    return Found(
        _words(of_device, people),
        Verdict.SUSPICIOUS if any(one.sure for one in signs) else Verdict.UNKNOWN,
        tuple(questions),
        entities=entities,
        wishes=tuple(wish for person in people for wish in _advice(person, of_device)),
    )


def _clicked(clicks: Clicks) -> list[Clicked]:
    people = clicks.people[:MOST_PEOPLE]
    known = people_of_names(people)
    bearing = {one: names_of(known[one]) if one in known else PersonNames() for one in people}
    names = {
        one: frozenset((one, *(found.account_names or (one.partition("@")[0],)))) for one, found in bearing.items()
    }
    return [
        Clicked(
            who,
            names[who],
            frozenset(bearing[who].sids),
            row["Timestamp"],
            urlsplit(str(row["Url"])).hostname or "",
            str(row["IPAddress"] or "").lower(),
        )
        for row in clicks.harmed[:MOST_CLICKS]
        if (who := str(row["AccountUpn"]).lower()) in names
    ]


def _grouped(signs: Iterable[Sign]) -> dict[str, list[Sign]]:
    """Signs by device, those that connected first; of each person's devices at most `MOST_DEVICES`."""
    found: dict[str, list[Sign]] = {}
    for one in signs:
        found.setdefault(one.device.lower(), []).append(one)
    ordered = sorted(found.items(), key=lambda pair: (not any(one.sure for one in pair[1]), -len(pair[1])))
    taken: Counter[str] = Counter()
    kept = {}
    for device, said in ordered:
        left = [one for one in said if taken[one.person] < MOST_DEVICES]
        if left:
            kept[device] = left
            taken.update({one.person for one in left})
    return kept


def _entity(device: str, signs: Sequence[Sign]) -> FoundEntity:
    sure = any(one.sure for one in signs)
    why = "; ".join(dict.fromkeys(one.why for one in signs))
    people = ", ".join(dict.fromkeys(one.person for one in signs))
    verdict = Verdict.SUSPICIOUS if sure else Verdict.UNKNOWN
    return FoundEntity("device", device, signs[0].device, verdict, why, {"person": people})


def _words(of_device: Mapping[str, Sequence[Sign]], people: Sequence[str]) -> str:
    found = [(signs[0].device, any(one.sure for one in signs)) for signs in of_device.values()]
    sure = [device for device, is_sure in found if is_sure]
    maybe = [device for device, is_sure in found if not is_sure]
    said = [f"Connected to the link when it was opened: {few(sure, most=5)}."] if sure else []
    said += [f"May be the device: {few(maybe, most=5)}."] if maybe else []
    lacking = [one for one in people if not any(one == sign.person for signs in of_device.values() for sign in signs)]
    said += [f"No device of {few(lacking, most=5)} is known to the lake."] if lacking else []
    return " ".join(said)


def _advice(person: str, of_device: Mapping[str, Sequence[Sign]]) -> Iterator[Wish]:
    """Nothing here acts on devices: somebody must look (AI-54)."""
    theirs = [sign for signs in of_device.values() for sign in signs if sign.person == person]
    names = list(dict.fromkeys(one.device for one in sorted(theirs, key=lambda one: not one.sure)))
    sure = {one.device for one in theirs if one.sure}
    chosen = [one for one in names if one in sure] or names
    if chosen:
        title = f"Look at {few(chosen, most=5)}: {'there' if sure else 'there perhaps'} {person} opened the link"
        why = "; ".join(dict.fromkeys(one.why for one in theirs if one.device == chosen[0]))
        yield Wish(f"device:{person}", WishKind.GUIDANCE, title, why, names=(person,))
