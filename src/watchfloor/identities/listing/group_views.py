"""The page of a group: what it is, who is in it, what nests in it; as a fly-out beside other pages; its members as CSV."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.identities import groups
from watchfloor.identities.contracts import GroupDetail
from watchfloor.kernel.errors import NotFound
from watchfloor.kernel.text import csv_line
from watchfloor.ui.services import render_page

HEADS = ("Name", "Address", "Account", "App", "Enabled", "Department", "Member through", "Person")
FEW = 20


def _found(pk: int) -> GroupDetail:
    found = groups.group_by_id(pk)
    if found is None:
        raise NotFound("there is no such group", place=str(pk))
    return found


def _context(pk: int) -> dict[str, Any]:
    found = _found(pk)
    return {"group": found, "facts": _facts(found)}


def _facts(found: GroupDetail) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = [
        ("Directory", found.source),
        ("Description", found.description),
        ("Created", found.created_at.strftime("%Y-%m-%d %H:%M UTC") if found.created_at else "not told"),
        ("Members", f"{found.members:,}, {found.direct:,} of them directly"),
        ("Nested groups", f"{found.nested:,}"),
        ("Mail", found.mail),
        ("Distinguished name", found.dn),
        ("SID", found.sid),
    ]
    if found.deleted_at:
        told.append(("Deleted", found.deleted_at.strftime("%Y-%m-%d %H:%M UTC")))
    return [one for one in told if one[1]]


@require_GET
@requires(Permission.IDENTITY_READ)
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about a group, with a page of its members (US-21)."""
    text = request.GET.get("page", "1")
    page = max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1
    search = request.GET.get("q", "").strip()[:100]
    context = _context(pk)
    total = groups.members_of(pk, search=search).count() if search else context["group"].members
    page = min(page, max(1, -(-total // groups.PAGE)))
    context |= {
        "members": groups.member_page(pk, page=page, search=search),
        "tree": groups.tree_of(pk),
        "total": total,
        "page": page,
        "size": groups.PAGE,
        "search": search,
        "export": f"/identities/groups/{pk}/members.csv",
        "people": f"/identities?group={pk}",
    }
    return render_page(request, "identities/listing/group.html", context)


@require_GET
@requires(Permission.IDENTITY_READ)
def group_summary(request: HttpRequest, pk: int) -> HttpResponse:
    """The fly-out of a group."""
    context = _context(pk)
    return render(
        request, "identities/listing/group_flyout.html", context | {"members": groups.member_page(pk, page=1)[:FEW]}
    )


@require_GET
@requires(Permission.IDENTITY_READ)
def group_members(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """All members as CSV, streamed."""
    found = _found(pk)

    def lines() -> Iterator[str]:
        yield csv_line(HEADS)
        for one in groups.every_member(found.pk):
            through = one.through or "directly"
            yield csv_line(
                (one.name, one.address, one.label, one.provider, one.enabled, one.department, through, one.person)
            )

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="group-members.csv"'
    return response
