"""An outbox in a home of its own, for a test that kills it: put, run until it is empty, or look."""

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "watchfloor.config.settings"
import django

django.setup()
from django.core.management import call_command  # noqa: E402

from watchfloor.access.contracts import Actor, Permission  # noqa: E402
from watchfloor.connectors.models import Outgoing  # noqa: E402
from watchfloor.connectors.outgoing import outbox  # noqa: E402
from watchfloor.connectors.outgoing.reading import as_contract  # noqa: E402
from watchfloor.connectors.registry import system  # noqa: E402
from watchfloor.connectors.selectors import enabled_connections, settings_of  # noqa: E402
from watchfloor.connectors.services import add_connection, send_mail  # noqa: E402

ACTOR = Actor("person:1", "Max", frozenset(Permission))


def put(port: str) -> None:
    call_command("migrate", verbosity=0)
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "from_address": "watchfloor@corp.example"}
    add_connection(by=ACTOR, name="post", kind="smtp_out", settings=settings)
    send_mail(to=["ada@corp.example"], subject="A report", text="Hello", dedup_key="k1")


def run() -> None:
    (connection,) = enabled_connections()
    system("smtp_out").run(settings_of(connection), name="post", stop=looked_twice())


def looked_twice():
    looks = iter((False, False, True))
    return lambda: next(looks)


if sys.argv[1] == "put":
    put(sys.argv[2])
elif sys.argv[1] == "run":
    run()
if sys.argv[1] != "run":
    mail = as_contract(Outgoing.objects.get())
    print(json.dumps({"state": mail.state, "sentence": mail.sentence, "outbox": outbox.MOST_CUT_OFF}))
