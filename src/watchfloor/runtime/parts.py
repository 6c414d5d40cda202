"""Where a person reads more of a part that reports its health."""

_pages: dict[str, str] = {}


def show_health_at(part: str, *, href: str) -> None:
    """Name the page of a part; call it from your slice's `panels` module."""
    _pages[part] = href


def page_of(part: str) -> str:
    """The address, or "" when nobody named one."""
    return _pages.get(part, "")
