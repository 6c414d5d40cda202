"""/scim/v2: requests of other programs, answered in SCIM's words."""

import json
import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    InvalidSyntaxException,
    ListResponse,
    Meta,
    NotFoundException,
    PayloadTooLargeException,
    ResourceType,
    Schema,
    SCIMException,
)

from watchfloor.connectors.models import Connection, ScimResource
from watchfloor.connectors.scim import describing, storing
from watchfloor.connectors.scim.describing import MOST_RESULTS
from watchfloor.connectors.scim.door import let_in
from watchfloor.connectors.scim.finding import found
from watchfloor.connectors.scim.shapes import LISTS, PARAMETERS, SHAPES, TOLERANT
from watchfloor.kernel.clock import utc_now

log = logging.getLogger(__name__)
ROOT = "/scim/v2"
KIND = "application/scim+json"
USUAL_PAGE = 100
View = Callable[..., HttpResponse]


def _scim(*methods: str) -> Callable[[View], View]:
    """Let in whoever has a token, and say in SCIM's words what is wrong. No cookie counts here, so no form can forge a request."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answered(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
            try:
                connection = let_in(request)
                if request.method not in methods:
                    answer = _refusal(Error(status=405, detail=f"here you can {', '.join(methods)}"))
                    answer.headers["Allow"] = ", ".join(methods)
                    return answer
                return view(request, connection, *given, **named)
            except SCIMException as error:
                return _refusal(error.to_error())
            except ValidationError as error:
                return _refusal(Error.from_validation_errors(error)[0])
            except (RequestDataTooBig, UnreadablePostError):
                return _refusal(PayloadTooLargeException(detail="the request is too large").to_error())
            except Exception:
                log.exception("SCIM request %s %s failed", request.method, request.path)
                return _refusal(Error(status=500, detail="something went wrong here; our log says what"))

        answered.by_token = True  # type: ignore[attr-defined]
        return answered

    return decorate


@_scim("GET")
def provider(request: HttpRequest, connection: Connection) -> HttpResponse:
    return _described(request, describing.provider(), "ServiceProviderConfig")


@_scim("GET")
def types(request: HttpRequest, connection: Connection, name: str = "") -> HttpResponse:
    return _listed_or_one(request, ListResponse[ResourceType], describing.types(), "ResourceType", name)


@_scim("GET")
def schemas(request: HttpRequest, connection: Connection, name: str = "") -> HttpResponse:
    return _listed_or_one(request, ListResponse[Schema], describing.schemas(), "Schema", name)


@_scim("GET", "POST")
def resources(request: HttpRequest, connection: Connection, kind: str) -> HttpResponse:
    """List them, or create one."""
    if request.method == "POST":
        row = storing.create(connection, kind, _body(request), now=utc_now())
        answer = _one(request, row, Context.RESOURCE_CREATION_RESPONSE, status=201)
        answer.headers["Location"] = _location(request, row)
        return answer
    matching = found(kind, connection.pk, request.GET.get("filter", ""))
    start = max(_number(request, "startIndex", 1), 1)
    count = min(max(_number(request, "count", USUAL_PAGE), 0), MOST_RESULTS)
    total = len(matching) if isinstance(matching, list) else matching.count()
    page = list(matching[start - 1 : start - 1 + count])
    said = LISTS[kind](total_results=total, items_per_page=len(page), start_index=start).model_dump()
    context = {"scim_ctx": Context.RESOURCE_QUERY_RESPONSE, **_chosen(request, kind)}
    return _answer({**said, "Resources": [_resource(request, row).model_dump(**context) for row in page]})


@_scim("GET", "PUT", "PATCH", "DELETE")
def resource(request: HttpRequest, connection: Connection, kind: str, key: str) -> HttpResponse:
    """Show, replace, change or delete one."""
    match = request.headers.get("If-Match", "")
    if request.method == "DELETE":
        storing.delete(connection, kind, key, match=match)
        return HttpResponse(status=204)
    if request.method == "GET":
        row = storing.one(connection, kind, key)
        if row.etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers={"ETag": row.etag})
        return _one(request, row, Context.RESOURCE_QUERY_RESPONSE)
    change = storing.replace if request.method == "PUT" else storing.patch
    row = change(connection, kind, key, _body(request), match=match, now=utc_now())
    return _one(request, row, Context.RESOURCE_REPLACEMENT_RESPONSE)


@_scim("GET", "POST", "PUT", "PATCH", "DELETE")
def elsewhere(request: HttpRequest, connection: Connection, rest: str) -> HttpResponse:
    """Bulk, Me and searches by POST are not offered; whoever asks reads that in SCIM's words."""
    raise NotFoundException(detail=f"there is no {ROOT}/{rest}; see {ROOT}/ServiceProviderConfig for what is offered")


def _body(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidSyntaxException(detail="the body is no JSON") from None


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.lstrip("-").isdigit() and len(text) < 10 else usual


def _chosen(request: HttpRequest, kind: str) -> dict[str, Any]:
    """Which attributes the peer wants, or does not; both at once is an error (RFC 7644, 3.9)."""
    names = {"attributes": "attributes", "excludedAttributes": "excluded_attributes"}
    said = {
        ours: re.split(r"\s*,\s*", request.GET[theirs]) for theirs, ours in names.items() if request.GET.get(theirs)
    }
    return {"response_parameters": PARAMETERS[kind](**said)} if said else {}


def _location(request: HttpRequest, row: ScimResource) -> str:
    return request.build_absolute_uri(f"{ROOT}/{row.kind}/{row.key}")


def _resource(request: HttpRequest, row: ScimResource) -> Any:
    shape = SHAPES[row.kind]
    made = shape.model_validate(row.document, scim_policy=TOLERANT)
    made.id = row.key
    made.meta = Meta(
        resource_type=row.kind[:-1],
        created=row.created_at,
        last_modified=row.changed_at,
        location=_location(request, row),
        version=row.etag,
    )
    return made


def _one(request: HttpRequest, row: ScimResource, context: Context, *, status: int = 200) -> HttpResponse:
    said = _resource(request, row).model_dump(scim_ctx=context, **_chosen(request, row.kind))
    answer = _answer(said, status=status)
    answer.headers["ETag"] = row.etag
    return answer


def _described(request: HttpRequest, what: Any, kind: str, path: str = "") -> HttpResponse:
    what.meta = Meta(resource_type=kind, location=request.build_absolute_uri(f"{ROOT}/{path or kind}"))
    return _answer(what.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


def _listed_or_one(request: HttpRequest, listed: Any, several: list[Any], kind: str, name: str) -> HttpResponse:
    for one in several:
        one.meta = Meta(resource_type=kind, location=request.build_absolute_uri(f"{ROOT}/{kind}s/{one.id}"))
    if not name:
        shown = listed(total_results=len(several), items_per_page=len(several), start_index=1, resources=several)
        return _answer(shown.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
    chosen = describing.named(several, name)
    if chosen is None:
        raise NotFoundException(detail=f"there is no {kind} {name}")
    return _answer(chosen.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


def _answer(said: Any, *, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(said, ensure_ascii=False), status=status, content_type=KIND)


def _refusal(error: Error) -> HttpResponse:
    status = error.status or 500
    answer = _answer(error.model_dump(), status=status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="SCIM"'
    if status == 429:
        answer.headers["Retry-After"] = "60"
    return answer
