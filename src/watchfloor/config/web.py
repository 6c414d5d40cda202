"""The web process: Django behind waitress, threads, one DuckDB connection."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")


def main() -> None:
    import waitress
    from django.core.wsgi import get_wsgi_application

    from watchfloor.config.options import options
    from watchfloor.config.parent import when_parent_is_gone

    application = get_wsgi_application()
    when_parent_is_gone(lambda: os._exit(0))
    host, _, port = options().listen.rpartition(":")
    proxy = options().trusted_proxy  # only from there do X-Forwarded-For and X-Forwarded-Proto count
    trust = {"trusted_proxy": proxy, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}} if proxy else {}
    waitress.serve(  # type: ignore[no-untyped-call]
        application, host=host, port=int(port), threads=options().web_threads, ident="", channel_timeout=300, **trust
    )


if __name__ == "__main__":
    main()
