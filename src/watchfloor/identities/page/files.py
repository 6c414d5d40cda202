"""Files a person owns and files shared with them, and what is risky about a share (US-66)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from watchfloor.identities.models import FileShare, StoredFile
from watchfloor.identities.page.known import Known
from watchfloor.lake.selectors import tenant_facts

PAGE = 50
EVERYBODY = {"anyone": "Anyone with the link", "organisation": "Everybody in the organisation"}


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file as the tab shows it; `risk` is "", medium or high, `why` a sentence."""

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


def files(known: Known, *, shared: bool, page: int) -> Mapping[str, Any]:
    """One page of what they own, or of what others shared with them."""
    names = [*known.names.addresses, *known.names.logins, *known.names.account_names]
    owned = StoredFile.objects.filter(owner__in=names)
    given = StoredFile.objects.filter(shares__whom__in=names).exclude(owner__in=names).distinct()
    counts = owned.count(), given.count()
    chosen, total = (given, counts[1]) if shared else (owned, counts[0])
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    home = f"{known.person.href}/files"
    return {
        "files": [_line(row) for row in _read(chosen)[(page - 1) * PAGE : page * PAGE]],
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


def _read(found: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    shares = Prefetch("shares", FileShare.objects.order_by("whom"))
    return found.prefetch_related(shares).order_by("-changed_at", "path")


def _line(row: StoredFile) -> FileLine:
    shares = list(row.shares.all())
    risk, why = sharing_risk(shares)
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
    )


def sharing_risk(shares: Iterable[FileShare]) -> tuple[str, str]:
    """How far a file reaches: high for anyone or outsiders who may write, medium for outsiders and the whole organisation."""
    own = tuple(f"@{domain}" for domain in tenant_facts().own_domains)
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
