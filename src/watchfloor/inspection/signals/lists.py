"""The organisation's own block and allow entries."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from watchfloor.inspection.entry_names import domains_above, ip_names, url_names
from watchfloor.inspection.evidence import Evidence, quoted
from watchfloor.inspection.signals import spoofs
from watchfloor.inspection.view import View

Known = Callable[[str], bool]


def observe(view: View) -> Iterator[Evidence]:
    """Entries of the block list that this mail meets, and what allow entries took out of its sight."""
    yield from _spared(view)
    yield from _blocked(view)


def _blocked(view: View) -> Iterator[Evidence]:
    blocked = view.facts.blocked
    if not blocked:
        return
    if name := _first(sender_names(view), blocked):
        words = f"Sender {view.sender.address or view.mail_from} is on the organisation's block list ({name})"
        yield Evidence("blocked_sender", words, entry=f"block {name}")
    if name := _first(domain_names(view), blocked):
        words = f"Sender domain {view.sender.domain} is on the organisation's block list ({name})"
        yield Evidence("blocked_domain", words, entry=f"block {name}")
    if name := _first(ip_names(view.sender_ip), blocked):
        yield Evidence(
            "blocked_ip", f"{view.sender_ip} is on the organisation's block list ({name})", entry=f"block {name}"
        )
    for url, name in urls_met(view, blocked.__contains__):
        words = f"URL {quoted(url)} is on the organisation's block list ({name})"
        yield Evidence("blocked_url", words, entry=f"block {name}")


def sender_names(view: View) -> list[str]:
    """`sender:` entries that cover the mail: the address readers see, and the envelope's."""
    return [f"sender:{address}" for address in (view.sender.address, view.mail_from) if address]


def domain_names(view: View) -> list[str]:
    """`domain:` entries that cover the sender."""
    return [f"domain:{domain}" for domain in domains_above(view.sender.domain)]


def urls_met(view: View, known: Known) -> Iterator[tuple[str, str]]:
    """The first URL of the mail that an entry covers, and the entry; a domain entry covers URLs of its hosts too."""
    for found, parts in view.targets:
        names = [*url_names(found.url, parts.host, whole_host=True), *_unfolded(found.url)]
        names += [f"domain:{domain}" for domain in domains_above(parts.host)]
        if name := next((name for name in names if known(name)), ""):
            yield found.url, name
            return


def _unfolded(url: str) -> list[str]:
    """Entries that write a URL out as it stands, scheme and letters included."""
    bare = url.split("://", 1)[-1]
    return [f"url:{one}" for one in (url, url.rstrip("/"), bare, bare.rstrip("/"))]


def _first(names: tuple[str, ...] | list[str], entries: frozenset[str]) -> str:
    return next((name for name in names if name in entries), "")


def allowed_by(view: View) -> str:
    """The allow entry that covers this mail, "" when none does.

    An entry for a sender or domain covers no mail whose authentication failed: anyone can write that address. A block entry
    precedes every allow entry (TB-02).
    """
    allowed = view.facts.allowed
    if not allowed or any(_blocked(view)) or spoofs.met(view, view.facts.blocked):
        return ""
    if name := _first(ip_names(view.sender_ip), allowed):
        return name
    if view.authentication.composite == "fail":
        return ""
    return _first([f"sender:{view.sender.address}", *domain_names(view)], allowed)


def without_allowed(view: View) -> View:
    """The mail without the URLs and files that allow entries cover, so that nothing is said about them."""
    allowed = view.facts.allowed
    if not any(name.startswith(("url:", "sha256:")) for name in allowed):
        return view
    spared = _allowed_urls(view)
    page = replace(view.page, links=tuple(link for link, parts in view.links if link.href not in spared))
    files = tuple(file for file in view.files if f"sha256:{file.attachment.sha256}" not in allowed)
    if not spared and len(files) == len(view.files):
        return view
    urls = tuple(found for found in view.urls if found.url not in spared)
    hidden = frozenset((*spared.values(), *_allowed_files(view)))
    return replace(view, urls=urls, page=page if spared else view.page, files=files, spared=hidden)


def _allowed_urls(view: View) -> dict[str, str]:
    """URL to the allow entry that covers it."""
    allowed, found = view.facts.allowed, {}
    targets = [(one.url, parts) for one, parts in view.targets] + [(link.href, parts) for link, parts in view.links]
    for url, parts in targets:
        if name := next((n for n in url_names(url, parts.host, whole_host=False) if n in allowed), ""):
            found[url] = name
    return found


def _allowed_files(view: View) -> Iterator[str]:
    names = (f"sha256:{file.attachment.sha256}" for file in view.files)
    return (name for name in names if name in view.facts.allowed)


def _spared(view: View) -> Iterator[Evidence]:
    for name in sorted(view.spared):
        kind = "file" if name.startswith("sha256:") else "url"
        words = f"Allowed by the organisation's entry {name}: nothing was held against that {kind}"
        yield Evidence(f"allowed_{kind}", words, points=0.0, entry=f"allow {name}")
