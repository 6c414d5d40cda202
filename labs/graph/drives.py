"""Drives: all items of a person's by delta, and who may see a shared one."""

from labs.graph.serving import Answer, Json, Refuse, Request, link, paged, route


@route("GET", "/v1.0/users/{user}/drive", "Files.Read.All")
def drive(request: Request) -> Json:
    found = request.graph.tenant.find(request.parts["user"])
    if found is None or found["id"] not in request.graph.tenant.files:
        raise Refuse(404, "ResourceNotFound", "User's mysite not found.")
    owner = {"user": {"id": found["id"], "email": found["userPrincipalName"]}}
    return {"id": f"drive-{found['id']}", "driveType": "business", "owner": owner}


TOP = "root"


@route("GET", f"/v1.0/drives/{{drive}}/{TOP}/delta", "Files.Read.All")
def items(request: Request) -> Json:
    tenant = request.graph.tenant
    since = int(request.query.get("token", "0"))
    if since and since < tenant.forget_before:
        raise Refuse(410, "resyncChangesApplyDifferences")
    found = tenant.files.get(request.parts["drive"].removeprefix("drive-"), {})
    rows = [item for key, item in found.items() if tenant.versions[key] > since]
    now = link(request, request.path, {"token": str(tenant.version)})
    return paged(request, rows, last={"@odata.deltaLink": now})


@route("GET", "/v1.0/drives/{drive}/items/{item}/permissions", "Files.Read.All")
def permissions(request: Request) -> Json:
    return paged(request, request.graph.tenant.shares.get(request.parts["item"], []))


@route("GET", "/v1.0/users/{user}/drive/items/{item}/content", "Files.Read.All")
def content(request: Request) -> Answer:
    """Graph keeps no bytes: it sends on to where they lie, with an address that needs no token."""
    where = request.graph.tenant.contents.get(request.parts["item"])
    if where is None:
        raise Refuse(404, "itemNotFound", "The resource could not be found.")
    return 302, None, {"Location": where}
