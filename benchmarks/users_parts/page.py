"""How long the tabs of a person's page take, with all events of their organisation in the lake."""

import random
import statistics
import time
from pathlib import Path
from typing import Any

TABS = ("", "/incidents", "/observed", "/timeline", "/files", "/mail", "/summary")
FILTERED = "/timeline?period=30d&kind=Sign-in&app=VPN"


def page_figures(people: int, events: int, *, rounds: int = 6, seed: int = 3) -> dict[str, float]:
    """Build `people` and `events` in the home and its empty database, then open every tab of `rounds` of them.

    Gives user_page_p95_ms over all pages, and of each tab its median; milliseconds of this process from request to answer.
    """
    from django.conf import settings
    from page_events import write_events
    from people import NOW, build_people

    numbers = build_people(people)
    write_events(Path(settings.HOME), people=people, events=events, until=NOW)
    return timed(numbers, rounds=rounds, seed=seed)


def timed(numbers: list[int], *, rounds: int, seed: int = 3) -> dict[str, float]:
    """The figures for people that are there already: busy ones and quiet ones."""
    client, dice = _client(), random.Random(seed)
    chosen = [*numbers[: rounds // 2], *dice.sample(numbers, rounds - rounds // 2)]
    took: dict[str, list[float]] = {}
    for tab in (*TABS, FILTERED):
        _open(client, chosen[0], tab)
        took[tab] = [_open(client, number, tab) for number in chosen]
    every = sorted(one for values in took.values() for one in values)
    figures = {
        f"user_page{tab.replace('/', '_').partition('?')[0] or '_overview'}_ms": statistics.median(values)
        for tab, values in took.items()
        if tab != FILTERED
    }
    return {"user_page_p95_ms": every[int(len(every) * 0.95)], **figures}


def _open(client: Any, number: int, tab: str) -> float:
    from people import NOW

    from watchfloor.identities.page import views

    views.utc_now = lambda: NOW
    began = time.perf_counter()
    answer = client.get(f"/identities/{number}{tab}")
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{tab or 'overview'} answered {answer.status_code}")
    return took


def _client() -> Any:
    """A signed-in analyst."""
    from django.conf import settings
    from django.test import Client

    from watchfloor.access.models import Person
    from watchfloor.access.services import add_person, ensure_built_in_roles

    settings.ALLOWED_HOSTS = ["*"]
    ensure_built_in_roles()
    email = "bench@corp.example"
    person = Person.objects.filter(email=email).first() or add_person(
        email=email, name="Bench", password="correct horse battery staple", roles=["Global Administrator"], by=None
    )
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


if __name__ == "__main__":
    import os
    import sys
    import tempfile

    os.environ.setdefault("WATCHFLOOR_HOME", tempfile.mkdtemp(prefix="wf-users"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    from watchfloor.config.preparing import prepare

    prepare()
    print(page_figures(int(float(sys.argv[1])), int(float(sys.argv[2]))))
