"""The provider's process: a Django project in one file. Arguments: its folder, its port, then people's addresses."""

import json
import secrets
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

FOLDER, PORT, PEOPLE = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
ISSUER = f"http://127.0.0.1:{PORT}/realms/corp"
OFFLINE: set[str] = set()
MUST_CHANGE: set[str] = set()

settings.configure(
    SECRET_KEY=secrets.token_hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": "",
        "OIDC_ISS_ENDPOINT": ISSUER,
        "SCOPES": {"openid": "sign in", "admin": "the admin API", "introspection": "look at tokens"},
        "DEFAULT_SCOPES": ["openid", "admin", "introspection"],
        "PKCE_REQUIRED": False,
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402  Django must stand first
from django.core.management import call_command  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402


def configuration(request: HttpRequest) -> HttpResponse:
    ends = {"token_endpoint": "token", "revocation_endpoint": "revoke_token", "introspection_endpoint": "introspect"}
    return JsonResponse({"issuer": ISSUER} | {name: f"{ISSUER}/{part}/" for name, part in ends.items()})


def allowed(request: HttpRequest) -> bool:
    """Whether the bearer holds the toolkit's own, living token of a client that may administrate."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    found = AccessToken.objects.filter(token=given, user=None).first()
    return found is not None and found.is_valid(["admin"])


def represented(user: User) -> dict[str, Any]:
    must = ["UPDATE_PASSWORD"] if user.username in MUST_CHANGE else []
    told = {"id": f"id-{user.pk}", "username": user.username, "email": user.email, "enabled": user.is_active}
    return told | {"requiredActions": must, "firstName": user.first_name, "attributes": {"shelf": ["a"]}}


def living(user: User) -> Any:
    return RefreshToken.objects.filter(user=user, revoked__isnull=True)


def admin(request: HttpRequest, rest: str) -> HttpResponse:
    """/admin/realms/corp/users..., in the shapes of Keycloak's Admin REST API."""
    if not allowed(request):
        return JsonResponse({"error": "HTTP 401 Unauthorized"}, status=401)
    parts = rest.split("/")
    if parts == ["users"]:
        asked = {name: request.GET[name] for name in ("email", "username") if name in request.GET}
        found = list(User.objects.filter(**{f"{k}__iexact": v for k, v in asked.items()}))
        return JsonResponse([represented(one) for one in found][: int(request.GET.get("max", 100))], safe=False)
    user = User.objects.filter(pk=parts[1].removeprefix("id-")).first()
    if user is None:
        return JsonResponse({"error": "User not found"}, status=404)
    return of_user(request, user, "/".join(parts[2:]))


def of_user(request: HttpRequest, user: User, what: str) -> HttpResponse:
    body = json.loads(request.body) if request.body else {}
    match request.method, what.split("/")[0]:
        case "GET", "":
            return JsonResponse(represented(user))
        case "PUT", "":
            if body.get("attributes") != {"shelf": ["a"]}:
                return JsonResponse({"errorMessage": "attributes were lost"}, status=400)
            user.is_active = body["enabled"]
            user.save()
        case "GET", "sessions":
            return JsonResponse([{"id": str(one.pk), "username": user.username} for one in living(user)], safe=False)
        case "POST", "logout":
            revoke(user)
        case "GET", "consents":
            grants = [{"client": "id-of-client", "key": "Offline Token"}]
            told = [{"clientId": "mailer", "additionalGrants": grants}] if user.username in OFFLINE else []
            return JsonResponse(told, safe=False)
        case "DELETE", "consents":
            OFFLINE.discard(user.username)
        case "PUT", "reset-password":
            user.set_password(body["value"])
            user.save()
            MUST_CHANGE.add(user.username) if body["temporary"] else None
        case _:
            return JsonResponse({"error": "not here"}, status=404)
    return HttpResponse(status=204)


def revoke(user: User) -> None:
    for one in living(user):
        one.revoke()
    AccessToken.objects.filter(user=user).delete()


def people(request: HttpRequest, mail: str, what: str) -> HttpResponse:
    """A provider of another kind: what it lists of a person, and one address that ends it all."""
    user = User.objects.filter(email=mail).first()
    if not allowed(request) or user is None:
        return JsonResponse({"error": "no"}, status=401 if user else 404)
    if request.method == "GET":
        return JsonResponse({"tokens": [{"refresh_token": one.token} for one in living(user)]})
    if what == "offline":
        OFFLINE.add(user.username)
    elif what == "logout":
        revoke(user)
    return HttpResponse(status=204)


urlpatterns = [
    path("realms/corp/.well-known/openid-configuration", configuration),
    path("admin/realms/corp/<path:rest>", admin),
    path("realms/corp/people/<str:mail>/<str:what>", people),
    path("realms/corp/", include("oauth2_provider.urls")),
]


def fill() -> None:
    call_command("migrate", verbosity=0)
    for mail in PEOPLE:
        User.objects.create_user(mail.partition("@")[0], mail, "pw")
    kept: dict[str, Any] = {"client_type": Application.CLIENT_CONFIDENTIAL, "hash_client_secret": False}
    own = {"client_id": "watchfloor", "client_secret": "watch-secret"}
    Application.objects.create(authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS, **own, **kept)
    own = {"client_id": "mailer", "client_secret": "mailer-secret"}
    Application.objects.create(authorization_grant_type=Application.GRANT_PASSWORD, **own, **kept)


if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server

    fill()
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=PORT, threads=4)
    (FOLDER / "ready").touch()
    server.run()
