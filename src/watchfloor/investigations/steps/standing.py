"""How mailboxes stand now, asked of the servers that hold them: forwarding, inbox rules, delegates (AI-56, AI-57)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from watchfloor.connectors.contracts import AccountActions, AccountRef, AccountVerb
from watchfloor.connectors.selectors import account_actions
from watchfloor.identities.selectors import account_refs, ours_among, people_of_names
from watchfloor.kernel.errors import WatchfloorError

ABOUT = frozenset({AccountVerb.STOP_FORWARDING, AccountVerb.STOP_RULES, AccountVerb.STOP_DELEGATION})
ADDRESS = re.compile(r"[^\s“”\"'<>,;:()]+@[\w.-]+\w")
SENDS_ON = ("forward", "redirect")
HIDES = ("throws away", "deletes", "rejects")
HIDING_PLACES = ("rss", "trash", "deleted", "junk", "spam", "conversation history", "another folder")
"""Where nobody looks: intruders put there what the owner must not see."""
EVERYBODY = ("everybody", "anyone")
SWITCHED_OFF = "(disabled)"


@dataclass(frozen=True, slots=True)
class Standing:
    """One mailbox at one server, in the server's sentences; None means that it does not say."""

    system: str
    forwarding: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    delegates: tuple[str, ...] | None = None

    @property
    def sends_out(self) -> tuple[str, ...]:
        """What takes mail out of the organisation, whoever set it and whenever."""
        told = [one for one in (*(self.forwarding or ()), *(self.rules or ())) if _sends_on(one)]
        return tuple(one for one in told if _names_a_stranger(one))

    @property
    def hides(self) -> tuple[str, ...]:
        """Rules that delete mail, or put it where nobody looks."""
        return tuple(one for one in self.rules or () if SWITCHED_OFF not in one and _hides(one))

    @property
    def strangers(self) -> tuple[str, ...]:
        """Delegates who are none of ours, or everybody."""
        return tuple(
            one for one in self.delegates or () if one.startswith(EVERYBODY) or ("@" in one and _names_a_stranger(one))
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What the servers said of one person; `silent` names those that did not answer."""

    standing: tuple[Standing, ...] = ()
    silent: tuple[str, ...] = ()

    def known(self, name: str) -> bool:
        """Whether some server told of it at all."""
        return any(getattr(one, name) is not None for one in self.standing)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(said for one in self.standing for said in getattr(one, name) or ()))


def ask_servers(people: Iterable[str]) -> Mapping[str, Heard]:
    """Every connection that can change such settings is asked for each person; changes nothing."""
    wanted = tuple(people)
    systems = {name: one for name, one in account_actions().items() if one.can & ABOUT}
    known = people_of_names(wanted) if systems else {}
    return {one: _heard(one, known.get(one), systems) for one in wanted}


def _heard(address: str, person: int | None, systems: Mapping[str, AccountActions]) -> Heard:
    refs = (account_refs(person) if person is not None else ()) or (_bare(address),)
    found, silent = [], []
    for name, system in systems.items():
        try:
            found += list(_asked(name, system, [one for one in refs if one.source == name] or refs))
        except WatchfloorError:
            silent.append(name)
    return Heard(tuple(found), tuple(silent))


def _asked(name: str, system: AccountActions, refs: Iterable[AccountRef]) -> Iterator[Standing]:
    for ref in refs:
        if system.serves(ref) and (state := system.state(ref)) is not None:
            yield Standing(name, state.forwarding, state.rules, state.delegates)
            return


def _bare(address: str) -> AccountRef:
    return AccountRef(source="", key=address, name=address, upn=address, mail=address)


def _sends_on(sentence: str) -> bool:
    return SWITCHED_OFF not in sentence and any(word in sentence.lower() for word in SENDS_ON)


def _names_a_stranger(sentence: str) -> bool:
    """Whether an address in it is none of ours; one that names no address at all counts, too."""
    named = {one.lower() for one in ADDRESS.findall(sentence)}
    return not named or bool(named - ours_among(named, if_unset=False))


def _hides(sentence: str) -> bool:
    lower = sentence.lower()
    return any(word in lower for word in HIDES) or ("moves" in lower and any(one in lower for one in HIDING_PLACES))
