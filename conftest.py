"""One throw-away home for the whole run, and the three people of all tests: Ada the analyst, Max the manager, Eve with no rights."""

import os
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="wf"))
HOME.chmod(0o755)  # servers that drop privileges must reach what lies below
os.environ["WATCHFLOOR_HOME"] = str(HOME)
# Here and not in pyproject.toml: pytest-django would read the settings before HOME is set, and every run would share one home.
os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"
os.environ["WATCHFLOOR_OWN_DOMAINS"] = "corp.example"
os.environ["WATCHFLOOR_AUTHSERV_IDS"] = "mx.corp.example"
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs a loop in the test's thread

import django  # noqa: E402
import hypothesis  # noqa: E402
import pytest  # noqa: E402
from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402
from django.test import Client  # noqa: E402
from playwright.sync_api import expect  # noqa: E402

django.setup()

# The same algorithm at a thousandth of its cost: each person of each test has a password, and a full hash takes 0.2 seconds of
# a processor. What runs in processes of its own, as every server of the stories, pays the whole.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

expect.set_options(timeout=30_000)  # five seconds are little for a page while other tests are at work

PASSWORD = "correct horse battery staple"


SHARING_THE_DEMO = {
    f"tests/stories/test_{name}.py"
    for name in (
        *("alert_policies", "analyst", "campaigns", "email_entity", "explorer_question"),
        *("explorer_tabs", "incidents", "investigation", "pages", "reports"),
    )
}
"""All walk through the sample organisation, which takes longer to build than most tests run."""


CLIENTS = {"as_ada", "as_max", "as_eve"}


def file_of(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    """On PostgreSQL only what asks for a database, and pages only at full scale: what they show comes from selectors, asked there as well.

    Elsewhere not what needs PostgreSQL; in several processes files with slow tests first.
    """
    if not os.environ.get("DATABASE_URL"):
        only_there = [item for item in items if item.get_closest_marker("postgresql")]
        config.hook.pytest_deselected(items=only_there)
        items[:] = [item for item in items if item not in only_there]
    else:
        asking, pages_too = {True: [], False: []}, os.environ.get("WATCHFLOOR_SCALE") == "full"
        for item in items:
            names = {"db", "transactional_db"}
            asks = not names.isdisjoint(item.fixturenames) or item.get_closest_marker("django_db")
            asking[bool(asks and (pages_too or CLIENTS.isdisjoint(item.fixturenames)))].append(item)
        config.hook.pytest_deselected(items=asking[False])
        items[:] = asking[True]
    yield
    if hasattr(config, "workerinput"):
        slow = {file_of(item.nodeid) for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: file_of(item.nodeid) not in slow)


def pytest_xdist_make_scheduler(config, log):
    """A file's tests stay together, and with them what they share: servers, homes, browsers."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = file_of(nodeid)
            return "the demo" if file in SHARING_THE_DEMO else file

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests that commit are cleaned up by emptying every table, which the audit log's guard on SQLite would refuse."""
    from django.db import connection

    from watchfloor.access import triggers

    with django_db_blocker.unblock():
        triggers.remove(connection)


@pytest.fixture
def postgres():
    """The URL of an empty PostgreSQL database of a server started for this test (labs/postgres)."""
    from labs.postgres import postgres

    with postgres() as url:
        yield url


def _person(name: str, *roles: str):
    from watchfloor.access.models import Person, Role
    from watchfloor.access.services import ensure_built_in_roles

    ensure_built_in_roles()
    person = Person.objects.create_user(f"{name.lower()}@corp.example", PASSWORD, name=name)
    person.roles.set(Role.objects.filter(name__in=roles))
    return person


@pytest.fixture
def ada(db):
    """The analyst: works on incidents, reads content, acts on mail."""
    return _person("Ada", "Security Operator", "Preview", "Search and Purge")


@pytest.fixture
def max(db):
    """The manager: everything but content."""
    return _person("Max", "Global Administrator")


@pytest.fixture
def eve(db):
    """Signs in, may do nothing."""
    return _person("Eve")


def _client(person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def as_ada(ada) -> Client:
    return _client(ada)


@pytest.fixture
def as_max(max) -> Client:
    return _client(max)


@pytest.fixture
def as_eve(eve) -> Client:
    return _client(eve)
