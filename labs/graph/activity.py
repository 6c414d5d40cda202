"""The Management Activity API: subscriptions, lists of content, and the content itself."""

from labs.graph.serving import Answer, Json, Refuse, Request, link, route

FEED = "/manage/api/v1.0/{tenant}/activity/feed"
KINDS = {"Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"}


def _kind(request: Request) -> str:
    kind = request.query.get("contentType", "")
    if kind not in KINDS:
        raise Refuse(400, "AF20020", f"The specified content type is not valid: {kind}")
    return kind


@route("GET", f"{FEED}/subscriptions/list", "ActivityFeed.Read")
def listed(request: Request) -> Answer:
    found = [{"contentType": kind, "status": "enabled"} for kind in sorted(request.graph.tenant.subscribed)]
    return 200, found, {}


@route("POST", f"{FEED}/subscriptions/start", "ActivityFeed.Read")
def start(request: Request) -> Json:
    kind = _kind(request)
    if kind in request.graph.tenant.subscribed:
        raise Refuse(400, "AF20024", "The subscription is already enabled.")
    request.graph.tenant.subscribed.add(kind)
    return {"contentType": kind, "status": "enabled"}


@route("GET", f"{FEED}/subscriptions/content", "ActivityFeed.Read")
def content(request: Request) -> Answer:
    kind = _kind(request)
    if kind not in request.graph.tenant.subscribed:
        raise Refuse(400, "AF20022", "No subscription found for the specified content type")
    begin, end = request.query.get("startTime", ""), request.query.get("endTime", "9")
    found = [one for one in request.graph.tenant.content.get(kind, []) if begin <= one["contentCreated"] < end]
    first = int(request.query.get("nextPage", "0"))
    page = request.graph.page
    base = request.path.rsplit("/subscriptions", 1)[0]
    rows = [
        one | {"contentUri": f"{request.graph.url}{base}/audit/{one['contentId']}"}
        for one in found[first : first + page]
    ]
    more = {}
    if first + page < len(found):
        more["NextPageUri"] = link(request, request.path, request.query | {"nextPage": str(first + page)})
    return 200, rows, more


@route("GET", f"{FEED}/audit/{{blob}}", "ActivityFeed.Read")
def blob(request: Request) -> Answer:
    found = request.graph.tenant.blobs.get(request.parts["blob"])
    if found is None:
        raise Refuse(404, "AF20051", "The requested content has expired.")
    return 200, found, {}
