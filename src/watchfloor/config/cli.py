"""The command `watchfloor`."""

import os
from typing import Annotated

import typer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")

app = typer.Typer(
    no_args_is_help=True,
    help="Open, self-hosted threat investigation and response for mail.",
    pretty_exceptions_enable=False,
)
person = typer.Typer(no_args_is_help=True, help="People who sign in.")
app.add_typer(person, name="person")


def prepare() -> None:
    """Django ready, database at the newest migration, built-in roles present."""
    import django

    django.setup()
    from django.core.management import call_command

    from watchfloor.access.services import ensure_built_in_roles

    call_command("migrate", verbosity=0)
    ensure_built_in_roles()


@app.command()
def serve() -> None:
    """Start the portal and the worker."""
    prepare()
    from watchfloor.config.options import options
    from watchfloor.config.serve import supervise

    typer.echo(f"Watchfloor is at {options().address}")
    raise typer.Exit(supervise())


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
    app()


if __name__ == "__main__":
    main()
