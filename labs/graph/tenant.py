"""One tenant's state: people, groups, sign-ins, rules, files, in Graph's own shapes. Whoever changes it does so through the methods,
so that delta queries see the change.
"""

import threading
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from labs.graph.roles import ALL_ROLES

Json = dict[str, Any]
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def key_of(name: str) -> str:
    """The same object id for the same name in every run."""
    return str(uuid5(NAMESPACE_URL, name))


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Tenant:
    """Everything the server tells. `version` counts changes; `versions` holds each object's last one, for delta."""

    id: str = "corp-tenant"
    client_id: str = "watchfloor"
    client_secret: str = "client-secret"
    roles: set[str] = field(default_factory=lambda: set(ALL_ROLES))
    users: dict[str, Json] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)
    manager_versions: dict[str, int] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    directory_roles: dict[str, Json] = field(default_factory=dict)
    role_members: dict[str, list[str]] = field(default_factory=dict)
    sign_ins: list[Json] = field(default_factory=list)
    audits: list[Json] = field(default_factory=list)
    risky: dict[str, Json] = field(default_factory=dict)
    detections: list[Json] = field(default_factory=list)
    rules: dict[str, dict[str, Json]] = field(default_factory=dict)
    files: dict[str, dict[str, Json]] = field(default_factory=dict)
    shares: dict[str, list[Json]] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    content: dict[str, list[Json]] = field(default_factory=dict)
    blobs: dict[str, list[Json]] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    passwords: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    version: int = 0
    forget_before: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def _changed(self, key: str) -> None:
        self.version += 1
        self.versions[key] = self.version

    def add_user(self, name: str, **more: Any) -> str:
        """A person `name`@corp.example; returns the object id."""
        with self.lock:
            key = key_of(name)
            upn = f"{name}@corp.example"
            self.users[key] = {
                "id": key,
                "userPrincipalName": upn,
                "mail": upn,
                "displayName": name.capitalize(),
                "accountEnabled": True,
                "userType": "Member",
                "signInSessionsValidFromDateTime": stamp(START),
                "createdDateTime": stamp(START),
            } | more
            self._changed(key)
            return key

    def change_user(self, key: str, **more: Any) -> None:
        with self.lock:
            self.users[key] |= more
            self._changed(key)

    def set_manager(self, key: str, manager: str) -> None:
        with self.lock:
            self.managers[key] = manager
            self._changed(key)
            self.manager_versions[key] = self.version

    def remove(self, key: str) -> None:
        """Delete a person or a group."""
        with self.lock:
            self.users.pop(key, None)
            self.groups.pop(key, None)
            self.version += 1
            self.gone[key] = self.version

    def add_group(self, name: str, members: list[str], **more: Any) -> str:
        with self.lock:
            key = key_of(f"group {name}")
            self.groups[key] = {"id": key, "displayName": name, "description": None, "mail": None} | more
            self.members[key] = list(members)
            self._changed(key)
            return key

    def join(self, group: str, *members: str) -> None:
        with self.lock:
            self.members[group].extend(members)
            self._changed(group)

    def grant(self, role: str, *members: str) -> None:
        """A directory role, as Global Administrator, to these people."""
        with self.lock:
            key = key_of(f"role {role}")
            self.directory_roles[key] = {"id": key, "displayName": role}
            self.role_members.setdefault(key, []).extend(members)

    def add_rule(self, user: str, name: str, *, enabled: bool = True, read_only: bool = False, **actions: Any) -> str:
        """An inbox rule with these actions, as `forwardTo=["x@evil.example"]`."""
        with self.lock:
            key = f"rule-{len(self.rules.get(user, {})) + 1}"
            told = {
                name: [{"emailAddress": {"address": one}} for one in value] if isinstance(value, list) else value
                for name, value in actions.items()
            }
            rule = {"id": key, "displayName": name, "isEnabled": enabled, "isReadOnly": read_only, "actions": told}
            self.rules.setdefault(user, {})[key] = rule
            return key

    def add_file(self, user: str, name: str, *, permissions: list[Json] | None = None, **more: Any) -> str:
        """A file on the person's drive; one with permissions has the `shared` facet."""
        with self.lock:
            key = key_of(f"{user} {name}")
            item: Json = {
                "id": key,
                "name": name,
                "size": 1000,
                "file": {"mimeType": "text/plain", "hashes": {"sha256Hash": "AB" * 32}},
                "webUrl": f"https://corp.example/{name}",
                "createdDateTime": stamp(START),
                "lastModifiedDateTime": stamp(START),
                "lastModifiedBy": {"user": {"email": self.users[user]["userPrincipalName"]}},
                "parentReference": {"path": "/drive/root:/Documents"},
            } | more
            if permissions:
                item["shared"] = {"scope": "users"}
                self.shares[key] = permissions
            self.files.setdefault(user, {})[key] = item
            self._changed(key)
            return key

    def remove_file(self, user: str, key: str) -> None:
        with self.lock:
            self.files[user][key] = {"id": key, "name": self.files[user][key]["name"], "deleted": {"state": "deleted"}}
            self._changed(key)

    def publish(self, kind: str, records: list[Json], *, at: datetime) -> str:
        """One blob of audit records of the content type `kind`."""
        with self.lock:
            key = f"blob-{len(self.blobs) + 1}"
            self.blobs[key] = records
            self.content.setdefault(kind, []).append(
                {"contentId": key, "contentType": kind, "contentCreated": stamp(at)}
            )
            return key

    def set_risk(self, user: str, level: str, state: str, *, at: datetime) -> None:
        with self.lock:
            self.risky[user] = {
                "id": user,
                "isDeleted": False,
                "isProcessing": False,
                "riskLevel": level,
                "riskState": state,
                "riskDetail": "none",
                "riskLastUpdatedDateTime": stamp(at),
                "userPrincipalName": self.users[user]["userPrincipalName"],
                "userDisplayName": self.users[user]["displayName"],
            }

    def find(self, name: str) -> Json | None:
        """A person by object id or sign-in name."""
        found = self.users.get(name)
        if found is None:
            found = next((one for one in self.users.values() if one["userPrincipalName"].lower() == name.lower()), None)
        return deepcopy(found)
