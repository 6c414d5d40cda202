"""The web process: Django behind waitress, threads, one DuckDB connection."""

import logging
import os
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")


def main() -> None:
    import waitress
    from django.core.wsgi import get_wsgi_application

    from watchfloor.config.options import options
    from watchfloor.config.parent import when_parent_is_gone

    application = get_wsgi_application()
    import watchfloor.config.urls  # noqa: F401 (Django would read it with the first request, and that one would wait)

    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    when_parent_is_gone(lambda: os._exit(0))
    host, _, port = options().listen.rpartition(":")
    proxy = options().trusted_proxy  # only from there do X-Forwarded-For and X-Forwarded-Proto count
    trust = {"trusted_proxy": proxy, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}} if proxy else {}
    waitress.serve(  # type: ignore[no-untyped-call]
        application, host=host, port=int(port), threads=options().web_threads, ident="", channel_timeout=300, **trust
    )


def _warm_up() -> None:
    """Ask what Explorer asks first, beside the start: engine, snapshot and templates are then ready for the first person."""
    from django.db import connection

    from watchfloor.hunting.services import warm_up
    from watchfloor.kernel.clock import utc_now

    try:
        warm_up(now=utc_now())
    except Exception:
        logging.getLogger(__name__).exception("the warm-up failed; the first pages will be slower")
    finally:
        connection.close()


if __name__ == "__main__":
    main()
