"""Files a person owns and files shared with them, and what is risky about a share (US-66)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from watchfloor.access.contracts import Actor
from watchfloor.connectors.selectors import can_hash
from watchfloor.connectors.services import file_sha256
from watchfloor.identities.models import FileShare, StoredFile
from watchfloor.identities.page.group_shares import Through, through_groups
from watchfloor.identities.page.known import Known
from watchfloor.kernel.errors import NotFound
from watchfloor.lake.selectors import tenant_facts

PAGE = 50
EVERYBODY = {"anyone": "Anyone with the link", "organisation": "Everybody in the organisation"}


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file as the tab shows it; `risk` is "", medium or high, `why` a sentence, `readable` that its SHA-256 can be read.

    `through` says by which group it came to the person, "" where it was shared with them by name.
    """

    name: str
    path: str
    url: str
    provider: str
    owner: str
    size: int
    changed_at: datetime | None
    shared: tuple[str, ...]
    risk: str
    why: str
    sha256: str
    folder: bool
    pk: int = 0
    readable: bool = False
    through: str = ""


def files(known: Known, *, shared: bool, page: int) -> Mapping[str, Any]:
    """One page of what they own, or of what others shared with them."""
    names, groups = names_in(known), through_groups(known.person.pk, known.names)
    owned = StoredFile.objects.filter(owner__in=names)
    given = _given(names, groups)
    counts = owned.count(), given.count()
    chosen, total = (given, counts[1]) if shared else (owned, counts[0])
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    home, readable, own = f"{known.person.href}/files", can_hash(), own_endings()
    return {
        "files": [
            _line(row, readable, names, groups, own=own) for row in _read(chosen)[(page - 1) * PAGE : page * PAGE]
        ],
        "readable": bool(readable),
        "total": total,
        "page_number": page,
        "page_size": PAGE,
        "href": f"{home}?view=shared" if shared else home,
        "view": "shared" if shared else "owned",
        "views": [
            ("owned", "Owned", home, counts[0]),
            ("shared", "Shared with this person", f"{home}?view=shared", counts[1]),
        ],
        "any_file": any(counts) or StoredFile.objects.exists(),
    }


def hashed(known: Known, file: int, *, by: Actor) -> FileLine:
    """Read the SHA-256 of a file of theirs and keep it. Raises NotFound for a file that is not theirs."""
    names, groups = names_in(known), through_groups(known.person.pk, known.names)
    one = StoredFile.objects.filter(pk=file, folder=False)
    row = one.filter(owner__in=names).first() or _given(names, groups).filter(pk=file, folder=False).first()
    if row is None:
        raise NotFound(f"this person has no file {file}")
    row.sha256 = file_sha256(by=by, source=row.source, key=row.key)
    row.save(update_fields=["sha256"])
    return _line(row, {row.source}, names, groups, own=own_endings())


def _given(names: Collection[str], groups: Through) -> QuerySet[StoredFile]:
    """What others shared with the person by name, or with a group of theirs."""
    return StoredFile.objects.filter(Q(shares__whom__in=names) | groups.shared()).exclude(owner__in=names).distinct()


def names_in(known: Known) -> list[str]:
    """The names under which stores speak of the person."""
    return [*known.names.addresses, *known.names.logins, *known.names.account_names]


def _read(found: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    shares = Prefetch("shares", FileShare.objects.order_by("whom"))
    return found.prefetch_related(shares).order_by("-changed_at", "path")


def own_endings() -> tuple[str, ...]:
    """How addresses of the own organisation end. Asked once a page, for it costs questions of its own."""
    return tuple(f"@{domain}" for domain in tenant_facts().own_domains)


def _line(
    row: StoredFile, readable: Collection[str], names: Collection[str], groups: Through, *, own: tuple[str, ...]
) -> FileLine:
    shares = list(row.shares.all())
    risk, why = sharing_risk(shares, own=own)
    by_name = row.owner in names or any(one.whom in names for one in shares)
    return FileLine(
        name=row.name,
        path=row.path,
        url=row.url if row.url.startswith(("https://", "http://")) else "",
        provider=row.provider,
        owner=row.owner,
        size=row.size,
        changed_at=row.changed_at,
        shared=tuple(f"{EVERYBODY.get(one.whom, one.whom)} ({one.right})" for one in shares),
        risk=risk,
        why=why,
        sha256=row.sha256,
        folder=row.folder,
        pk=row.pk,
        readable=not row.folder and row.source in readable,
        through="" if by_name else groups.sentence(row, shares),
    )


def sharing_risk(shares: Iterable[FileShare], *, own: tuple[str, ...]) -> tuple[str, str]:
    """How far a file reaches: high for anyone or outsiders who may write, medium for outsiders and the whole organisation."""
    given = list(shares)
    if any(one.whom == "anyone" for one in given):
        return "high", "Anyone who has the link can open it"
    outside = [one for one in given if own and "@" in one.whom and not one.whom.endswith(own)]
    if any(one.right in ("write", "owner", "edit") for one in outside):
        return "high", f"{outside[0].whom} from outside may change it"
    if outside:
        return "medium", f"{outside[0].whom} from outside may read it"
    if any(one.whom == "organisation" for one in given):
        return "medium", "Everybody in the organisation can open it"
    return "", ""
