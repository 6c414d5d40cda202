"""By which keys an account belongs to a person: stated rules in a stated order, never the display name.

Pure: the index of names that are known comes in, a decision with its sentence comes out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from watchfloor.connectors.contracts import Account
from watchfloor.identities.naming import logins_of, mails_of, own_addresses_of, sids_of, spelt

SHARED_DOMAINS = ("workgroup\\", "localhost\\", "builtin\\", "nt authority\\")
"""Domains that say nothing about whose account it is."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Somebody who bears a name: an account (by source and key) of a person, or a person whose address it is (empty source).

    `gone` says that the account was deleted.
    """

    source: str
    key: str
    person: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """`looked_up` gives (namespace, value) under which others must be known; `words` becomes the sentence with the value."""

    name: str
    words: str
    looked_up: Callable[[Account, frozenset[str]], Iterable[tuple[str, str]]]
    strong: bool = True


def _same_mail(said: Account, own: frozenset[str]) -> Iterable[tuple[str, str]]:
    return [("mail", spelt(said.mail))] if "@" in said.mail else []


def _alias(said: Account, own: frozenset[str]) -> Iterable[tuple[str, str]]:
    mails = mails_of(said)
    return [*(("other", one) for one in mails), *(("mail", one) for one in mails - {spelt(said.mail)})]


def _same_upn(said: Account, own: frozenset[str]) -> Iterable[tuple[str, str]]:
    upn = spelt(said.upn)
    spaces = [(space, upn) for space in ("upn", "mail", "other")] if "@" in upn else []
    return [*spaces, *(("upn", one) for one in mails_of(said))]


def _same_employee(said: Account, own: frozenset[str]) -> Iterable[tuple[str, str]]:
    return [("employee", spelt(f"{said.company}|{said.employee_id}"))] if said.employee_id else []


def _same_sid(said: Account, own: frozenset[str]) -> Iterable[tuple[str, str]]:
    return [("sid", one) for one in sids_of(said)]


def _login(said: Account, own: frozenset[str]) -> Iterable[tuple[str, str]]:
    addresses = {spelt(said.upn), *mails_of(said)} - {""}
    guesses = own_addresses_of(said, own)
    return [
        *(("login", one) for one in logins_of(said) if not one.startswith(SHARED_DOMAINS)),
        *((space, one) for space in ("mail", "upn", "other") for one in guesses),
        *(("own", one) for one in addresses),
    ]


RULES = (
    Rule("mail", "Same mail address {value}", _same_mail),
    Rule("alias", "The mail address {value} is a further address of the other account", _alias),
    Rule("upn", "Same sign-in name {value}", _same_upn),
    Rule("employee", "Same employee number {value} in the same company", _same_employee),
    Rule("sid", "Same security identifier {value} in the directory on premises", _same_sid),
    Rule("login", "Same login name in the organisation's own domain: {value}", _login, strong=False),
)
"""In the order in which they are asked; the first that names exactly one person joins."""


@dataclass(frozen=True, slots=True)
class Decision:
    """To whom an account belongs: `person` None for nobody known. `also` are persons whom weaker or equal rules name too."""

    person: int | None
    by: str
    value: str
    words: str
    also: tuple[tuple[int, str, bool], ...] = ()

    @property
    def conflict(self) -> bool:
        return self.by == "conflict"

    def as_joined(self) -> dict[str, object]:
        """What is kept at the account; `suggested` are [person, sentence]."""
        kept: dict[str, object] = {"by": self.by, "value": self.value, "words": self.words}
        return kept | ({"suggested": [[person, words] for person, words, _ in self.also]} if self.also else {})


@dataclass(slots=True)
class Index:
    """Who bears which name, by (namespace, value); merged persons count as the one who was kept."""

    bearers: dict[tuple[str, str], set[Bearer]] = field(default_factory=lambda: defaultdict(set))
    borne: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    merged: dict[int, int] = field(default_factory=dict)

    def kept(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def add(self, said: Account, bearer: Bearer, *, own: frozenset[str]) -> None:
        for name in names_borne(said, own):
            self.note(name, bearer)

    def note(self, name: tuple[str, str], bearer: Bearer) -> None:
        self.bearers[name].add(bearer)
        self.borne[bearer.source, bearer.key].add(name)

    def forget(self, source: str, key: str) -> None:
        """Take an account's old names out before it is asked about by its new ones."""
        for name in self.borne.pop((source, key), ()):
            self.bearers[name] = {one for one in self.bearers[name] if (one.source, one.key) != (source, key)}

    def persons(self, name: tuple[str, str], *, source: str, key: str) -> dict[int, bool]:
        """Persons who bear it, with whether only a deleted account of theirs does; the account itself is left out."""
        found: dict[int, bool] = {}
        for one in self.bearers.get(name, ()):
            if (one.source, one.key) != (source, key):
                person = self.kept(one.person)
                found[person] = found.get(person, True) and one.gone
        return found


def names_borne(said: Account, own: frozenset[str]) -> set[tuple[str, str]]:
    """The names under which others find this account, as (namespace, value)."""
    borne = {("mail", spelt(said.mail))} if "@" in said.mail else set()
    borne |= {("other", one) for one in mails_of(said) - {spelt(said.mail)}}
    borne |= {("upn", spelt(said.upn))} if "@" in said.upn else set()
    borne |= {*_same_employee(said, own), *_same_sid(said, own)}
    borne |= {("login", one) for one in logins_of(said) if not one.startswith(SHARED_DOMAINS)}
    return borne | {("own", one) for one in own_addresses_of(said, own)}


def decide(said: Account, *, source: str, index: Index, own: frozenset[str]) -> Decision:
    """Ask the rules in order. Living accounts count before deleted ones, and two candidates of one rule join nobody."""
    found = [(rule, *_candidates(rule, said, source, index, own)) for rule in RULES]
    named = [(rule, persons, value) for rule, persons, value in found if persons]
    if not named:
        return Decision(
            None, "first", spelt(said.mail or said.upn or said.name), "The first account seen of this person"
        )
    rule, persons, value = named[0]
    words = rule.words.format(value=_shown(value))
    if len(persons) > 1:
        also = tuple((person, f"{words}, but {len(persons)} people have it", False) for person in sorted(persons))
        return Decision(None, "conflict", value, f"{words}, but {len(persons)} people have it: not joined", also)
    chosen = persons[0]
    others: dict[int, tuple[int, str, bool]] = {}
    for weaker, more, shared in named[1:]:
        for person in more:
            if person != chosen:
                sentence = weaker.words.format(value=_shown(shared))
                others.setdefault(person, (person, sentence, weaker.strong and len(more) == 1))
    return Decision(chosen, rule.name, value, words, tuple(others.values()))


def _candidates(rule: Rule, said: Account, source: str, index: Index, own: frozenset[str]) -> tuple[list[int], str]:
    living: dict[int, str] = {}
    gone: dict[int, str] = {}
    for name in rule.looked_up(said, own):
        for person, only_gone in index.persons(name, source=source, key=said.key).items():
            (gone if only_gone else living).setdefault(person, name[1])
    chosen = living or gone
    return sorted(chosen), next(iter(chosen.values()), "")


def _shown(value: str) -> str:
    company, bar, number = value.partition("|")
    return f"{number} ({company})" if bar and company else number or value
