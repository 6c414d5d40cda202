import email
import email.policy
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.demo.mailmaker import Attached, Letter, write
from watchfloor.demo.organisation import found_organisation
from watchfloor.demo.stories import stopped_clicks, stories
from watchfloor.demo.traffic import ordinary_mail

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def organisation():
    return found_organisation(7)


def read(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.SMTP)


def test_the_same_seed_makes_the_same_people_and_another_seed_others():
    assert found_organisation(7) == found_organisation(7)
    assert found_organisation(7) != found_organisation(8)


def test_sixty_people_have_sixty_addresses_and_everybody_but_the_director_a_manager(organisation):
    addresses = {person.address for person in organisation.employees}
    assert len(addresses) == 60
    without = [person for person in organisation.employees if not person.manager]
    assert [person.title for person in without] == ["Managing Director"]
    assert all(person.manager in addresses for person in organisation.employees if person.manager)


def test_the_same_seed_writes_the_same_bytes(organisation):
    def run():
        return [write(one.letter) for one in ordinary_mail(organisation, count=200, end=NOW, days=30, seed=3)]

    assert run() == run()


def test_ordinary_mail_is_valid_and_lies_inside_its_days_in_order(organisation):
    made = list(ordinary_mail(organisation, count=400, end=NOW, days=30, seed=3))
    moments = [one.letter.at for one in made]
    assert moments == sorted(moments)
    assert NOW - timedelta(days=30) <= moments[0]
    assert moments[-1] < NOW
    ids = set()
    for one in made:
        message = read(write(one.letter))
        assert not message.defects
        assert message["From"].addresses[0].addr_spec == one.letter.sender[1]
        assert {a.addr_spec for a in message["To"].addresses} >= set(one.recipients)
        assert "{" not in message["Subject"]
        ids.add(message["Message-ID"])
    assert len(ids) == len(made)


def test_weekdays_carry_most_of_the_mail(organisation):
    made = ordinary_mail(organisation, count=2000, end=NOW, days=28, seed=5)
    days = Counter(one.letter.at.weekday() > 4 for one in made)
    assert days[False] > 10 * days[True]


def test_there_are_three_stories_oldest_first_and_the_phish_reaches_fourteen_of_whom_two_click(organisation):
    told = list(stories(organisation, end=NOW, seed=7))
    assert [one.title for one in told] == ["Invoice malware", "Credential phish", "Compromised mailbox"]
    phish = told[1]
    assert len({one.recipients[0] for one in phish.deliveries}) == 14
    assert len(phish.clicks) == 2
    for click in phish.clicks:
        mail = next(one for one in phish.deliveries if one.recipients == (click.address,))
        assert click.at > mail.letter.at
        assert click.address in click.url


def test_the_compromised_colleague_does_not_write_to_themself(organisation):
    told = list(stories(organisation, end=NOW, seed=7))[2]
    sender = told.deliveries[0].letter.sender[1]
    assert sender in {person.address for person in organisation.employees}
    assert all(sender not in one.recipients for one in told.deliveries)


def test_an_attachment_comes_out_of_the_message_as_it_went_in():
    attached = Attached("offer.pdf", "application/pdf", "pdf", variant="42")
    letter = Letter(
        sender=("Zoë Grün", "zoe@corp.example"),
        to=[("Ada", "ada@corp.example")],
        subject="Angebot für Köln",
        at=NOW,
        message_id="<1@corp.example>",
        body="Grüße",
        attachments=[attached],
        mail_host="mx.corp.example",
        client_ip="198.51.100.1",
    )
    message = read(write(letter))
    assert message["Subject"] == "Angebot für Köln"
    assert message["From"].addresses[0].display_name == "Zoë Grün"
    assert message.get_body().get_content().strip() == "Grüße"
    (part,) = message.iter_attachments()
    assert part.get_filename() == "offer.pdf"
    assert part.get_content() == attached.content


def test_some_everyday_phish_in_the_junk_folder_is_clicked_and_stopped(organisation):
    ordinary = list(ordinary_mail(organisation, count=2000, end=NOW, days=28, seed=5))
    clicks = list(stopped_clicks(ordinary))
    assert clicks
    for click in clicks:
        (mail,) = (one for one in ordinary if click.url in one.letter.html and click.address in one.recipients)
        assert click.stopped
        assert (mail.folder, mail.doubtful) == ("Junk", False)
        assert (click.address, click.at > mail.letter.at) == (mail.recipients[0], True)


def test_the_border_judges_programs_and_the_doubtful_mail_of_the_last_fortnight(organisation):
    ordinary = list(ordinary_mail(organisation, count=6000, end=NOW, days=28, seed=5))
    asked = [one for one in ordinary if one.doubtful]
    assert {one.letter.subject.partition(" ")[0] for one in asked} == {"Your", "Unpaid"}
    assert min(one.letter.at for one in asked if not one.letter.attachments) >= NOW - timedelta(days=14)
