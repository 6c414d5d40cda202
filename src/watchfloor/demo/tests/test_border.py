from datetime import UTC, datetime

import pytest

from watchfloor.demo.border import border
from watchfloor.demo.mailmaker import write
from watchfloor.demo.organisation import found_organisation
from watchfloor.demo.traffic import ordinary_mail

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def deliveries():
    return list(ordinary_mail(found_organisation(5), count=4000, end=NOW, days=28, seed=5))


def test_an_attached_program_is_held_for_whom_it_was_sent_to(db, deliveries):
    infected = next(one for one in deliveries if one.doubtful and "invoice" in one.letter.subject)
    with border() as asked:
        facts = asked.held(infected, write(infected.letter))
    assert facts["held"] == list(infected.recipients)
    assert facts["disposition"] == "quarantine"
    assert facts["quarantine"]["reason"] == "Malware"


def test_ordinary_mail_would_pass(db, deliveries):
    ordinary = next(one for one in deliveries if one.folder == "INBOX" and not one.doubtful)
    with border() as asked:
        assert asked.held(ordinary, write(ordinary.letter)) == {}
