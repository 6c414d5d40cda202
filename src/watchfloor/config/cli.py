"""The command `watchfloor`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from watchfloor.config.preparing import prepare
from watchfloor.kernel.errors import WatchfloorError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

app = typer.Typer(
    no_args_is_help=True,
    help="Open, self-hosted threat investigation and response for mail.",
    pretty_exceptions_enable=False,
)
person = typer.Typer(no_args_is_help=True, help="People who sign in.")
app.add_typer(person, name="person")
kql = typer.Typer(no_args_is_help=True, help="The query language.")
app.add_typer(kql, name="kql")
sigma = typer.Typer(no_args_is_help=True, help="Sigma rules.")
app.add_typer(sigma, name="sigma")
lake = typer.Typer(no_args_is_help=True, help="The event tables.")
app.add_typer(lake, name="lake")


@app.command()
def serve() -> None:
    """Start the portal and the worker."""
    prepare()
    from watchfloor.config.lake import check_lake

    check_lake()
    from django.db import connections

    from watchfloor.config.options import options
    from watchfloor.config.serve import become_supervisor

    typer.echo(f"Watchfloor is at {options().address}")
    connections.close_all()
    become_supervisor()


@app.command("import")
def import_mail(
    paths: Annotated[list[Path], typer.Argument(help="Files (.eml, mbox), Maildirs, or folders of them", exists=True)],
    source: Annotated[str, typer.Option(help="What the import is called in Explorer")] = "import",
    exported: Annotated[
        bool,
        typer.Option(
            "--from-microsoft-365", help="These are exports of our own tenant: believe what it wrote in the headers"
        ),
    ] = False,
) -> None:
    """Take in mail from files and inspect it; says what was accepted, known already, and refused, with reasons."""
    prepare()
    from watchfloor.config.importing import import_with_progress

    raise typer.Exit(import_with_progress(paths, source=source, exported=exported))


@app.command("import-events")
def import_events(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Exports of sign-ins and activities: JSON, JSON lines, CSV, logs, .gz, .zip", exists=True),
    ],
    source: Annotated[
        str, typer.Option(help="What wrote them, such as entra, okta, windows; auto recognises each record")
    ] = "auto",
    mapping: Annotated[Path | None, typer.Option(help="File with a mapping, for --source mapping", exists=True)] = None,
    name: Annotated[str, typer.Option(help="What the import is called in dead letters")] = "import",
    refused: Annotated[
        Path | None, typer.Option(help="File to write every refused record's place and reason to")
    ] = None,
) -> None:
    """Take in records that other products exported; says what came of them, and what was refused and why."""
    prepare()
    from watchfloor.config.importing_events import import_with_progress
    from watchfloor.kernel.clock import utc_now

    good = import_with_progress(paths, shape=source, mapping=mapping, name=name, refused_to=refused, now=utc_now())
    raise typer.Exit(int(not good))


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="One mail", exists=True, dir_okay=False)],
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON")] = False,
    exported: Annotated[
        bool, typer.Option("--from-microsoft-365", help="An export of our own tenant: believe what it wrote")
    ] = False,
) -> None:
    """Take one mail apart and judge it, without storing anything."""
    from watchfloor.config.importing import inspect_file

    typer.echo(inspect_file(file, as_json=json, exported=exported))


@app.command()
def demo(
    mails: Annotated[int, typer.Option(help="How many ordinary mails")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed makes another company's month")] = 7,
) -> None:
    """Build the sample organisation on first use, then start the portal with it."""
    from watchfloor.config.demo import run_demo

    raise typer.Exit(run_demo(mails=mails, seed=seed))


@app.command()
def doctor(json: Annotated[bool, typer.Option("--json", help="As JSON, for monitoring")] = False) -> None:
    """Say what is configured, what is reachable and what is missing; exit code 1 when something needed fails."""
    import dataclasses
    import json as encoder

    import django

    django.setup()
    from watchfloor.config.doctor import examine
    from watchfloor.config.options import options

    found = list(examine(options()))
    if json:
        typer.echo(encoder.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            typer.echo(f"{one.state:8}{one.part}: {one.sentence}")
    raise typer.Exit(any(one.state == "failing" for one in found))


@app.command()
def query(
    text: Annotated[str, typer.Argument(help="KQL; - reads it from standard input")],
    engine: Annotated[str, typer.Option(help="duckdb, spark or sail; else that of lake_engine")] = "",
    form: Annotated[str, typer.Option("--format", help="table, csv, json or parquet")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write")] = None,
    limit: Annotated[int, typer.Option(help="Rows at most")] = 100_000,
) -> None:
    """Ask the event tables in KQL, with the rights of whoever may read the home folder."""
    prepare()
    from watchfloor.config.hunting import run_query
    from watchfloor.config.options import options
    from watchfloor.kernel.clock import utc_now

    asked = typer.get_text_stream("stdin").read() if text == "-" else text
    run_query(asked, engine=engine or options().lake_engine, form=form, out=output, limit=limit, now=utc_now())


@kql.command("check")
def kql_check(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, JSONL with a field “query”", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each query")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 when anything is refused")] = False,
) -> None:
    """Parse and bind queries without running them: reason and place of each refusal, then the counts as JSON."""
    import django

    django.setup()
    from watchfloor.config.hunting import check
    from watchfloor.kernel.clock import utc_now

    good = check(paths, as_json=as_json, now=utc_now())
    raise typer.Exit(int(strict and not good))


@lake.command("append")
def lake_append(
    table: Annotated[str, typer.Argument(help="Event table, such as EntraIdSignInEvents")],
    paths: Annotated[
        list[Path], typer.Argument(help="Rows: .csv, .jsonl, .json, .parquet", exists=True, dir_okay=False)
    ],
    skip: Annotated[list[str] | None, typer.Option(help="Column to leave out; may be given several times")] = None,
    again: Annotated[bool, typer.Option("--again", help="Take a file in once more that is in already")] = False,
    refused: Annotated[Path | None, typer.Option(help="File to write every refused row's place and reason to")] = None,
) -> None:
    """Bring rows from exports of other systems; each is checked, and one that does not fit is refused with its place."""
    prepare()
    from watchfloor.config.bringing import bring_files
    from watchfloor.kernel.clock import utc_now

    good = bring_files(table, paths, skip=skip or [], again=again, refused_to=refused, now=utc_now())
    raise typer.Exit(int(not good))


@lake.command("move")
def lake_move() -> None:
    """Bring the tables that lie in the home into the object store of lake_location; with the server stopped."""
    prepare()
    from watchfloor.config.lake import move_lake

    move_lake()


@lake.command("move-back")
def lake_move_back() -> None:
    """Bring the tables home from the object store of lake_location; with the server stopped, before taking it out."""
    prepare()
    from watchfloor.config.lake import move_lake_back

    move_lake_back()


@lake.command("seal")
def lake_seal(
    secret: Annotated[str, typer.Option(prompt="Secret of the access key", hide_input=True, help="What to seal")],
) -> None:
    """Print the line for watchfloor.toml that holds the object store's secret sealed with this home's key."""
    import django

    django.setup()
    from watchfloor.runtime.services import seal

    typer.echo(f'lake_secret = "{seal(secret)}"')


@sigma.command("import")
def sigma_import(
    paths: Annotated[list[Path], typer.Argument(help="Files (.yml, .yaml, .zip) or folders of them", exists=True)],
    switch_on: Annotated[
        str, typer.Option(help="Which new rules run at once: none, high (and critical) or all")
    ] = "none",
    again: Annotated[bool, typer.Option("--again", help="Convert rules anew that did not change")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as one JSON object")] = False,
) -> None:
    """Take in Sigma rules: says what converts, what changed, and what is refused and why."""
    prepare()
    from watchfloor.config.sigma import import_rules
    from watchfloor.kernel.clock import utc_now

    import_rules(paths, switch_on=switch_on, again=again, as_json=as_json, now=utc_now())


@app.command("approve-action")
def approve_action(
    name: Annotated[str, typer.Argument(help="The action's name, as the action center shows it")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log")],
) -> None:
    """Approve an action that needs a second person where there is none."""
    prepare()
    from watchfloor.kernel.clock import utc_now
    from watchfloor.response.services import approve_at_server

    done = approve_at_server(name=name, reason=reason, at=utc_now())
    typer.echo(f"“{done.name}” starts; what comes of it stands in the action center")


@person.command("list")
def person_list() -> None:
    """Everybody who signs in, with their roles."""
    prepare()
    from watchfloor.access.selectors import people

    for one in people():
        state = "" if one.is_active else " (deactivated)"
        roles = ", ".join(role.name for role in one.roles.all())
        typer.echo(f"{one.email}\t{one.name}{state}\t{roles or 'no roles'}")


@person.command("one-time-password")
def person_one_time_password(email: Annotated[str, typer.Argument(help="Whose")]) -> None:
    """Give somebody a password that works once; they choose their own when they sign in."""
    prepare()
    from watchfloor.access.services import give_one_time_password, person_by_email

    typer.echo(give_one_time_password(person=person_by_email(email), by=None))


@person.command("roles")
def person_roles(
    email: Annotated[str, typer.Argument(help="Whose")],
    role: Annotated[list[str], typer.Option(help="Role name; may be given several times")],
) -> None:
    """Give somebody exactly these roles; for what no administrator may give themselves."""
    prepare()
    from watchfloor.access.services import person_by_email, set_roles

    set_roles(person=person_by_email(email), roles=role, by=None)
    typer.echo(f"{email} has {', '.join(role)}")


@person.command("unlock")
def person_unlock(email: Annotated[str, typer.Argument(help="Whose")]) -> None:
    """Let somebody who failed to sign in too often try again at once."""
    prepare()
    from watchfloor.access.services import person_by_email, unlock_person

    unlock_person(person=person_by_email(email), by=None)
    typer.echo(f"{email} can try to sign in")


@person.command("add")
def person_add(
    email: Annotated[str, typer.Argument(help="Address to sign in with")],
    name: Annotated[str, typer.Option(help="Full name")],
    role: Annotated[list[str], typer.Option(help="Role name; may be given several times")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Add a person with roles."""
    prepare()
    from watchfloor.access.services import add_person

    add_person(email=email, name=name, password=password, roles=role, by=None)
    typer.echo(f"{name} can sign in as {email.lower()}")


def main() -> None:
    """Our own errors end the command with their sentence; anything else shows where it came from."""
    try:
        app()
    except WatchfloorError as error:
        typer.echo(f"watchfloor: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
