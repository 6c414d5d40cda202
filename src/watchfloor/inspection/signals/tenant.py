"""Indicators the organisation was given: senders, addresses, URLs and files that somebody else saw used in attacks."""

from collections.abc import Iterator

from watchfloor.inspection.entry_names import ip_names
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.signals.lists import domain_names, sender_names, urls_met
from watchfloor.inspection.view import View


def observe(view: View) -> Iterator[Evidence]:
    """Indicators that this mail meets, each with who says so."""
    if not view.facts.indicators:
        return
    yield from _met(view, "indicator_sender", [*sender_names(view), *domain_names(view)], "Sender")
    yield from _met(view, "indicator_ip", ip_names(view.sender_ip), "Sending address")
    for url, name in urls_met(view, view.facts.indicators.__contains__):
        yield _evidence(view, "indicator_url", name, f"URL {quoted(url)}")
    for file in view.files:
        found = file.attachment
        yield from _met(view, "indicator_file", [f"sha256:{found.sha256}"], f"Attachment {quoted(found.file_name)}")


def _met(view: View, signal: str, names: list[str] | tuple[str, ...], what: str) -> Iterator[Evidence]:
    if name := next((name for name in names if name in view.facts.indicators), ""):
        yield _evidence(view, signal, name, what)


def _evidence(view: View, signal: str, name: str, what: str) -> Evidence:
    words = f"{what} meets the indicator {name} ({view.facts.indicators[name]})"
    return Evidence(signal, words, entry=f"indicator {name}")
