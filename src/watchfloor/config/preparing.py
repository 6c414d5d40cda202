"""What every command does first."""


def prepare() -> None:
    """Django ready, database at the newest migration, built-in roles present."""
    import django

    django.setup()
    from django.core.management import call_command

    from watchfloor.access.services import ensure_built_in_roles
    from watchfloor.runtime.services import check_key

    check_key()
    call_command("migrate", verbosity=0)
    ensure_built_in_roles()
