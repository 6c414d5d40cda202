"""Emails of the register found by what a copy of them bears."""

from dataclasses import dataclass

from django.db.models import Q

from watchfloor.lake.models import Email

MOST = 50


@dataclass(frozen=True, slots=True)
class KnownEmail:
    """One email of the register, as far as it tells two with one Message-ID apart."""

    network_message_id: str
    fingerprint: str
    sha256: str
    internet_message_id: str


def emails_known_as(
    *, fingerprint: str = "", sha256: str = "", internet_message_id: str = ""
) -> tuple[KnownEmail, ...]:
    """The emails that bear any of these, oldest first; none when nothing is given. One query by index."""
    wanted = Q()
    for name, value in (("fingerprint", fingerprint), ("sha256", sha256), ("internet_message_id", internet_message_id)):
        if value:
            wanted |= Q(**{name: value})
    if not wanted:
        return ()
    rows = Email.objects.filter(wanted).order_by("received_at")[:MOST]
    fields = rows.values_list("network_message_id", "fingerprint", "sha256", "internet_message_id")
    return tuple(KnownEmail(*row) for row in fields)
