"""The organisation's own block and allow entries."""

from collections.abc import Iterator

from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.view import View


def observe(view: View) -> Iterator[Evidence]:
    """Entries of the block list that this mail meets."""
    blocked = view.facts.blocked
    if not blocked:
        return
    for address in {view.sender.address, view.mail_from} - {""}:
        if f"sender:{address}" in blocked:
            yield Evidence("blocked_sender", f"Sender {address} is on the organisation's block list")
    for domain in _domains(view.sender.domain):
        if f"domain:{domain}" in blocked:
            yield Evidence("blocked_domain", f"Sender domain {domain} is on the organisation's block list")
    for found, parts in view.targets:
        if entry := next((name for name in _url_entries(found.url, parts.host) if name in blocked), ""):
            yield Evidence("blocked_url", f"URL {quoted(found.url)} is on the organisation's block list ({entry})")
            return


def _domains(host: str) -> list[str]:
    """The host and every domain above it."""
    labels = host.split(".")
    return [".".join(labels[at:]) for at in range(len(labels)) if host]


def _url_entries(url: str, host: str) -> list[str]:
    bare = url.split("://", 1)[-1]
    whole = [f"url:{url}", f"url:{url.rstrip('/')}", f"url:{bare}", f"url:{bare.rstrip('/')}"]
    return whole + [f"{kind}:{name}" for name in _domains(host) for kind in ("url", "domain")]


def allowed_by(view: View) -> str:
    """The allow entry that covers this mail, "" when none does.

    An entry for a sender or domain covers no mail whose authentication failed: anyone can write that address.
    """
    allowed = view.facts.allowed
    if not allowed or view.authentication.composite == "fail":
        return ""
    names = [f"sender:{view.sender.address}", *(f"domain:{domain}" for domain in _domains(view.sender.domain))]
    return next((name for name in names if name in allowed), "")
