"""Sign-ins, directory audits and risk, filtered by time as clients do."""

import re

from labs.graph.serving import Json, Refuse, Request, paged, route

_BOUND = re.compile(r"(\w+) (ge|gt|le|lt|eq) (\S+)")
_HOLDS = {
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
    "eq": lambda a, b: a == b,
}


def _filtered(request: Request, rows: list[Json]) -> Json:
    """Newest first, as Graph answers."""
    wanted = request.query.get("$filter", "")
    bounds = _BOUND.findall(wanted)
    if wanted and " and ".join(f"{a} {b} {c}" for a, b, c in bounds) != wanted:
        raise Refuse(400, "BadRequest", f"Invalid filter clause: {wanted}")
    found = [row for row in rows if all(_HOLDS[how](row.get(name, ""), value) for name, how, value in bounds)]
    order = bounds[0][0] if bounds else "id"
    return paged(request, sorted(found, key=lambda row: str(row.get(order, "")), reverse=True))


@route("GET", "/v1.0/auditLogs/signIns", "AuditLog.Read.All")
def sign_ins(request: Request) -> Json:
    return _filtered(request, request.graph.tenant.sign_ins)


@route("GET", "/v1.0/auditLogs/directoryAudits", "AuditLog.Read.All")
def audits(request: Request) -> Json:
    return _filtered(request, request.graph.tenant.audits)


@route("GET", "/v1.0/identityProtection/riskDetections", "IdentityRiskEvent.Read.All")
def detections(request: Request) -> Json:
    return _filtered(request, request.graph.tenant.detections)


@route("GET", "/v1.0/identityProtection/riskyUsers", "IdentityRiskyUser.Read.All", "IdentityRiskyUser.ReadWrite.All")
def risky_users(request: Request) -> Json:
    return _filtered(request, list(request.graph.tenant.risky.values()))


@route(
    "GET", "/v1.0/identityProtection/riskyUsers/{user}", "IdentityRiskyUser.Read.All", "IdentityRiskyUser.ReadWrite.All"
)
def risky_user(request: Request) -> Json:
    found = request.graph.tenant.risky.get(request.parts["user"])
    if found is None:
        raise Refuse(404, "NotFound", "Risky user not found.")
    return found
