"""Everything the signals may look at, read once: the mail with its folded texts and its taken-apart links."""

import re
from dataclasses import dataclass, field
from functools import cached_property

from watchfloor.inspection import limits
from watchfloor.inspection.addresses import Address, domain_of
from watchfloor.inspection.attachments import Examined
from watchfloor.inspection.contracts import Authentication, FoundUrl, Header, TenantFacts
from watchfloor.inspection.folding import fold
from watchfloor.inspection.html import Link, Page
from watchfloor.inspection.urls import Parts, registrable, take_apart
from watchfloor.inspection.vocabulary import Found, find

_BEGINNING = 3_000
"""Characters of subject and text in which a mail has said what it wants."""
_MIMIC = re.compile(r"(?<=[a-z])II(?=[a-z])")
_SPARSE = 1500
"""Characters of visible text up to which what is styled away counts as said, where it is more."""


def plain_letters(text: str) -> str:
    """The text with two capital I inside a small word read as the l they stand for ("waIIet")."""
    return _MIMIC.sub("ll", text) if "II" in text else text


@dataclass(frozen=True)
class View:
    """One mail as the signals see it; `text` is what the reader sees, `plain` the text alternative."""

    headers: tuple[Header, ...]
    facts: TenantFacts
    sender: Address
    sender_header: str
    subject: str
    mail_from: str
    reply_to: Address
    recipients: tuple[str, ...]
    direction: str
    authentication: Authentication
    text: str
    plain: str
    page: Page
    urls: tuple[FoundUrl, ...]
    files: tuple[Examined, ...]
    sender_count: int = 1
    sender_ip: str = ""
    spared: frozenset[str] = frozenset()
    names: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def sender_domain(self) -> str:
        """The registrable domain of the From address."""
        return registrable(self.sender.domain)

    @cached_property
    def words(self) -> str:
        """Subject and visible text, folded, at most the word limit; what is styled away too where it is more than what is seen."""
        hidden = self.page.hidden if len(self.text) < min(len(self.page.hidden), _SPARSE) else ""
        return "\n".join((self.subject_words, self.text_words, fold(hidden)))

    @cached_property
    def text_words(self) -> str:
        """The visible text alone, folded, at most the word limit."""
        return fold(plain_letters(self.text[: limits.WORDS]))

    @cached_property
    def subject_words(self) -> str:
        """The subject, folded."""
        return fold(plain_letters(self.subject))

    @cached_property
    def phrases(self) -> Found:
        """What the vocabulary finds in the subject and where the text begins: a long newsletter speaks of everything somewhere."""
        return find(self.words[:_BEGINNING])

    @cached_property
    def subject_phrases(self) -> Found:
        """What the vocabulary finds in the subject."""
        return find(self.subject_words)

    @cached_property
    def body_length(self) -> int:
        """Characters of visible text."""
        return len(self.text)

    @cached_property
    def targets(self) -> tuple[tuple[FoundUrl, Parts], ...]:
        """The URLs a reader may follow, taken apart, one per URL; pictures and headers left out."""
        found: dict[str, tuple[FoundUrl, Parts]] = {}
        for url in self.urls:
            if url.location != "Header" and url.url not in found and (parts := take_apart(url.url)):
                found[url.url] = (url, parts)
        return tuple(found.values())

    @cached_property
    def links(self) -> tuple[tuple[Link, Parts], ...]:
        """The HTML links with absolute targets, taken apart."""
        return tuple((link, parts) for link in self.page.links if (parts := take_apart(link.href)))

    @property
    def comes_from_outside(self) -> bool:
        """Whether the mail came in from strangers."""
        return self.direction == "Inbound"

    def is_own(self, domain: str) -> bool:
        """Whether `domain` is one of the organisation's or below one."""
        return any(domain == own or domain.endswith("." + own) for own in self.facts.own_domains)

    @cached_property
    def mail_from_domain(self) -> str:
        """The registrable domain of the envelope sender."""
        return registrable(domain_of(self.mail_from))
