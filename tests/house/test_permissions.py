"""Every address asks for a right: each view declares one, whoever lacks it reads why not, whoever has it gets in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.converters import get_converters

from watchfloor.access.contracts import Permission
from watchfloor.access.models import Person, Role
from watchfloor.access.roles import BUILT_IN_ROLES
from watchfloor.access.services import ensure_built_in_roles

WITHOUT_A_RIGHT = {"sign-in", "sign-out", "password", "click/<str:token>", "click/<str:token>/form"}
"""The only addresses open to everybody who is, or wants to be, signed in, or whose link in a mail we signed."""
BY_TOKEN = "scim/v2/"
"""Addresses for other programs, which no right of a person opens: they ask for a connection's token."""
BY_LINK = "quarantine/mine/"
"""The recipients' own page, which no right opens either: it asks for the signed link that was sent to them."""

SAMPLES = {
    "int": 1,
    "str": "sample",
    "slug": "sample",
    "uuid": "018f3b2c-0000-7000-8000-000000000000",
    "path": "a/sample",
}
"""A value that each kind of path part takes; what it names need not exist (404 is an answer, 403 is not)."""


@dataclass(frozen=True)
class Address:
    """One route, with sample values in it."""

    route: str
    path: str
    permission: Permission | None


def addresses(patterns=None, prefix="") -> Iterator[Address]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield Address(route, sample_path(route), getattr(pattern.callback, "permission", None))


def sample_path(route: str) -> str:
    """The route with a sample in every <kind:name> and every (?P<name>...).

    A kind of our own gives its sample as an attribute `sample`; a group of a regular expression gets the first of our
    samples, or of its own alternatives, that it takes.
    """

    def of_kind(found: re.Match[str]) -> str:
        kind = found["kind"] or "str"
        return str(getattr(get_converters()[kind], "sample", SAMPLES.get(kind, "sample")))

    def of_group(found: re.Match[str]) -> str:
        candidates = (*map(str, SAMPLES.values()), *found["regex"].split("|"))
        return next(value for value in candidates if re.fullmatch(found["regex"], value))

    without_groups = re.sub(r"\(\?P<\w+>(?P<regex>[^()]*)\)", of_group, route)
    path = re.sub(r"<(?:(?P<kind>[^>:]+):)?[^>]+>", of_kind, without_groups)
    return "/" + path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\.", ".")


ALL = tuple(addresses())
GUARDED = tuple(
    found for found in ALL if found.route not in WITHOUT_A_RIGHT and not found.route.startswith((BY_TOKEN, BY_LINK))
)
PEOPLE = (*BUILT_IN_ROLES, "nobody (Eve)")


def test_the_walk_finds_the_product():
    assert len(ALL) > 20
    assert not [found for found in ALL if resolve(found.path).route != found.route], "a sample leads to another view"
    assert {found.route for found in ALL} >= WITHOUT_A_RIGHT


@pytest.mark.parametrize("found", GUARDED, ids=lambda found: found.route or "home")
def test_every_view_declares_its_right(found):
    assert isinstance(found.permission, Permission), f"/{found.route} has no @requires(Permission....)"


@pytest.fixture
def roles(db):
    ensure_built_in_roles()


def somebody(role: str) -> tuple[Client, set[str]]:
    """A client signed in with just this role, and the rights it gives."""
    person = Person.objects.create_user("role@corp.example", "correct horse battery staple", name=role)
    held = Role.objects.filter(name=role)
    person.roles.set(held)
    client = Client(raise_request_exception=False)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client, {right for found in held for right in found.permissions}


def answers(client: Client, found: Address) -> Iterator[tuple[str, int, str]]:
    """(method, status, Location) for GET and an empty POST."""
    for method in ("get", "post"):
        answer = getattr(client, method)(found.path)
        yield method, answer.status_code, answer.headers.get("Location", "")
        if getattr(answer, "streaming", False):
            answer.close()


@pytest.mark.parametrize("role", PEOPLE)
def test_whoever_lacks_the_right_reads_why_not(roles, role):
    client, rights = somebody(role)
    for found in GUARDED:
        if found.permission is None or found.permission.value in rights:
            continue
        answer = client.get(found.path)
        if answer.status_code == 405:
            answer = client.post(found.path)
        assert answer.status_code == 403, f"{role} on {found.path}: {answer.status_code}"
        assert found.permission.description in answer.content.decode().replace("&amp;", "&").replace("&#x27;", "'"), (
            found.path
        )
        for method, status, _ in answers(client, found):
            assert status in (403, 405), f"{role} may {method} {found.path}: {status}"


@pytest.mark.parametrize("role", PEOPLE)
def test_whoever_has_the_right_gets_in(roles, role):
    client, rights = somebody(role)
    for found in GUARDED:
        if found.permission is None or found.permission.value not in rights:
            continue
        answer = client.get(found.path)
        # a view may refuse for another reason, as a preview whose one-time pass is missing; the gate names the right
        by_the_gate = answer.status_code == 403 and "It needs the right" in answer.content.decode()
        assert not by_the_gate, f"{role} is kept out of {found.path}"


def test_a_stranger_is_sent_to_sign_in(roles):
    client = Client(raise_request_exception=False)
    for found in GUARDED:
        for method, status, location in answers(client, found):
            kept_out = status == 405 or (status == 302 and location.startswith("/sign-in?next="))
            assert kept_out, f"a stranger may {method} {found.path}: {status} {location}"


def test_what_programs_ask_is_open_to_no_person(as_max):
    for found in (one for one in ALL if one.route.startswith(BY_TOKEN)):
        for method, status, _ in answers(as_max, found):
            assert status in (401, 429), f"somebody signed in may {method} {found.path}: {status}"


def test_what_a_link_opens_is_open_to_no_person_without_it(as_max):
    for found in (one for one in ALL if one.route.startswith(BY_LINK)):
        for method, status, _ in answers(as_max, found):
            assert status in (404, 429), f"somebody signed in may {method} {found.path}: {status}"


def test_a_page_of_the_navigation_is_open_to_whom_it_is_shown():
    from watchfloor.config.navigation import ENTRIES
    from watchfloor.ui.services import registered_settings_pages

    rights = {found.path: found.permission for found in ALL}
    shown = {entry.href: entry.permission for entry in (*ENTRIES, *registered_settings_pages())}
    for href, permission in shown.items():
        assert rights.get(href, permission) == permission, href
