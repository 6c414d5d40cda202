"""What earlier mail says about a new one: who wrote to whom, what a domain usually proves, under which address a name is known.

Every fact is one row found by a 64-bit hash, so that a batch of mails costs one look-up and one write however long the past is.
Mail that was judged a threat teaches nothing, or the second mail of an attacker would be that of an old friend; mail whose
authentication failed teaches only that it did, since anybody can have written it. First contact
is no fault: it speaks only beside a reason that speaks for phish or malware. A young history is silent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Evidence, Inspection, TenantFacts, ThreatType
from watchfloor.lake import seen
from watchfloor.lake.seen import Known, Trace, key_of

Read = tuple[AcceptedMail, Inspection]

ENOUGH_MAILS = 500
ENOUGH_DAYS, AND_MAILS = 14, 50
"""The past speaks from so many mails on, or after so many days with at least some."""
USUAL_PASSES = 20
USUAL_SHARE = 20
"""A domain usually passes when it did at least that often, and for each failure that many times."""
NAME_TIMES = 3
REPLY_TIMES = 5
KNOWN_TIMES = 5
"""A sender is known from so many harmless mails on."""
MOST_RECIPIENTS = 20
KEEP = timedelta(days=180)
SLICES = 288
"""Forgetting goes over the keys in so many parts, one each five minutes: all of them in a day."""
ALL = key_of("all")
_NOTHING = Known(0, 0, 0, "")


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How much past there is: `speaks` when it is enough to judge by; `sentence` says so in words."""

    mails: int
    since: date | None
    speaks: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class _Letter:
    """One mail as history knows it; addresses and names in lower case, each at most 320 characters."""

    sender: str
    domain: str
    name: str
    reply_domain: str
    recipients: tuple[str, ...]
    proof: str
    day: int

    @property
    def keys(self) -> dict[str, int]:
        """The key of every fact asked about this mail."""
        asked = {
            "domain": key_of("domain", self.domain),
            "sender": key_of("sender", self.sender),
            "passes": key_of("passes", self.domain),
            "fails": key_of("fails", self.domain),
            "replies": key_of("replies", self.sender),
            "reply": key_of("reply", self.sender, self.reply_domain),
        }
        if self.name:
            asked |= {"name": key_of("name", self.name), "alias": key_of("alias", self.name, self.sender)}
        return asked | {f"to {one}": key_of("pair", one, self.sender) for one in self.recipients}


def evidence(mails: Sequence[Read], *, facts: TenantFacts) -> list[list[Evidence]]:
    """What the past says about each mail from outside; nothing while the past is too short."""
    letters = [_letter(mail, found, facts) if found.direction == "Inbound" else None for mail, found in mails]
    asked = [letter.keys if letter else {} for letter in letters]
    known = seen.look_up({ALL, *(key for keys in asked for key in keys.values())})
    past = known.get(ALL, _NOTHING)
    answers: list[list[Evidence]] = []
    for (_, inspection), letter, keys in zip(mails, letters, asked, strict=True):
        if letter is None or not _enough(past, letter.day):
            answers.append([])
            continue
        facts_of = {name: known.get(key, _NOTHING) for name, key in keys.items()}
        answers.append(list(_said(letter, inspection, facts_of, past)))
    return answers


def times_met(senders: Iterable[str]) -> dict[str, int]:
    """How often each of these addresses was met in harmless mail; one look-up."""
    keys = {_clean(sender): key_of("sender", _clean(sender)) for sender in senders}
    met = seen.look_up(set(keys.values())) if keys else {}
    return {sender: met[key].count for sender, key in keys.items() if key in met}


def _said(letter: _Letter, inspection: Inspection, known: dict[str, Known], past: Known) -> Iterator[Evidence]:
    yield from _proof(letter, known)
    yield from _name(letter, known)
    yield from _reply(letter, known)
    if any(
        one.points > 0 and one.threat in (ThreatType.PHISH, ThreatType.MALWARE) for one in inspection.verdict.reasons
    ):
        yield from _contact(letter, known, f"in {past.count:,} mails since {date.fromordinal(past.first_day)}")


def _contact(letter: _Letter, known: dict[str, Known], span: str) -> Iterator[Evidence]:
    if not known["domain"].count:
        yield Evidence("new_domain", f"Nobody here had mail from {letter.domain} before ({span})")
    elif not known["sender"].count:
        yield Evidence("first_contact", f"{letter.sender} wrote to nobody here before ({span})")
    elif letter.recipients and not any(known[f"to {one}"].count for one in letter.recipients):
        yield Evidence("first_contact", f"{letter.sender} never wrote to {letter.recipients[0]} before ({span})")


def _proof(letter: _Letter, known: dict[str, Known]) -> Iterator[Evidence]:
    passes, fails = known["passes"].count, known["fails"].count
    if letter.proof == "fail" and passes >= USUAL_PASSES and passes >= fails * USUAL_SHARE:
        words = f"{letter.domain} authenticated {passes:,} of {passes + fails:,} earlier mails, but not this one"
        yield Evidence("usual_proof_missing", words)


def _name(letter: _Letter, known: dict[str, Known]) -> Iterator[Evidence]:
    """A name that always came from one address; one that several use, as “Customer Service”, says nothing."""
    if not letter.name:
        return
    name = known["name"]
    elsewhere = name.value.rpartition("@")[2] not in ("", letter.domain)
    if name.count >= NAME_TIMES and name.variety == 1 and elsewhere and not known["alias"].count:
        words = f"Display name “{letter.name}” came {name.count:,} times from {name.value}, now from {letter.sender}"
        yield Evidence("name_from_elsewhere", words)


