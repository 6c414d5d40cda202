"""What every command does first."""


def prepare() -> None:
    """Django ready, database at the newest migration, built-in roles present."""
    import django

    django.setup()
    from watchfloor.access.services import ensure_built_in_roles
    from watchfloor.config.migrating import migrate
    from watchfloor.runtime.services import check_key

    check_key()
    migrate()
    ensure_built_in_roles()
