"""What a person has chosen so far in the Take action wizard, read from its form; each step carries it on in hidden fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.intelligence.contracts import Effect, Kind, Life
from watchfloor.intelligence.services import read_lasting
from watchfloor.kernel.errors import BadInput
from watchfloor.response.action import MailAction
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import Beside, EntryWish, Targets
from watchfloor.response.late import MOST_DAYS
from watchfloor.response.submissions.contracts import Said
from watchfloor.response.targets import read_targets

NONE = "none"
"""The choice to move or delete nothing."""
MOST_ENTRIES = 100
SENDER_COPY_WITH = frozenset({"soft-delete", "hard-delete"})
Field = tuple[str, str]
LIVES = (Life.DAYS_30, Life.DAYS_1, Life.DAYS_7, Life.DAYS_90, Life.NEVER)
ALLOW_LIVES = (Life.DAYS_1, Life.DAYS_7, Life.DAYS_30, Life.UNUSED_45)


@dataclass(frozen=True, slots=True)
class Draft:
    """The choices of one run. `chosen` says whether the first step was answered; `action` is None for moving nothing.

    The three lists of hidden fields are what each step asks: what is aimed at, what is done, which parts were ticked.
    """

    targets: Targets
    action: MailAction | None
    chosen: bool
    name: str
    reason: str
    beside: Beside
    aim: tuple[Field, ...]
    done: tuple[Field, ...]
    ticked: tuple[Field, ...]
    worded: tuple[Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Everything, for going back and for exports."""
        return self.aim + self.done + self.ticked + self.worded

    @property
    def around_choice(self) -> tuple[Field, ...]:
        """What the first step carries beside its own questions."""
        return self.aim + self.ticked + self.worded

    @property
    def around_ticks(self) -> tuple[Field, ...]:
        """What the second step carries."""
        return self.aim + self.done + self.worded

    @property
    def around_words(self) -> tuple[Field, ...]:
        """What the third step carries."""
        return self.aim + self.done + self.ticked

    @property
    def label(self) -> str:
        """What it does, in a few words: “Soft delete, submit and block 2 values”."""
        parts = [self.action.label] if self.action else []
        if self.beside.judgement:
            parts.append("submit")
        if count := len(self.beside.entries):
            parts.append(f"{self.beside.entries[0].effect} {count} value{'' if count == 1 else 's'}")
        words = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
        return words[:1].upper() + words[1:]

    @property
    def until(self) -> str:
        """The day that was named for the end of the entries, as 2026-12-24."""
        return dict(self.ticked).get("until", "")

    @property
    def offered(self) -> int:
        """How many values the second step offered; 0 when it did not say."""
        text = dict(self.ticked).get("values", "")
        return int(text) if text.isdecimal() and len(text) < 5 else 0

    @property
    def empty(self) -> bool:
        return self.action is None and not self.beside.submits


def read_draft(parameters: QueryDict, *, actor: Actor, now: datetime) -> Draft:
    """What was sent so far. Raises Forbidden for a whole query of somebody who may not search: its counts would answer it.

    Raises BadInput for an unknown action, a value that names no kind, or days that are no number.
    """
    aimed = read_targets(parameters, now=now)
    if aimed.whole_query:
        authorise(actor, Permission.EMAIL_METADATA_READ)
    key = parameters.get("action", "")
    action = action_of(key) if key not in {"", NONE} else None
    if action is not None and not action.mailboxes:
        raise BadInput("choose what to say about the messages instead", place="action")
    judgement = _judgement(parameters.get("judgement", ""))
    beside = Beside(judgement, parameters.get("note", "").strip(), _entries(parameters, judgement), _days(parameters))
    if aimed.sender_copy and (action is None or action.key not in SENDER_COPY_WITH):
        aimed = Targets(aimed.rows, aimed.query, aimed.excepted, aimed.also)
    aim = [("query", aimed.query)] if aimed.whole_query else [("row", str(row)) for row in aimed.rows]
    aim += [("except", str(row)) for row in aimed.excepted]
    aim += [(name, value) for name in ("alert_id", "incident_id") if (value := parameters.get(name, ""))]
    ticked = [("also", str(row)) for row in aimed.also] + ([("sender_copy", "yes")] if aimed.sender_copy else [])
    ticked += [("entry", text) for text in parameters.getlist("entry")]
    ticked += [
        (name, value) for name in ("life", "until", "late_days", "values") if (value := parameters.get(name, ""))
    ]
    return Draft(
        targets=aimed,
        action=action,
        chosen=bool(key),
        name=parameters.get("name", ""),
        reason=parameters.get("reason", ""),
        beside=beside,
        aim=tuple(aim),
        done=_sent(parameters, "action", "judgement", "note"),
        ticked=tuple(ticked),
        worded=_sent(parameters, "name", "reason"),
    )


def _sent(parameters: QueryDict, *names: str) -> tuple[Field, ...]:
    return tuple((name, value) for name in names if (value := parameters.get(name, "")))


def _judgement(text: str) -> Said | None:
    try:
        return Said(text) if text else None
    except ValueError:
        raise BadInput(f"there is no such verdict “{text[:60]}”", place="judgement") from None


def _entries(parameters: QueryDict, judgement: Said | None) -> tuple[EntryWish, ...]:
    """The ticked values: allowed where the messages are said to be clean, blocked otherwise."""
    ticked = list(dict.fromkeys(parameters.getlist("entry")))
    if len(ticked) > MOST_ENTRIES:
        raise BadInput(f"tick at most {MOST_ENTRIES} values", place="entry")
    clean = judgement is Said.CLEAN
    life = _life(parameters, ALLOW_LIVES if clean else LIVES)
    return tuple(_entry(text, Effect.ALLOW if clean else Effect.BLOCK, life) for text in ticked)


def _life(parameters: QueryDict, offered: Sequence[Life]) -> str:
    """A day that was named counts before the span that was chosen; whether it may be that day is asked with the entries."""
    if day := parameters.get("until", ""):
        return str(read_lasting(day))
    life = parameters.get("life", "")
    return offered[0].value if life and life not in offered else life


def _entry(text: str, effect: Effect, life: str) -> EntryWish:
    kind, _, value = text.partition(":")
    try:
        return EntryWish(Kind(kind).value, value[:2000], effect.value, life)
    except ValueError:
        raise BadInput(f"“{text[:60]}” is no value to {effect}", place="entry") from None


def _days(parameters: QueryDict) -> int:
    text = parameters.get("late_days", "").strip() or "0"
    if not text.isdecimal() or len(text) > 3 or int(text) > MOST_DAYS:
        raise BadInput(f"late copies are caught for 0 to {MOST_DAYS} days", place="late_days")
    return int(text)
