import imaplib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labs import need
from watchfloor.connectors.contracts import AccountRef, AccountVerb
from watchfloor.connectors.systems.dovecot import SYSTEM
from watchfloor.demo import mailserver
from watchfloor.demo.mailboxes import file_letter, make_mailbox
from watchfloor.demo.mailmaker import write
from watchfloor.demo.organisation import found_organisation
from watchfloor.demo.stories import stories

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def suspends_and_enables(server, address):
    """What the demo's own connection can do to somebody: refuse sign-in by the deny file, end sessions, take it back."""
    settings = {
        "doveadm_url": f"http://127.0.0.1:{server.doveadm_port}/doveadm/v1",
        "doveadm_key": server.doveadm_key,
        "deny_file": str(server.deny_file),
    }
    accounts = SYSTEM.accounts(settings, name="demo")
    ref = AccountRef(source="", key=address, mail=address)
    for verb, enabled in ((AccountVerb.SUSPEND, False), (AccountVerb.END_SESSIONS, False), (AccountVerb.ENABLE, True)):
        outcome = accounts.do(verb, ref, before=accounts.before(verb, ref))
        assert outcome.verified, outcome
        assert accounts.state(ref).enabled is enabled


@pytest.mark.lab
def test_the_private_dovecot_serves_the_filed_mail_to_the_master_user_only():
    need("/usr/sbin/dovecot")
    home = Path(tempfile.mkdtemp(prefix="wfdemo"))
    home.chmod(0o755)
    boxes = home / "boxes"
    organisation = found_organisation(7)
    addresses = [person.address for person in organisation.employees]
    for address in addresses:
        make_mailbox(boxes, address)
    story = next(iter(stories(organisation, end=NOW, seed=7)))
    for number, delivery in enumerate(story.deliveries):
        file_letter(boxes, delivery, write(delivery.letter), number=number)
    mailserver.let_server_read(boxes)
    server = mailserver.start(home=home / "dovecot", mailboxes=boxes, addresses=addresses)
    try:
        filed = next(one for one in story.deliveries if one.folder == "INBOX")
        with imaplib.IMAP4("127.0.0.1", server.imap_port) as client:
            client.login(f"{filed.recipients[0]}*{mailserver.MASTER}", server.master_password)
            status, count = client.select("INBOX")
            assert (status, count) == ("OK", [b"1"])
            _, found = client.fetch("1", "(INTERNALDATE)")
            assert f"{filed.letter.at:%d-%b-%Y %H:%M:%S}".encode() in found[0]
        with imaplib.IMAP4("127.0.0.1", server.imap_port) as client, pytest.raises(imaplib.IMAP4.error):
            client.login(f"{filed.recipients[0]}*{mailserver.MASTER}", "guess")
        suspends_and_enables(server, filed.recipients[0])
    finally:
        server.process.terminate()
        server.process.wait(timeout=10)
