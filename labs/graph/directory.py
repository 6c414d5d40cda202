"""People, groups and directory roles: delta queries with their tokens, members, managers."""

from labs.graph.serving import Json, Refuse, Request, link, paged, route

READ = ("User.Read.All", "User.ReadWrite.All")


def _since(request: Request) -> int:
    """The version a delta token stands for, 0 for a first query. An old one has to start again, as Graph says with 410."""
    version = int(request.query.get("$deltatoken", "0"))
    if version and version < request.graph.tenant.forget_before:
        raise Refuse(410, "SyncStateNotFound", "The sync state is not found; start again.")
    return version


def _delta(request: Request, objects: dict[str, Json], shown) -> Json:  # type: ignore[no-untyped-def]
    tenant, since = request.graph.tenant, _since(request)
    rows = [shown(one) for key, one in objects.items() if tenant.versions[key] > since]
    if since:
        rows += [{"id": key, "@removed": {"reason": "changed"}} for key, at in tenant.gone.items() if at > since]
    now = link(request, request.path, {"$deltatoken": str(tenant.version)})
    return paged(request, rows, last={"@odata.deltaLink": now})


@route("GET", "/v1.0/users/delta", *READ)
def users_delta(request: Request) -> Json:
    tenant = request.graph.tenant

    def shown(user: Json) -> Json:
        """A manager is told when he is new since the last look."""
        changed = tenant.manager_versions.get(user["id"], 0) > _since(request)
        manager = tenant.managers.get(user["id"]) if changed else None
        told = [{"@odata.type": "#microsoft.graph.user", "id": manager}] if manager else []
        return user | ({"manager@delta": told} if told else {})

    return _delta(request, tenant.users, shown)


@route("GET", "/v1.0/groups/delta", "GroupMember.Read.All")
def groups_delta(request: Request) -> Json:
    return _delta(request, request.graph.tenant.groups, dict)


@route("GET", "/v1.0/groups/{group}/members", "GroupMember.Read.All")
def group_members(request: Request) -> Json:
    tenant = request.graph.tenant
    if request.parts["group"] not in tenant.groups:
        raise Refuse(404, "Request_ResourceNotFound")
    return paged(request, [{"id": key} for key in tenant.members[request.parts["group"]]])


@route("GET", "/v1.0/directoryRoles", "RoleManagement.Read.Directory")
def roles(request: Request) -> Json:
    return {"value": list(request.graph.tenant.directory_roles.values())}


@route("GET", "/v1.0/directoryRoles/{role}/members", "RoleManagement.Read.Directory")
def role_members(request: Request) -> Json:
    return paged(request, [{"id": key} for key in request.graph.tenant.role_members[request.parts["role"]]])


@route("GET", "/v1.0/users/{user}/manager", *READ)
def manager(request: Request) -> Json:
    found = request.graph.tenant.managers.get(request.parts["user"])
    if found is None:
        raise Refuse(404, "Request_ResourceNotFound")
    return {"id": found}


@route("GET", "/v1.0/users/{user}", *READ)
def user(request: Request) -> Json:
    found = request.graph.tenant.find(request.parts["user"])
    if found is None:
        raise Refuse(404, "Request_ResourceNotFound", f"Resource '{request.parts['user']}' does not exist.")
    return found


@route("GET", "/v1.0/users", *READ)
def users(request: Request) -> Json:
    return paged(request, list(request.graph.tenant.users.values()))
