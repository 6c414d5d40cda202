"""The names under which an entry of the organisation may cover a domain, a URL or an address: a look-up each, no search.

URLs follow the Tenant Allow/Block List: `x.example` is the host, all below it and every path; `x.example/a` that path and what lies
below; `x.example/*` any path of that host; `*.x.example` hosts below without a path, `*.x.example/*` with any; `~x.example` the host
or one below without a path, `~x.example~` with any.
"""

import ipaddress
from collections.abc import Iterator
from functools import lru_cache

_MOST_SEGMENTS = 20


def domains_above(host: str) -> list[str]:
    """The host and every domain above it."""
    labels = host.split(".")
    return [".".join(labels[at:]) for at in range(len(labels)) if host]


def url_names(url: str, host: str, *, whole_host: bool) -> Iterator[str]:
    """Every form of a `url:` entry that covers this URL; an allow entry without path covers no subdomain (not `whole_host`)."""
    rest = url.lower().split("://", 1)[-1].split("#", 1)[0]
    _, slash, path = rest.partition("/")
    path = path.rstrip("/") if slash else "".join(rest.partition("?")[1:])
    has_path = bool(path)
    yield f"url:{host}"
    for domain in domains_above(host):
        below = domain != host
        if whole_host and below:
            yield f"url:{domain}"
        yield f"url:~{domain}~"
        if below:
            yield f"url:*.{domain}/*"
        if not has_path:
            yield f"url:~{domain}"
            if below:
                yield f"url:*.{domain}"
    if has_path:
        yield f"url:{host}/*"
        yield from _path_names(host, path)


def _path_names(host: str, path: str) -> Iterator[str]:
    yield f"url:{host}/{path}"
    segments = path.partition("?")[0].rstrip("/").split("/")[:_MOST_SEGMENTS]
    for end in range(1, len(segments) + 1):
        above = "/".join(segments[:end])
        yield f"url:{host}/{above}"
        if len(above) < len(path):
            yield f"url:{host}/{above}/*"


@lru_cache(maxsize=4096)
def ip_names(address: str) -> tuple[str, ...]:
    """`ip:` entries that cover an address: itself and every network it lies in; none for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ()
    networks = (ipaddress.ip_network((found, length), strict=False) for length in range(found.max_prefixlen, 7, -1))
    return (f"ip:{found}", *(f"ip:{network}" for network in networks))
