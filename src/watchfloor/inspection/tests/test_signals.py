"""Each signal fires on what it is for, names what it saw, and leaves honest mail alone."""

import base64

import pytest

from watchfloor.inspection.contracts import TenantFacts, ThreatType
from watchfloor.inspection.likeness import looks_like, one_off
from watchfloor.inspection.tests.letters import FACTS, RECEIVED, html_letter, letter, read, signals_of

EVIL = "https://evil.example/login"


def test_an_ordinary_mail_has_no_reason_against_it():
    found = read(letter())
    assert found.verdict.reasons == ()
    assert found.verdict.threat_types == ()
    assert found.verdict.confidence is None


@pytest.mark.parametrize(
    ("sender", "signal", "words"),
    [
        ("PayPal Service <x@evil.example>", "brand_display_name", "claims PayPal, but the address is at evil.example"),
        ("Μіcrosoft Team <x@evil.example>", "brand_display_name", "claims Microsoft"),
        ("Pay\u200bPal <x@evil.example>", "sender_disguised", "look-alike or invisible letters"),
        ("Support <paypal-help@evil.example>", "brand_address", "carries the name PayPal"),
        ("Ada Lovelace <ada.lovelace@gmail.com>", "own_person_outside", "is that of Ada Lovelace (ada@corp.example)"),
        ("LOVELACE Ada <x@evil.example>", "own_person_outside", "from x@evil.example"),
        ("Ada <x@c0rp.example>", "own_domain_lookalike", "c0rp.example looks like our own corp.example"),
        ("Ada <ada@corp.example>", "own_domain_forged", "our own domain corp.example"),
        ('"it@bank.example" <x@evil.example>', "sender_two_addresses", "shows it@bank.example"),
        ("Bo <bo@mail24.host77.example>", "sender_digits", "numbered"),
        ("Bo <bo@offers.xyz>", "sender_risky_ending", ".xyz"),
        ("Bo <bo@shop.web.app>", "sender_free_hosting", "free hosting"),
        ("Ada Lovelace", "no_sender", "no sender address"),
        ("🎁 Bo <bo@partner.example>", "sender_emoji", "🎁"),
    ],
)
def test_false_senders_are_named(sender, signal, words):
    assert words in signals_of(letter(sender=sender))[signal]


@pytest.mark.parametrize(
    "sender",
    [
        "PayPal <service@paypal.com>",
        "Microsoft <x@email.microsoft.com>",
        "Ada Byron <ada@partner.example>",
        "Chase Miller <c@partner.example>",
    ],
)
def test_true_senders_are_left_alone(sender):
    assert signals_of(letter(sender=sender)) == {}


def test_own_people_may_write_from_inside():
    raw = letter(
        sender="Max Planck <max@corp.example>", top=("Received: from desk ([10.0.0.9]) by mx.corp.example with ESMTP",)
    )
    found = read(raw)
    assert found.direction == "Intra-org"
    assert found.verdict.reasons == ()


@pytest.mark.parametrize(
    ("domain", "like"),
    [
        ("c0ntoso.example", True),
        ("contos0.example", True),
        ("cont0so.com", True),
        ("contosso.example", True),
        ("contso.example", True),
        ("conotso.example", True),
        ("contoso-login.example", True),
        ("con-toso.example", True),
        ("contoso.support", True),
        ("xn--cntoso-xxb.example", False),
        ("contoso.example", False),
        ("fabrikam.example", False),
        ("context.example", False),
    ],
)
def test_domains_made_to_be_taken_for_ours(domain, like):
    assert looks_like(domain, "contoso.example") is like


def test_a_punycode_label_is_compared_as_it_is_shown():
    label = "xn--" + "contоso".encode("punycode").decode()
    assert looks_like(f"{label}.example", "contoso.example")


def test_short_names_only_by_lookalike_letters():
    assert looks_like("c0rp.example", "corp.example")
    assert not looks_like("carp.example", "corp.example")
    assert not looks_like("corp.support", "corp.example")


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("abc", "abd", True),
        ("abc", "acb", True),
        ("abc", "abcd", True),
        ("abc", "abc", False),
        ("abc", "xyz", False),
        ("", "a", True),
        ("abc", "abcde", False),
    ],
)
def test_one_letter_off(left, right, near):
    assert one_off(left, right) is near