def _reply(letter: _Letter, known: dict[str, Known]) -> Iterator[Evidence]:
    replies = known["replies"]
    if letter.reply_domain and replies.count >= REPLY_TIMES and not known["reply"].count:
        usual = replies.value or "the sender"
        words = f"Answers go to {letter.reply_domain}; in {replies.count:,} earlier mails of {letter.sender} they went to {usual}"
        yield Evidence("reply_swap", words)


def remember(mails: Sequence[Read], *, facts: TenantFacts) -> None:
    """Add what these judged mails teach; call it in the transaction that stores them. Three statements per 500 facts."""
    traces: dict[int, Trace] = {}
    aliases: dict[int, list[tuple[int, str, int]]] = {}
    for mail, inspection in mails:
        if inspection.unparsable or inspection.verdict.threat_types:
            continue
        letter = _letter(mail, inspection, facts)
        if letter is None:
            continue
        for key, value in _taught(letter, outbound=inspection.direction == "Outbound"):
            seen.add(traces, key, letter.day, value)
        if letter.name and inspection.direction != "Outbound" and letter.proof != "fail":
            aliases.setdefault(key_of("alias", letter.name, letter.sender), []).append(
                (key_of("name", letter.name), letter.sender, letter.day)
            )
    _name_them(traces, aliases)
    seen.store(traces)


def _taught(letter: _Letter, *, outbound: bool) -> Iterator[tuple[int, str]]:
    """(key, value kept with its first row) of every fact but names."""
    if outbound:  # whom our people write to is no stranger when they answer
        for one in letter.recipients:
            yield key_of("pair", letter.sender, one), ""
            yield key_of("sender", one), ""
            yield key_of("domain", one.rpartition("@")[2]), ""
        return
    keys = letter.keys
    yield ALL, ""
    if letter.proof == "fail":
        yield keys["fails"], ""
        return
    for name in ("domain", "sender", "reply", *(f"to {one}" for one in letter.recipients)):
        yield keys[name], ""
    yield keys["replies"], letter.reply_domain
    if letter.proof == "pass":
        yield keys["passes"], ""


def _name_them(traces: dict[int, Trace], aliases: dict[int, list[tuple[int, str, int]]]) -> None:
    """Names, each with how many different addresses came under it."""
    known = seen.look_up(set(aliases))
    for alias, letters in aliases.items():
        for number, (name, sender, day) in enumerate(letters):
            seen.add(traces, alias, day, "")
            seen.add(traces, name, day, sender, variety=int(alias not in known and not number))


def _letter(mail: AcceptedMail, inspection: Inspection, facts: TenantFacts) -> _Letter | None:
    """None for a mail without sender, and for one between our own people."""
    sender = inspection.sender_address.lower()[:320]
    if "@" not in sender or inspection.direction == "Intra-org":
        return None
    domain = sender.rpartition("@")[2]
    reply = str(inspection.facts.get("reply_to") or "").lower().rpartition("@")[2][:320]
    outbound = inspection.direction == "Outbound"
    named = mail.recipients or inspection.recipients or (*inspection.to, *inspection.cc)
    recipients = (one.lower()[:320] for one in named[:200] if outbound or _is_own(one, facts))
    proof = inspection.authentication
    return _Letter(
        sender=_clean(sender),
        domain=_clean(domain),
        name=_name_of(inspection.sender_name),
        reply_domain=_clean("" if reply == domain else reply),
        recipients=tuple(dict.fromkeys(map(_clean, recipients)))[:MOST_RECIPIENTS],
        proof="" if proof.source == "none" else "fail" if "fail" in (proof.composite, proof.dmarc) else proof.composite,
        day=mail.received_at.toordinal(),
    )


def _is_own(address: str, facts: TenantFacts) -> bool:
    domain = address.lower().rpartition("@")[2]
    return not facts.own_domains or any(domain == own or domain.endswith(f".{own}") for own in facts.own_domains)


def _name_of(text: str) -> str:
    """A person's name in one form; "" for one word or none, which many share."""
    words = text.casefold().replace(",", " ").split()
    return _clean(" ".join(sorted(words)))[:320] if 2 <= len(words) <= 6 else ""


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _enough(past: Known, day: int) -> bool:
    return past.count >= ENOUGH_MAILS or (past.count >= AND_MAILS and day - past.first_day >= ENOUGH_DAYS)


def state(*, now: datetime) -> HistoryState:
    """How much past there is now."""
    past = seen.look_up({ALL}).get(ALL)
    if past is None:
        return HistoryState(0, None, False, "No mail from outside was seen yet; evidence from history starts later.")
    since, speaks = date.fromordinal(past.first_day), _enough(past, now.toordinal())
    known = f"{past.count:,} mails from outside since {since}"
    need = f"It speaks from {ENOUGH_MAILS} mails on, or after {ENOUGH_DAYS} days with {AND_MAILS}."
    return HistoryState(past.count, since, speaks, f"{known}." if speaks else f"Still learning: {known}. {need}")


def forget(*, now: datetime) -> int:
    """Drop what nobody met for 180 days from the part of the keys whose turn it is; returns how many rows went."""
    turn = int(now.timestamp() // 300) % SLICES
    return seen.forget(part=turn, parts=SLICES, before=(now - KEEP).toordinal())
