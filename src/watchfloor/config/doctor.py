"""`watchfloor doctor`: what is configured, what is reachable, what is missing, in words; nothing is changed."""

import importlib.util
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from watchfloor.config.options import Options

LITTLE_SPACE = 2 * 1024**3
"""Bytes left on the disk below which a person is told (2 GB: a day of a small organisation's mail)."""

PACKAGES = {
    "duckdb": "reads the lake",
    "deltalake": "writes the lake's cold tables",
    "dbos": "runs durable jobs",
    "cryptography": "seals secrets",
    "selectolax": "finds links in HTML",
    "nh3": "makes previews harmless",
    "imapclient": "speaks IMAP",
    "aiosmtpd": "takes in journal copies",
    "magic": "tells real file types",
    "zxingcpp": "reads QR codes",
    "pyzipper": "encrypts downloads",
}
PROGRAMS = {
    "dovecot": "the demo's mailboxes (a Maildir store stands in without it)",
    "doveadm": "finding a mail in all mailboxes at once on a Dovecot of this machine",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at. `state` is ok, notice (works, but read this) or failing (something needed does not work)."""

    part: str
    state: str
    sentence: str


def ok(part: str, sentence: str) -> Diagnosis:
    return Diagnosis(part, "ok", sentence)


def notice(part: str, sentence: str) -> Diagnosis:
    return Diagnosis(part, "notice", sentence)


def failing(part: str, sentence: str) -> Diagnosis:
    return Diagnosis(part, "failing", sentence)


Check = Callable[[Options], Iterator[Diagnosis]]


def check_options(options: Options) -> Iterator[Diagnosis]:
    yield ok("options", f"people reach the portal at {options.address}; the server listens on {options.listen}")
    if not options.own_domains:
        yield notice("options", "own_domains is empty, so no mail counts as sent by or to your organisation; set it")
    if not options.authserv_ids:
        yield notice("options", "authserv_ids is empty, so no Authentication-Results header is trusted; set it")
    if options.public_url.startswith("https://") and not options.trusted_proxy:
        yield notice(
            "options", "public_url is https but trusted_proxy is empty: every client seems to come from the proxy"
        )


def check_home(options: Options) -> Iterator[Diagnosis]:
    folder = options.folder
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not os.access(folder, os.W_OK):
        yield failing("home", f"{folder} cannot be written; give it to the user who runs Watchfloor")
        return
    yield ok("home", f"everything is kept in {folder}")
    if mode & 0o007:
        yield notice(
            "home", f"other users of this machine may look into {folder} (mode {mode:04o}); run: chmod o= {folder}"
        )
    for name in ("lake", "mail"):
        if (folder / name).exists() and not os.access(folder / name, os.W_OK):
            yield failing("home", f"{folder / name} cannot be written")
    free = shutil.disk_usage(folder).free
    words = f"{free / 1024**3:.1f} GB are free on its disk"
    yield notice("home", words + "; that is little") if free < LITTLE_SPACE else ok("home", words)


def check_secrets(_: Options) -> Iterator[Diagnosis]:
    from watchfloor.runtime.services import check_key

    check_key()
    yield ok("secrets", "the key file is readable by its owner only")


def check_database(_: Options) -> Iterator[Diagnosis]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield failing("database", f"{len(waiting)} migrations are not applied; `watchfloor serve` applies them")
    else:
        yield ok("database", f"{connection.vendor} answers and is at the newest migration")


def check_job_engine(_: Options) -> Iterator[Diagnosis]:
    from watchfloor.runtime.jobs import check_jobs

    check_jobs()
    yield ok("jobs", "the database of durable jobs answers")


def check_lake(_: Options) -> Iterator[Diagnosis]:
    from watchfloor.lake.selectors import lake_place
    from watchfloor.lake.services import check_place

    check_place()
    place = lake_place()
    where = f"the object store {place.where} at {place.endpoint} keeps" if place.endpoint else f"{place.where} holds"
    yield ok("lake", f"{where} the event tables" + (", and conditional writes work there" if place.endpoint else ""))


def check_people(_: Options) -> Iterator[Diagnosis]:
    from watchfloor.access.selectors import granters

    names = granters()
    if names:
        yield ok("people", f"{', '.join(names)} can add people and give them roles")
    else:
        yield failing(
            "people", 'nobody can give roles; run: watchfloor person add ADDRESS --role "Global Administrator"'
        )


def check_audit(_: Options) -> Iterator[Diagnosis]:
    from django.db import connection

    from watchfloor.access import triggers
    from watchfloor.access.services import verify_chain

    report = verify_chain()
    if report.intact:
        yield ok("audit log", f"{report.sentence}; the newest hash is {report.head or 'not there yet'}")
    else:
        yield failing("audit log", report.sentence)
    if not triggers.present(connection):
        yield failing("audit log", "the database does not guard it: the triggers of access/0002 are gone")


def check_parts(_: Options) -> Iterator[Diagnosis]:
    from watchfloor.runtime.selectors import health

    for part in health():
        if part.state == "failing":
            yield failing(part.part, part.sentence)
        elif part.state == "warning":
            yield notice(part.part, part.sentence)


def check_connections(_: Options) -> Iterator[Diagnosis]:
    from watchfloor.connectors.registry import systems
    from watchfloor.connectors.selectors import enabled_connections, settings_of

    connections = enabled_connections()
    if not connections:
        yield notice("connections", "nothing is connected; add a mailbox or mail server under Settings, Connections")
    for connection in connections:
        part = f"connection {connection.name}"
        try:
            report = systems()[connection.kind].test(settings_of(connection))
        except Exception as error:
            yield failing(part, f"{type(error).__name__}: {error}")
            continue
        for good, sentence in report.lines:
            yield ok(part, sentence) if good else failing(part, sentence)


def check_packages(_: Options) -> Iterator[Diagnosis]:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    for name in missing:
        yield failing("packages", f"the Python package {name} is missing ({PACKAGES[name]}); run: python3 run.py env")
    if not missing:
        yield ok("packages", f"all {len(PACKAGES)} packages that are needed are installed")


def check_programs(_: Options) -> Iterator[Diagnosis]:
    for name, purpose in PROGRAMS.items():
        found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        yield (
            ok("programs", f"{name} is at {found}")
            if found
            else notice("programs", f"{name} is not installed; it serves {purpose}")
        )


CHECKS: dict[str, Check] = {
    "options": check_options,
    "home": check_home,
    "secrets": check_secrets,
    "packages": check_packages,
    "programs": check_programs,
    "database": check_database,
    "jobs": check_job_engine,
    "lake": check_lake,
    "people": check_people,
    "audit log": check_audit,
    "parts": check_parts,
    "connections": check_connections,
}

NEED_DATABASE = {"people", "audit log", "parts", "connections"}


def examine(options: Options) -> Iterator[Diagnosis]:
    """Every check in order; one that breaks is itself a finding. What reads the database is left out when it fails."""
    database_works = True
    for part, check in CHECKS.items():
        if not database_works and part in NEED_DATABASE:
            continue
        try:
            found = list(check(options))
        except Exception as error:
            found = [failing(part, f"{type(error).__name__}: {error}")]
        database_works = database_works and not (part == "database" and any(one.state == "failing" for one in found))
        yield from found
