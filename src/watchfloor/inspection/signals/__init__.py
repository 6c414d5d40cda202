"""What may speak against a mail, one module per place to look: sender, links, words, make-up, the organisation's lists.

Reads a `View`; every function yields `Evidence` whose words name what was actually seen.
Gives `observe`, the evidence of all modules in a steady order.
"""

from collections.abc import Iterator

from watchfloor.inspection.evidence import Evidence
from watchfloor.inspection.signals import links, lists, looks, lures, sender, spoofs, tenant, trust, wording
from watchfloor.inspection.view import View


def observe(view: View) -> Iterator[Evidence]:
    """All evidence against the mail, each signal at most once, the first words kept."""
    composite = view.authentication.composite
    yield from trust.spared(_all(view), address=view.sender.address, composite=composite, facts=view.facts)


def _all(view: View) -> Iterator[Evidence]:
    seen: set[str] = set()
    view = lists.without_allowed(view)
    for source in (
        tenant.observe,
        lists.observe,
        spoofs.observe,
        _files,
        sender.observe,
        links.observe,
        wording.observe,
        lures.observe,
        looks.observe,
    ):
        for evidence in source(view):
            if evidence.signal not in seen:
                seen.add(evidence.signal)
                yield evidence


def _files(view: View) -> Iterator[Evidence]:
    for file in view.files:
        yield from file.evidence
