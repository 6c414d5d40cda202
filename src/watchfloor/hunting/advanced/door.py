"""The one way from this page into the lake: what a given version of it can do, by name."""

from collections.abc import Callable
from typing import Any

from watchfloor.kernel.errors import NotConfigured
from watchfloor.lake import selectors as lake


def of_lake(name: str) -> Callable[..., Any]:
    """The lake's selector of this name. Raises NotConfigured while this version of the lake has none."""
    found: Callable[..., Any] | None = getattr(lake, name, None)
    if found is None:
        raise NotConfigured(f"this version of the lake cannot be asked in KQL yet ({name} is missing)")
    return found


def lake_has(name: str) -> bool:
    """Whether this version of the lake has the selector."""
    return hasattr(lake, name)
