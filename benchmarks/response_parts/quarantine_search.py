"""How long the quarantine's list takes to answer a search, over HTTP, among many held mails."""

import argparse
import json
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SMALL: dict[str, Any] = {"messages": 2_000}
FULL: dict[str, Any] = {"messages": 200_000}
DAYS = 30
BATCH = 1_000
WORDS_A_MAIL = 180
REASONS = (
    ("Spam", "Anti-spam"),
    ("Bulk", "Anti-spam"),
    ("Phishing", "Anti-phishing"),
    ("Malware", "Anti-malware"),
    ("High confidence phishing", "Anti-phishing"),
)
CONSONANTS, VOWELS, ENDS = "bcdfghjklmnprstvwz", "aeiou", "lmnrst"
"""What words are made of: about as many three-letter pieces as there are in English or German text."""


def measure(messages: int = 5_000, *, rounds: int = 3, seed: int = 7) -> dict[str, Any]:
    """Fill the home's empty database with `messages` held mails of 180 words each, then search them in `questions`.

    Gives quarantine_search_p95_ms over all questions, the slowest question's median, and how many mails a second were indexed.
    """
    began = time.process_time()
    build(messages, seed=seed)
    built = time.process_time() - began
    figures = timed(rounds=rounds, seed=seed)
    return {**figures, "quarantine_messages": messages, "quarantine_indexed_per_s": round(messages / built)}


