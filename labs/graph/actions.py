"""What changes an account: switching it, ending its sessions, its password, its risk, its inbox rules."""

from datetime import UTC, datetime

from labs.graph.serving import Answer, Json, Refuse, Request, paged, route
from labs.graph.tenant import stamp


def _known(request: Request) -> str:
    found = request.graph.tenant.find(request.parts["user"])
    if found is None:
        raise Refuse(404, "Request_ResourceNotFound", f"Resource '{request.parts['user']}' does not exist.")
    return str(found["id"])


@route(
    "PATCH",
    "/v1.0/users/{user}",
    "User.ReadWrite.All",
    "User.EnableDisableAccount.All",
    "User-PasswordProfile.ReadWrite.All",
)
def change_user(request: Request) -> Answer:
    tenant, key = request.graph.tenant, _known(request)
    unknown = set(request.body) - {"accountEnabled", "passwordProfile"}
    if unknown:
        raise Refuse(400, "Request_BadRequest", f"Property {sorted(unknown)[0]} cannot be written here.")
    if "accountEnabled" in request.body:
        tenant.change_user(key, accountEnabled=bool(request.body["accountEnabled"]))
    if profile := request.body.get("passwordProfile"):
        if len(profile.get("password", "")) < 8:
            raise Refuse(400, "Request_BadRequest", "The specified password does not comply with the policy.")
        tenant.passwords[key] = profile["password"]
        tenant.change_user(key, lastPasswordChangeDateTime=stamp(datetime.now(UTC)))
    return 204, None, {}


@route("POST", "/v1.0/users/{user}/revokeSignInSessions", "User.RevokeSessions.All", "User.ReadWrite.All")
def revoke(request: Request) -> Json:
    request.graph.tenant.change_user(_known(request), signInSessionsValidFromDateTime=stamp(datetime.now(UTC)))
    return {"@odata.context": "x", "value": True}


def _set_risk(request: Request, level: str, state: str, detail: str) -> Answer:
    tenant = request.graph.tenant
    for key in request.body.get("userIds", []):
        if key not in tenant.users:
            raise Refuse(404, "NotFound", "User not found.")
        tenant.set_risk(key, level, state, at=datetime.now(UTC))
        tenant.risky[key]["riskDetail"] = detail
    return 204, None, {}


@route("POST", "/v1.0/identityProtection/riskyUsers/confirmCompromised", "IdentityRiskyUser.ReadWrite.All")
def confirm(request: Request) -> Answer:
    return _set_risk(request, "high", "confirmedCompromised", "adminConfirmedUserCompromised")


@route("POST", "/v1.0/identityProtection/riskyUsers/dismiss", "IdentityRiskyUser.ReadWrite.All")
def dismiss(request: Request) -> Answer:
    return _set_risk(request, "none", "dismissed", "adminDismissedAllRiskForUser")


@route("GET", "/v1.0/users/{user}/mailFolders/inbox/messageRules", "MailboxSettings.ReadWrite")
def rules(request: Request) -> Json:
    return paged(request, list(request.graph.tenant.rules.get(_known(request), {}).values()))


@route("PATCH", "/v1.0/users/{user}/mailFolders/inbox/messageRules/{rule}", "MailboxSettings.ReadWrite")
def change_rule(request: Request) -> Json:
    found = request.graph.tenant.rules.get(_known(request), {}).get(request.parts["rule"])
    if found is None:
        raise Refuse(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    if found["isReadOnly"]:
        raise Refuse(400, "ErrorInvalidRequest", "The rule is read-only.")
    found |= request.body
    return found