@pytest.mark.parametrize(
    ("body", "signal", "words"),
    [
        (
            f"<a href='{EVIL}'>https://www.paypal.com/account</a>",
            "link_text_brand",
            "Link text says www.paypal.com but goes to evil.example",
        ),
        (
            f"<a href='{EVIL}'>portal.corp.example</a>",
            "link_text_brand",
            "says portal.corp.example but goes to evil.example",
        ),
        (f"<a href='{EVIL}'>www.partner.example</a>", "link_text_differs", "says www.partner.example"),
        ("<a href='http://203.0.113.9/x'>open</a>", "ip_url", "bare IP address"),
        ("<a href='https://bit.ly/abc'>open</a>", "shortener", "bit.ly"),
        ("<a href='https://x.web.app/'>open</a>", "free_hosting", "x.web.app (web.app)"),
        ("<a href='https://win.xyz/'>open</a>", "risky_ending", "win.xyz"),
        ("<a href='https://bücher.example/'>open</a>", "punycode_url", "xn--bcher-kva.example"),
        ("<a href='https://paypal.account.example/'>open</a>", "brand_in_link", "carries the name PayPal"),
        ("<a href='https://c0rp.example/'>open</a>", "lookalike_link", "looks like our own corp.example"),
        ("<a href='https://paypal.com@evil.example/'>open</a>", "user_in_url", "before the @ but goes to evil.example"),
        ("<a href='https://evil.example:8443/'>open</a>", "odd_port", "port 8443"),
        ("<a href='https://evil.example/?u=ada@corp.example'>open</a>", "recipient_in_url", "ada@corp.example"),
        ("<a href='javascript:steal()'>open</a>", "script_url", "javascript:steal()"),
        ("<form action='https://evil.example/'><input type=password></form>", "password_field", "asks for a password"),
        ("<form action='https://evil.example/'><input></form>", "form", "https://evil.example/"),
        ("<img src='https://i.imgur.com/x.png'>", "hotlinked_picture", "imgur.com"),
        (f"<a href='{EVIL}'><img src='cid:1'></a>", "linked_image_only", "picture"),
        (f"<p>hello <a href='{EVIL}'>open</a></p>", "short_foreign_link", "10 characters"),
        ("<div style='display:none'>" + "ham words " * 100 + "</div>", "much_hidden_text", "999 characters"),
        ("<div style='display:none'>" + "ham words " * 40 + "</div>", "hidden_text", "styled out of sight"),
    ],
)
def test_what_links_and_make_up_give_away(body, signal, words):
    assert words in signals_of(html_letter(body))[signal]


@pytest.mark.parametrize(
    "body",
    [
        "<a href='https://portal.corp.example/x?u=ada@corp.example'>portal.corp.example</a>"
        + "long enough text. " * 40,
        "<a href='https://www.partner.example/'>www.partner.example</a>" + "long enough text. " * 40,
        "<a href='https://partner.example/file'>minutes.pdf</a>" + "long enough text. " * 40,
        "<a href='https://www.paypal.com/x'>paypal.com</a>" + "long enough text. " * 40,
    ],
)
def test_honest_links_give_no_reason(body):
    assert signals_of(html_letter(body)) == {}


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        (f"Please verify your account: {EVIL}", "account_call"),
        (f"Ihr Konto wurde gesperrt, bitte bestätigen Sie Ihre Daten: {EVIL}", "account_call"),
        (f"Votre compte a été suspendu {EVIL}", "account_call"),
        (f"Su cuenta ha sido suspendida {EVIL}", "account_call"),
        (f"Confirme sus datos {EVIL}", "account_call"),
        (f"Verifica il tuo account {EVIL}", "account_call"),
        (f"Bevestig uw gegevens {EVIL}", "account_call"),
        (f"подтвердите ваш пароль {EVIL}", "account_call"),
        (f"アカウントが停止されました {EVIL}", "account_call"),
        (f"验证您的账户 {EVIL}", "account_call"),
        ("Please verify your account by phone.", "account_words"),
        (f"Act within 24 hours: {EVIL}", "haste_words"),
        (f"Dringend! {EVIL}", "haste_words"),
        ("Congratulations, you have won a gift card", "prize_words"),
        ("Dear valued customer, hello", "generic_greeting"),
        ("Sehr geehrter Kunde, hallo", "generic_greeting"),
        ("Your parcel could not be delivered", "parcel_words"),
        ("Your subscription has expired", "payment_words"),
        ("Enter your recovery phrase", "wallet_words"),
        ("I recorded a video of you, pay in bitcoin", "extortion_words"),
        ("Can you buy some gift cards for me", "gift_card_request"),
        ("Are you available? Quick task.", "errand_words"),
        ("Free spins at our casino", "gambling_words"),
        ("Lose weight with this miracle", "health_words"),
        ("Limited time offer, order now", "offer_words"),
        (
            "I am the barrister at law of your late client; 4.5 million dollars for the next of kin. God bless",
            "fortune_story",
        ),
        ("Click here to unsubscribe", "bulk"),
    ],
)
def test_word_families_speak_many_languages(text, signal):
    assert signal in signals_of(letter(text))


