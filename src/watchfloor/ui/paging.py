"""Which pages a pager links to."""

from typing import Any


def page_links(*, page: int, total: int, size: int, href: str) -> dict[str, Any]:
    """First and last row of `page` (from 1), and the addresses of its neighbours; empty at the ends."""
    last_page = max(1, -(-total // size))
    page = min(max(page, 1), last_page)
    joint = "&" if "?" in href else "?"
    return {
        "page": page,
        "pages": last_page,
        "total": total,
        "first": (page - 1) * size + 1 if total else 0,
        "last": min(page * size, total),
        "previous": f"{href}{joint}page={page - 1}" if page > 1 else "",
        "next": f"{href}{joint}page={page + 1}" if page < last_page else "",
    }
