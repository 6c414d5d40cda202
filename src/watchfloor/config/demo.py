"""`watchfloor demo`: a home of its own, the sample organisation in it, its mail server, the portal."""

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from watchfloor.kernel.clock import utc_now

EMAIL = "admin@haldenwirth.example"
ROLES = ["Global Administrator", "Preview", "Search and Purge"]
"""The demo's one account may try everything, content and purge included."""
DAYS = 30


def run_demo(*, mails: int, seed: int) -> int:
    """Build what is missing, start the mail server and the portal; returns the exit code when it is stopped."""
    began = time.monotonic()
    os.environ.setdefault("WATCHFLOOR_HOME", str(Path.home() / ".watchfloor-demo"))
    os.environ.setdefault("WATCHFLOOR_OWN_DOMAINS", "haldenwirth.example")
    os.environ.setdefault("WATCHFLOOR_AUTHSERV_IDS", "mx.haldenwirth.example")
    from watchfloor.config.preparing import prepare

    prepare()
    from watchfloor.config.serve import supervise

    console = Console()
    password = "" if _built().exists() else _apart(partial(_build, mails=mails, seed=seed))
    stop_mail = _start_mail(console)
    try:
        return supervise(on_ready=lambda: _greet(console, password, seconds=time.monotonic() - began))
    finally:
        stop_mail()


def _home() -> Path:
    from django.conf import settings

    return Path(settings.HOME)


def _built() -> Path:
    return _home() / "demo-built"


def _apart(build: Callable[[], str]) -> str:
    """What `build` answers from a process of its own, which gives back at its end what it took: 400 MB that would stay beside the portal."""
    from django.db import connections

    connections.close_all()
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(build).result()


def _build(*, mails: int, seed: int) -> str:
    """Build the organisation; returns the new account's password."""
    from watchfloor.access.services import add_person
    from watchfloor.config.slices import load
    from watchfloor.demo.build import Plan, build
    from watchfloor.demo.mailserver import let_server_read, server_folder

    load("jobs")
    mailboxes = server_folder(_home()) / "mailboxes"
    end = datetime.combine(utc_now().date(), datetime.min.time(), UTC).replace(hour=utc_now().hour)
    with _bar(Console()) as bar:
        build(home=_home(), mailboxes=mailboxes, plan=Plan(seed, mails, DAYS, end), progress=_shown(bar))
    let_server_read(mailboxes)
    password = secrets.token_urlsafe(12)
    add_person(email=EMAIL, name="Demo Administrator", password=password, roles=ROLES, by=None)
    _built().touch()
    return password


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn(),
        console=console,
    )  # fmt: skip


def _shown(bar: Progress) -> Callable[[str, int, int], None]:
    tasks: dict[str, TaskID] = {}

    def show(step: str, done: int, total: int) -> None:
        task = tasks.get(step)
        if task is None:
            task = tasks[step] = bar.add_task(step, total=total or None)
        bar.update(task, completed=done)

    return show


def _start_mail(console: Console) -> Callable[[], None]:
    """Start the sample Dovecot and connect it; without Dovecot connect the Maildirs themselves. Returns what ends it."""
    from watchfloor.connectors.selectors import tenant_facts
    from watchfloor.demo import mailserver
    from watchfloor.demo.connecting import connect_dovecot, connect_maildirs
    from watchfloor.identities.selectors import everyone

    folder = mailserver.server_folder(_home())
    mailboxes = folder / "mailboxes"
    if not mailserver.installed():
        connect_maildirs(mailboxes)
        console.print(
            "Dovecot is not installed: actions work on the sample Maildirs directly. (apt-get install dovecot-imapd)"
        )
        return lambda: None
    own = [person.address for person in everyone() if person.address.rpartition("@")[2] in tenant_facts().own_domains]
    server = mailserver.start(home=folder / "dovecot", mailboxes=mailboxes, addresses=own)
    connect_dovecot(server, test_mailbox=own[0])
    console.print(f"The sample Dovecot listens on 127.0.0.1:{server.imap_port}: actions move real mail on it.")

    def stop() -> None:
        server.process.terminate()
        server.process.wait(timeout=15)

    return stop


def _greet(console: Console, password: str, *, seconds: float) -> None:
    from watchfloor.config.options import options

    console.print(f"\nReady after {seconds:.0f} s: [bold]{options().address}[/bold]")
    if password:
        console.print(f"Sign in as [bold]{EMAIL}[/bold] with the password [bold]{password}[/bold] (shown only now)\n")
    else:
        console.print(f"Sign in as [bold]{EMAIL}[/bold] with the password shown at the first start.")
        console.print(f"Forgotten? watchfloor person one-time-password {EMAIL}\n")
