"""Which resources a filter asks for: by index where it names something we keep one for, else by looking at each."""

from typing import Any

from django.db.models import Q, QuerySet
from scim2_models import InvalidFilterException, TooManyException
from scim2_models.path import CompareOperator, Comparison, LogicalExpr, LogicalOperator, ValuePath

from watchfloor.connectors.models import ScimResource
from watchfloor.connectors.scim.shapes import FILTERS, SHAPES, TOLERANT

LOOKED_AT = 5000
"""Resources that are looked at one by one; a connection with more of them answers only what an index can."""
CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def found(kind: str, connection: int, text: str) -> QuerySet[ScimResource] | list[ScimResource]:
    """Resources of one kind in their order of creation. Raises InvalidFilterException, TooManyException."""
    rows = ScimResource.objects.filter(connection_id=connection, kind=kind).order_by("pk")
    if not text:
        return rows
    try:
        asked = FILTERS[kind](text)
    except RecursionError:
        raise InvalidFilterException(detail="the filter is nested too deeply") from None
    by_index = _indexed(asked.ast)
    if by_index is not None:
        return rows.filter(by_index)
    if rows.count() > LOOKED_AT:
        raise TooManyException(
            detail=f"of more than {LOOKED_AT} only userName, externalId, displayName of groups, id and emails can be asked for with eq"
        )
    with TOLERANT:
        return [row for row in rows if asked.match(SHAPES[kind].model_validate(row.document))]


def _indexed(node: Any) -> Q | None:
    """The same question to the database, None when it has no index for it."""
    if isinstance(node, LogicalExpr):
        parts = [_indexed(term) for term in node.terms]
        if any(part is None for part in parts):
            return None
        joined = Q()
        for part in parts:
            joined = joined & part if node.op is LogicalOperator.and_ else joined | part  # type: ignore[operator]
        return joined
    if (
        isinstance(node, ValuePath)
        and str(node.attr_path).lower() == "emails"
        and isinstance(node.val_filter, Comparison)
    ):
        inner = node.val_filter
        return _equal(f"emails.{inner.attr_path}", inner)
    return _equal(str(node.attr_path), node) if isinstance(node, Comparison) else None


def _equal(path: str, node: Comparison) -> Q | None:
    if node.op is not CompareOperator.eq or not isinstance(node.value, str):
        return None
    name, value = path.removeprefix(f"{CORE}User:").removeprefix(f"{CORE}Group:").lower(), node.value
    questions = {
        "username": Q(kind="Users", name=value.lower()),
        "displayname": Q(kind="Groups", name=value.lower()),
        "externalid": Q(external_id=value),
        "id": Q(key=value),
        "emails": Q(mails__contains=f"\n{value.lower()}\n"),
        "emails.value": Q(mails__contains=f"\n{value.lower()}\n"),
    }
    return questions.get(name)
