"""Where a removal stuck, and how mailboxes stand when no server can be asked."""

import pytest

from watchfloor.connectors.contracts import AccountState, AccountVerb
from watchfloor.identities.models import DirectoryPerson, PersonRisk
from watchfloor.investigations.steps import standing
from watchfloor.investigations.steps.standing import Heard, Standing, ask_servers
from watchfloor.investigations.tests.conftest import NOW
from watchfloor.kernel.errors import Unreachable
from watchfloor.lake import services as lake
from watchfloor.response import services as response
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.freezing import freeze

pytestmark = pytest.mark.django_db


def step(found, key):
    return found.steps.get(key=key)


def test_mailboxes_that_a_removal_could_not_clear_are_named_with_why(phish, begun, analyst):
    aimed = Targets(rows=(Row(phish, "ann@corp.example"),))
    one = response.start(by=analyst, name="By hand", reason="", action="soft-delete", targets=aimed, at=NOW)
    freeze(one, now=NOW)
    one.lines.update(status="failed", why="the mailbox is locked", at=NOW)
    event = {
        "Timestamp": NOW,
        "NetworkMessageId": phish,
        "RecipientEmailAddress": "bob@corp.example",
        "Action": "Soft delete",
        "ActionType": "Phish ZAP",
        "ActionResult": "Mailbox unreachable",
        "ReportId": "stuck",
    }
    lake.append("EmailPostDeliveryEvents", [event])
    found = begun(phish, playbook="not-removed")
    answer = step(found, "stuck").answer
    assert "bob@corp.example (Mailbox unreachable)" in answer
    assert "ann@corp.example" in answer
    assert "1 actions can be tried again" in answer
    assert found.evidence.filter(type="mailbox", verdict="Suspicious").count() == 2


def test_without_a_connection_it_says_that_nobody_can_be_asked(begun):
    found = begun(playbook="user-compromise", people=("ann@corp.example",))
    assert "No connection can be asked" in step(found, "settings").answer
    assert not step(found, "settings").failed


class Server:
    """A connection that answers as told, or not at all."""

    can = frozenset({AccountVerb.STOP_FORWARDING})

    def __init__(self, state):
        self.told = state

    def serves(self, account):
        return True

    def state(self, account):
        if self.told is None:
            raise Unreachable("the server does not answer")
        return self.told


def test_a_server_that_does_not_answer_is_named_and_the_step_goes_on(begun, monkeypatch):
    up = AccountState(forwarding=("forwards to “x@stranger.example”",))
    monkeypatch.setattr(standing, "account_actions", lambda: {"up": Server(up), "down": Server(None)})
    heard = ask_servers(["ann@corp.example"])["ann@corp.example"]
    assert (heard.silent, heard.all("sends_out")) == (("down",), ("forwards to “x@stranger.example”",))
    found = begun(playbook="user-compromise", people=("ann@corp.example",))
    assert "did not answer: down" in step(found, "settings").answer
    assert [one.wished.action for one in found.recommendations.all()] == ["stop-forwarding"]


@pytest.mark.parametrize(
    ("sentence", "out", "hides"),
    [
        ("forwards to “x@stranger.example” (script “main”)", True, False),
        ("forwards to “bob@corp.example” (script “main”)", False, False),
        ("Invoices: redirects to x@stranger.example, deletes", True, True),
        ("Invoices: redirects to x@stranger.example, deletes (disabled)", False, False),
        ("moves into “Newsletters” (script “main”)", False, False),
        ("moves into “RSS Feeds” (script “main”)", False, True),
        ("throws away (script “main”)", False, True),
        ("forwards by a transport rule", True, False),
    ],
)
def test_only_what_leads_outside_or_hides_mail_counts(sentence, out, hides):
    said = Standing("mail", forwarding=(), rules=(sentence,))
    assert (bool(said.sends_out), bool(said.hides)) == (out, hides)


def test_a_stranger_or_everybody_as_delegate_counts_and_a_colleague_does_not():
    told = ("everybody may read “INBOX”", "x@stranger.example may read “INBOX”", "bob@corp.example may read “INBOX”")
    assert Standing("mail", delegates=told).strangers == told[:2]
    assert not Heard().known("delegates")


def test_a_risky_account_is_told_and_speaks_against_its_owner_but_not_against_who_reports(phish, begun):
    for name in ("ann", "rita"):
        person = DirectoryPerson.objects.create(address=f"{name}@corp.example", name=name, imported_at=NOW, groups=[])
        PersonRisk.objects.create(person=person, score=90, percentile=99, level="high", state="atRisk", scored_at=NOW)
    report = {
        "Timestamp": NOW,
        "NetworkMessageId": phish,
        "RecipientEmailAddress": "rita@corp.example",
        "Action": "Reported as phish",
        "ActionType": "User reported",
        "ActionResult": "Success",
        "ReportId": "report",
    }
    lake.append("EmailPostDeliveryEvents", [report])
    found = begun(phish, playbook="reported-phish", people=("ann@corp.example",))
    assert "ann@corp.example high (90), rita@corp.example high (90)" in step(found, "risk").answer
    verdicts = dict(found.evidence.filter(type="user").values_list("value", "verdict"))
    assert (verdicts["ann@corp.example"], verdicts["rita@corp.example"]) == ("Suspicious", "Unknown")
