"""How people report and what they are answered (SU-15, SU-16): the settings in force, and the verb that changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.services import checked_addresses
from watchfloor.kernel.errors import BadInput
from watchfloor.response.submissions.models import SubmissionPolicy
from watchfloor.response.submissions.simulations import pair_of
from watchfloor.response.submissions.texts import LANGUAGES, PLACEHOLDERS, WHICH, check_text

audit_verb("submissions.policy", "{actor} changed how people report mail and what they are answered")

ONLY = 1
FOLDERS = ("Report phish", "Phishing melden")
MOST_ADDRESSES = 20
MOST_SIMULATIONS = 50


@dataclass(frozen=True, slots=True)
class Policy:
    """`addresses` are mailboxes people send reports to: those of the security team, which nothing filters. `folders` are names
    of folders in people's own mailboxes, in any case. `texts` maps "<language> <which>" to (subject, text) where changed. `simulations`
    are the senders of the organisation's own phishing simulations, as `simulations.pair_of` writes them."""

    addresses: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    answer_at_once: bool = True
    answer_verdict: bool = True
    language: str = "en"
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    simulations: tuple[str, ...] = ()

    @property
    def reading(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.addresses or self.folders)


def current() -> Policy:
    """The policy in force; while nobody set one up, nothing is read."""
    row = SubmissionPolicy.objects.filter(pk=ONLY).first()
    if row is None:
        return Policy()
    return Policy(
        addresses=tuple(row.addresses),
        folders=tuple(row.folders),
        answer_at_once=row.answer_at_once,
        answer_verdict=row.answer_verdict,
        language=row.language,
        texts={key: (subject, text) for key, (subject, text) in row.texts.items()},
        simulations=tuple(row.simulations),
    )


def report_addresses() -> frozenset[str]:
    """The mailboxes that nothing filters."""
    rows = SubmissionPolicy.objects.filter(pk=ONLY).values_list("addresses", flat=True)
    return frozenset(address for addresses in rows for address in addresses)


def change(
    *,
    by: Actor,
    addresses: Sequence[str],
    folders: Sequence[str],
    answer_at_once: bool,
    answer_verdict: bool,
    language: str,
    texts: Mapping[str, tuple[str, str]] | None = None,
    simulations: Sequence[str] | None = None,
    now: datetime,
) -> Policy:
    """Set everything; `texts` or `simulations` None leaves them as they are. Raises Forbidden, BadInput (`place` names the field)."""
    before = current()
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="submissions.policy",
        target_type="setting",
        target="user reported settings",
        before=_told(before),
    ) as result:
        wanted = Policy(
            _addresses(addresses),
            _folders(folders),
            answer_at_once,
            answer_verdict,
            _language(language),
            dict(before.texts if texts is None else _texts(texts)),
            before.simulations if simulations is None else _simulations(simulations),
        )
        SubmissionPolicy.objects.update_or_create(
            pk=ONLY,
            defaults={
                "addresses": list(wanted.addresses),
                "folders": list(wanted.folders),
                "answer_at_once": answer_at_once,
                "answer_verdict": answer_verdict,
                "language": wanted.language,
                "texts": {key: list(pair) for key, pair in wanted.texts.items()},
                "simulations": list(wanted.simulations),
                "changed_at": now,
                "changed_by": by.name,
            },
        )
        result["after"] = _told(wanted)
    return wanted


def _told(policy: Policy) -> dict[str, object]:
    return {
        "addresses": list(policy.addresses),
        "folders": list(policy.folders),
        "answer_at_once": policy.answer_at_once,
        "answer_verdict": policy.answer_verdict,
        "language": policy.language,
        "texts": sorted(policy.texts),
        "simulations": list(policy.simulations),
    }


def _addresses(lines: Sequence[str]) -> tuple[str, ...]:
    wanted = [one.strip().lower() for one in lines if one.strip()]
    if not wanted:
        return ()
    if len(wanted) > MOST_ADDRESSES:
        raise BadInput(f"{MOST_ADDRESSES} addresses at most", place="addresses")
    try:
        return checked_addresses(wanted)
    except BadInput as error:
        raise BadInput(error.message, place="addresses") from error


def _folders(lines: Sequence[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(one.strip() for one in lines if one.strip()))
    for one in wanted:
        if len(one) > 100 or one.lower() in {"inbox", "sent", "drafts", "trash", "junk"}:
            raise BadInput(f"“{one[:100]}” cannot be a folder for reports", place="folders")
    return wanted


def _simulations(lines: Sequence[str]) -> tuple[str, ...]:
    wanted = dict.fromkeys(one.strip() for one in lines if one.strip())
    if len(wanted) > MOST_SIMULATIONS:
        raise BadInput(f"{MOST_SIMULATIONS} senders of simulations at most", place="simulations")
    try:
        return tuple(pair_of(one) for one in wanted)
    except BadInput as error:
        raise BadInput(error.message, place="simulations") from error


def _language(language: str) -> str:
    if language not in LANGUAGES:
        raise BadInput(f"the language is one of {', '.join(LANGUAGES)}", place="language")
    return language


def _texts(texts: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    kept = {}
    for key, (subject, text) in texts.items():
        language, _, which = key.partition(" ")
        if language not in LANGUAGES or which not in WHICH:
            raise BadInput(f"there is no text “{key[:40]}”", place="texts")
        check_text(subject, text)
        kept[key] = (subject.strip(), text.strip())
    return kept


__all__ = ["FOLDERS", "PLACEHOLDERS", "Policy", "change", "current", "report_addresses"]