def timed(*, rounds: int = 3, seed: int = 7) -> dict[str, Any]:
    """The figures of a database that is filled already: milliseconds from request to answer, the page drawn.

    The work figure is processor time of this process and, where PostgreSQL runs on this machine, of the server's process that
    answers it: what a busy machine does not change.
    """
    from django.db import connection

    client = _client()
    took = {one: [_open(client, one) for _ in range(rounds + 1)][1:] for one in questions(seed=seed)}
    every = sorted(wall for values in took.values() for wall, _ in values)
    work = sorted(cpu for values in took.values() for _, cpu in values)
    medians = {one: sorted(values)[len(values) // 2][0] for one, values in took.items()}
    slowest = max(medians, key=lambda one: medians[one])
    return {
        "quarantine_search_p95_ms": round(every[min(len(every) - 1, int(len(every) * 0.95))], 1),
        "quarantine_search_work_p95_ms": round(work[min(len(work) - 1, int(len(work) * 0.95))], 1),
        "quarantine_search_median_ms": round(every[len(every) // 2], 1),
        "quarantine_search_slowest_ms": round(medians[slowest], 1),
        "quarantine_search_slowest": slowest,
        "quarantine_database": connection.vendor,
    }


def questions(*, seed: int = 7) -> tuple[str, ...]:
    """Common, rare and absent words, parts of words, wildcards, phrases, parts of a mail, filters beside; first and later pages."""
    words = _vocabulary(seed)[0]
    asked: list[dict[str, str]] = [
        {"q": words[0]},
        {"q": words[30]},
        {"q": words[400]},
        {"q": words[5_000]},
        {"q": words[30_000]},
        {"q": words[10][1:5]},
        {"q": words[9_000][2:]},
        {"q": "no-such-word-anywhere"},
        {"q": "p77@corp.example"},
        {"q": f"to:p1234 {words[3]}"},
        {"q": f"{words[40]} {words[90]} {words[200]}"},
        {"q": f"{words[700][:3]}*{words[700][-3:]}"},
        {"q": f'"{words[800]}"'},
        {"q": f"{words[2]} -{words[1]}"},
        {"q": f"subject:{words[50]}"},
        {"q": f"file:{words[60]}.pdf"},
        {"q": "url:https://"},
        {"q": "id:<1f3a"},
        {"q": words[20], "page": "5"},
        {"q": words[20], "reason": "Malware"},
        {"q": words[6_000], "sort": "sender"},
        {"q": words[15], "received": "24h"},
        {"sender": "lure"},
        {"q": "of-an-old-campaign"},
    ]
    return tuple(f"/quarantine?{urlencode({'received': 'any', **one})}" for one in asked)


@cache
def _vocabulary(seed: int) -> tuple[list[str], list[float]]:
    """Words, and their weights added up: each next as seldom as in speech (Zipf)."""
    dice = random.Random(seed)
    words = ["".join(_syllable(dice) for _ in range(dice.randint(2, 4))) for _ in range(40_000)]
    return words, list(accumulate(1 / (place + 2) for place in range(len(words))))


def _syllable(dice: random.Random) -> str:
    end = dice.choice(ENDS) if dice.random() < 0.5 else ""
    return dice.choice(CONSONANTS) + dice.choice(VOWELS) + end


def _some(dice: random.Random, count: int, seed: int) -> list[str]:
    words, weights = _vocabulary(seed)
    return dice.choices(words, cum_weights=weights, k=count)


def build(messages: int, *, seed: int = 7) -> None:
    """Held mails over a month, each for one to three people, text and index as the product writes them.

    On PostgreSQL the index is made once at the end, which leaves the same one in a tenth of the time.
    """
    from django.db import connection, transaction

    from watchfloor.response.quarantine import text_index
    from watchfloor.response.quarantine.indexing import index_mails
    from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail

    late = connection.vendor == "postgresql"
    if late:
        text_index.remove(connection)
    contents = _contents(messages, seed)
    mails = (_mail(number, messages, seed) for number in range(1, messages + 1))
    while some := list(islice(mails, BATCH)):
        with transaction.atomic():
            QuarantinedMail.objects.bulk_create(some)
            QuarantinedCopy.objects.bulk_create(
                QuarantinedCopy(
                    mail=mail,
                    recipient=f"p{(mail.pk * 7 + place) % 3000}@corp.example",
                    sha256=mail.sha256,
                    held_at=mail.held_at,
                    expires_at=mail.expires_at,
                )
                for mail in some
                for place in range(mail.recipients)
            )
            index_mails(some, contents={mail.pk: next(contents) for mail in some})
    with connection.cursor() as cursor:
        if late:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            text_index.install(connection)
        cursor.execute("ANALYZE")


def _mail(number: int, messages: int, seed: int) -> Any:
    from watchfloor.response.quarantine.models import QuarantinedMail

    dice = random.Random(seed * 1_000_003 + number)
    domain = f"{_vocabulary(seed)[0][number % 500]}.example"
    at = datetime.now(UTC) - timedelta(days=DAYS) * (1 - number / (messages + 1))
    reason, kind = REASONS[number % len(REASONS)]
    return QuarantinedMail(
        pk=number,
        sha256=f"{number:064x}",
        internet_message_id=f"<{number:x}.{dice.getrandbits(64):x}@{domain}>",
        received_at=at,
        held_at=at,
        expires_at=at + timedelta(days=2 * DAYS),
        mail_from=f"bounce@{domain}",
        sender=f"lure{number % 900}@{domain}",
        subject="of-an-old-campaign" if number < messages // 4 else " ".join(_some(dice, 6, seed)),
        size=20_000 + number % 70_000,
        direction="Inbound",
        reason=reason,
        policy_type=kind,
        recipients=1 + number % 3,
    )


def _contents(messages: int, seed: int) -> Iterator[dict[str, str]]:
    dice = random.Random(seed + 1)
    for _ in range(messages):
        text = _some(dice, WORDS_A_MAIL, seed)
        url = f"https://{text[1]}.example/{dice.getrandbits(40):x}"
        yield {"text": " ".join(text), "file": f"{text[0]}.pdf", "url": url}


def _open(client: Any, address: str) -> tuple[float, float]:
    """Wall and processor time in milliseconds."""
    began, work = time.perf_counter(), _work()
    answer = client.get(address)
    took = (time.perf_counter() - began) * 1000, (_work() - work) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return took


def _work() -> float:
    """Seconds of processor time so far."""
    from django.db import connection

    own = time.process_time()
    if connection.vendor != "postgresql":
        return own
    connection.ensure_connection()
    try:
        said = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    except OSError:
        return own
    return own + int(said.split()[0]) / 1e9


def _client() -> Any:
    """A signed-in analyst."""
    from django.conf import settings
    from django.test import Client

    from watchfloor.access.models import Person, Role
    from watchfloor.access.services import ensure_built_in_roles

    settings.ALLOWED_HOSTS = ["*"]
    ensure_built_in_roles()
    person, _ = Person.objects.get_or_create(email="bench@corp.example", defaults={"name": "Bench"})
    person.roles.set(Role.objects.all())
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def main() -> None:
    """`quarantine_search.py [MESSAGES] [--database ADDRESS] [--filled]`, in the home that WATCHFLOOR_HOME names."""
    said = argparse.ArgumentParser(description="Search held mails over HTTP.")
    said.add_argument("messages", nargs="?", type=int, default=SMALL["messages"])
    said.add_argument(
        "--database", default="", help="postgresql://… of an empty database; without it SQLite in the home"
    )
    said.add_argument("--filled", action="store_true", help="the database was filled by an earlier run: search only")
    given = said.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    if given.database:
        os.environ["DATABASE_URL"] = given.database

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(timed() if given.filled else measure(given.messages)))


if __name__ == "__main__":
    main()
