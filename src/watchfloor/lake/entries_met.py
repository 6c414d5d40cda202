"""Which of the organisation's entries mail met, counted in the transaction that stores the mail; most mail meets none."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import F

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.inspection.contracts import Inspection
from watchfloor.lake.judgement import entries_of
from watchfloor.lake.models import EntryMet


def note_entries(mails: Sequence[tuple[AcceptedMail, Inspection]]) -> None:
    """Count the entries of these judged mails."""
    met: dict[str, tuple[datetime, int]] = {}
    for mail, inspection in mails:
        for name in entries_of(inspection.verdict):
            at, times = met.get(name, (mail.received_at, 0))
            met[name] = (max(at, mail.received_at), times + 1)
    if not met:
        return
    known = dict(EntryMet.objects.filter(name__in=met).values_list("name", "last_at"))
    EntryMet.objects.bulk_create(
        EntryMet(name=name, last_at=at, mails=n) for name, (at, n) in met.items() if name not in known
    )
    for name in met.keys() & known.keys():
        at, times = met[name]
        EntryMet.objects.filter(name=name).update(last_at=max(at, known[name]), mails=F("mails") + times)


def entries_met() -> Iterator[tuple[str, datetime, int]]:
    """(entry, newest mail that met it, how many mails), as "block sender:bo@x.example"."""
    yield from EntryMet.objects.values_list("name", "last_at", "mails").iterator()
