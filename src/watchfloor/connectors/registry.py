"""The systems we can connect to, found by walking `systems/`."""

from functools import cache

from watchfloor.connectors.contracts import System
from watchfloor.kernel.errors import NotFound
from watchfloor.kernel.registry import modules_in


@cache
def systems() -> dict[str, System]:
    """Every system by its kind."""
    found: list[System] = [module.SYSTEM for module in modules_in("watchfloor.connectors.systems")]
    return {system.kind: system for system in found}


def system(kind: str) -> System:
    """The system of that kind; raises NotFound naming those there are."""
    try:
        return systems()[kind]
    except KeyError:
        raise NotFound(f"there is no kind of connection “{kind}”; known are {', '.join(systems())}") from None