def test_disguised_words_are_read_as_they_look():
    assert "account_call" in signals_of(
        letter(f"Please ver\u200bify your acc\u0456ount: {EVIL}".replace("acc\u0456ount", "\u0430ccount"))
    )


@pytest.mark.parametrize(
    ("subject", "signal", "words"),
    [
        ("URGENT: pay", "subject_urgent", "urgent"),
        ("THIS IS VERY LOUD INDEED", "subject_shouting", "LOUD"),
        ("Hello!", "subject_exclaims", "Hello!"),
        ("🎁 for you", "subject_emoji", "🎁"),
        ("Re: our talk", "fake_reply", "pretends to answer"),
        ("ada@corp.example, look", "recipient_in_subject", "ada@corp.example"),
        ("Notice GGT457BV95526", "subject_code", "GGT457BV95526"),
        ("Pa\u200bypal", "hidden_letters", "invisible"),
        ("P\u0430ypal", "hidden_letters", "look-alike"),
        ("𝗕𝗮𝗻𝗸 notice", "hidden_letters", "look-alike"),
    ],
)
def test_subjects_give_away(subject, signal, words):
    assert words in signals_of(letter(subject=subject))[signal]


def test_an_answer_to_a_mail_is_no_fake_reply():
    assert signals_of(letter(subject="Re: our talk", extra=("In-Reply-To: <0@corp.example>",))) == {}


@pytest.mark.parametrize(
    ("reply", "signal"),
    [
        ("bo.b@gmail.com", "reply_to_free_mail"),
        ("bo@other.example", "reply_to_elsewhere"),
        ("bo@partner.example", None),
        ("x@mail.partner.example", None),
    ],
)
def test_answers_that_go_elsewhere(reply, signal):
    assert set(signals_of(letter(extra=(f"Reply-To: {reply}",)))) == ({signal} if signal else set())


@pytest.mark.parametrize(
    ("results", "signals"),
    [
        ("dmarc=fail; spf=fail; dkim=fail", {"dmarc_fail", "spf_fail", "dkim_fail"}),
        ("spf=softfail; dkim=none", {"composite_fail", "spf_fail"}),
        ("dmarc=pass; spf=pass; dkim=pass", set()),
        ("spf=none", set()),
    ],
)
def test_failed_authentication_is_evidence_and_passed_is_none(results, signals):
    raw = letter(top=(f"Authentication-Results: mx.corp.example; {results}", RECEIVED))
    assert set(signals_of(raw)) == signals


def test_two_from_headers_are_evidence():
    assert "2 From headers" in signals_of(letter(extra=("From: Other <o@other.example>",)))["several_from"]


def test_the_spam_test_string_is_spam():
    text = base64.b64decode(
        "WEpTKkM0SkRCUUFETjEuTlNCTjMqMklETkVOKkdUVUJFLVNUQU5EQVJELUFOVEktVUJFLVRFU1QtRU1BSUwqQy4zNFg="
    ).decode()
    assert read(letter(text)).verdict.threat_types == (ThreatType.SPAM,)


@pytest.mark.parametrize(
    ("entry", "threat"),
    [
        ("sender:bo@partner.example", ThreatType.PHISH),
        ("domain:partner.example", ThreatType.PHISH),
        ("domain:evil.example", ThreatType.PHISH),
        ("url:https://www.evil.example/login", ThreatType.PHISH),
        ("url:www.evil.example/login", ThreatType.PHISH),
    ],
)
def test_blocked_entries_decide_and_are_named(entry, threat):
    facts = TenantFacts(own_domains=FACTS.own_domains, blocked=frozenset({entry}))
    found = read(letter("see https://www.evil.example/login"), facts=facts)
    assert found.verdict.threat_types == (threat,)
    assert "block list" in found.verdict.reasons[0].words


def test_a_blocked_domain_blocks_no_other_that_ends_like_it():
    facts = TenantFacts(
        own_domains=FACTS.own_domains, blocked=frozenset({"domain:artner.example", "domain:other.example"})
    )
    assert read(letter(), facts=facts).verdict.reasons == ()
