"""What inspection is told about the organisation: asked of whoever the composition root names, else the operator's options."""

from collections.abc import Callable

from watchfloor.connectors.selectors import tenant_facts as configured
from watchfloor.inspection.contracts import TenantFacts

_provider: list[Callable[[], TenantFacts]] = []


def take_facts_from(provider: Callable[[], TenantFacts]) -> None:
    """Name who knows the organisation's people, lists and policy. Asked before each round of mail, so it answers quickly."""
    _provider[:] = [provider]


def tenant_facts() -> TenantFacts:
    """What is known now."""
    return _provider[0]() if _provider else configured()
