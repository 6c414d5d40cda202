"""A judged mail tells whom it poses as and what it is after; any other mail tells nothing of the kind."""

import pytest

from watchfloor.inspection.tests.letters import html_letter, letter, read

LURE = "<p>Dear customer, verify your account within 24 hours or it will be closed.</p><a href='https://x.web.app/login'>Verify now</a>"


def facts_of(raw):
    return read(raw).facts


def test_a_name_of_ours_from_outside_is_the_impersonated_user():
    found = facts_of(html_letter(LURE, sender="Max Planck <boss@gmail.com>"))
    assert found["impersonated_user"] == "max@corp.example"
    assert "impersonated_domain" not in found


def test_a_look_alike_of_our_domain_is_the_impersonated_domain():
    assert facts_of(html_letter(LURE, sender="IT <it@c0rp.example>"))["impersonated_domain"] == "corp.example"


def test_a_claimed_brand_gives_its_main_domain():
    found = facts_of(html_letter(LURE, sender="PayPal Service <info@evil.example>"))
    assert found["impersonated_domain"] == "paypal.com"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("Are you available? Please buy some gift cards and send me the codes.", "Gift card"),
        ("Quick task: please update my direct deposit for payroll.", "Payroll"),
        ("Please process a payment today, new bank details attached.", "Invoice"),
        ("Quick task for you, are you available?", "Task"),
        ("Please verify your account.", "PII gathering"),
    ],
)
def test_the_request_is_named_as_defender_names_it(body, kind):
    raw = letter(body, sender="Max Planck <boss.max@gmail.com>", extra=("Reply-To: other.max@gmail.com",))
    assert facts_of(raw)["threat_classification"] == kind


def test_an_ordinary_mail_tells_of_no_intent():
    assert not {"impersonated_user", "impersonated_domain", "threat_classification"} & set(facts_of(letter()))
