"""Trying dead letters again: from the raw store where their bytes are kept, else from the file they came from."""

from pathlib import Path

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors import intake
from watchfloor.connectors.contracts import Refused
from watchfloor.connectors.models import Accepted, DeadLetter
from watchfloor.connectors.selectors import can_retry
from watchfloor.connectors.systems.files.reading import read_paths
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound

audit_verb("dead_letter.retry", "{actor} tried the dead letter {target} again")
audit_verb("dead_letter.retry_all", "{actor} tried all dead letters again")


def retry_dead_letter(*, by: Actor, id: int) -> None:
    """Give it to its readers once more. Raises BadInput when only its source can bring it again."""
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="dead_letter.retry",
        target_type="dead_letter",
        target=str(id),
    ):
        letter = DeadLetter.objects.select_related("accepted").filter(pk=id, resolved_at=None).first()
        if letter is None:
            raise NotFound("this dead letter is not there, or is resolved")
        _retry(letter)


def retry_all(*, by: Actor) -> tuple[int, int]:
    """Retry every open dead letter; returns (given again, not possible)."""
    done = failed = 0
    with audited(by=by, permission=Permission.CONNECTION_MANAGE, verb="dead_letter.retry_all") as result:
        for letter in DeadLetter.objects.select_related("accepted").filter(resolved_at=None):
            try:
                _retry(letter)
                done += 1
            except BadInput:
                failed += 1
        result["after"] = {"retried": done, "not possible": failed}
    return done, failed


def _retry(letter: DeadLetter) -> None:
    if letter.accepted is not None:
        with transaction.atomic():
            _accept_again(letter, letter.accepted)
            _resolve(letter)
    elif can_retry(letter):
        _read_again(letter)
    else:
        raise BadInput("only its source can bring this again; mend it there", place=letter.place)


def _accept_again(letter: DeadLetter, old: Accepted) -> None:
    """A new position for the same mail, so that every reader comes past it; `retry_of` ties it to this letter."""
    facts = {**old.facts, "retry_of": letter.pk}
    intake.insert(
        [
            Accepted(
                sha256=old.sha256,
                source=old.source,
                received_at=old.received_at,
                envelope=old.envelope,
                folder=old.folder,
                facts=facts,
            )
        ]
    )


def _read_again(letter: DeadLetter) -> None:
    for found in read_paths([Path(letter.place)], source=letter.source, now=utc_now()):
        if isinstance(found, Refused):
            letter.attempts, letter.reason, letter.at = letter.attempts + 1, found.reason, utc_now()
            letter.save()
            return
        intake.take_in([found])
    _resolve(letter)


def _resolve(letter: DeadLetter) -> None:
    letter.resolved_at = utc_now()
    letter.save(update_fields=["resolved_at"])
