"""One person in full."""

from watchfloor.identities.contracts import PersonDetail
from watchfloor.identities.models import DirectoryPerson


def person_by_id(pk: int) -> PersonDetail | None:
    """The person of this number, or the one they were merged into (`merged_from` then says so); None for nobody."""
    row = DirectoryPerson.objects.filter(pk=pk).first()
    if row is None or row.merged_into_id is None:
        return detail_of(row) if row else None
    kept = DirectoryPerson.objects.filter(pk=row.merged_into_id).first()
    return detail_of(kept, merged_from=pk) if kept else None


def people_by_id(pks: list[int]) -> dict[int, PersonDetail]:
    """The same for several, without following merges. One query."""
    return {row.pk: detail_of(row) for row in DirectoryPerson.objects.filter(pk__in=pks)}


def detail_of(row: DirectoryPerson, *, merged_from: int | None = None) -> PersonDetail:
    """The contract of a stored person."""
    return PersonDetail(
        pk=row.pk,
        address=row.address,
        name=row.name,
        given_name=row.given_name,
        surname=row.surname,
        department=row.department,
        title=row.title,
        company=row.company,
        employee_id=row.employee_id,
        phone=row.phone,
        mobile=row.mobile,
        office=row.office,
        city=row.city,
        country=row.country,
        manager=row.manager,
        groups=tuple(row.groups),
        tags=tuple(row.tags),
        service=row.service,
        external=row.external,
        privileged=row.privileged,
        status=row.status,
        leading=_on_whose_word(row),
        source=row.source,
        created_at=row.created_at,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        deleted_at=row.deleted_at,
        merged_from=merged_from,
    )


def _on_whose_word(row: DirectoryPerson) -> str:
    if not row.leading:
        return f"As imported from {row.source}" if row.source else ""
    return f"Name, department and contact as {row.leading.partition(' ')[0]} “{row.source}” has them"
