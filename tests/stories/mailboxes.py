"""The sample organisation's real mailboxes, opened as its Dovecot's master user. Not a test."""

import imaplib
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stories.conftest import Demo


@contextmanager
def mailbox(demo: Demo, person: str) -> Iterator[imaplib.IMAP4]:
    box = imaplib.IMAP4("127.0.0.1", demo.imap_port)
    try:
        box.login(f"{person}*{demo.master[0]}", demo.master[1])
        yield box
    finally:
        box.logout()


def append(demo: Demo, person: str, raw: bytes) -> None:
    """A mail delivered into somebody's inbox."""
    with mailbox(demo, person) as box:
        state, words = box.append("INBOX", "", "", raw)
        assert state == "OK", words


def copies(demo: Demo, person: str, folder: str, message_id: str) -> int:
    """How many copies of a mail lie in a folder of a person."""
    with mailbox(demo, person) as box:
        box.select(folder, readonly=True)
        _, (uids,) = box.search(None, "HEADER", "Message-ID", f'"{message_id}"')
        return len(uids.split())
