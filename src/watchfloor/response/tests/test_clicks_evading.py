"""Ways to write a mail so that its links slip past the rewriting: each was one."""

import time
from binascii import b2a_base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from watchfloor.response.clicks.html_links import changes
from watchfloor.response.clicks.rewriting import GivenUp, rewritten
from watchfloor.response.clicks.signed import truly_signed

LINK = '<a href="https://evil.example/x">x</a>'
PAGE = LINK.encode()


def links(text: str) -> list[str]:
    return [one.new for one in changes(text, lambda url: f"[{url}]")]


def body_of(raw: bytes) -> bytes:
    found = rewritten(raw, wrap=lambda url: "https://watch.example/click/x")
    return found.body if found else b""


@pytest.mark.parametrize(
    "before",
    [
        "<!-->",
        "<!--->",
        "<!-- x --!>",
        "<!--[if mso]><a title=' <![endif]-->",
        "<!--[if mso]><style><![endif]-->",
        "<!--[if -->",
        '</p x="><a y=">',
        '<style></stylex><a title="</style>',
        '<a x=\u00a0">',
        "<svg><style><p>",
        '<svg><style><p title="</style><a title="><a href=x>',
        '<svg><![CDATA[><a title="]]></svg>',
        '<script><!--<script></script>--><a title="</script>',
    ],
)
def test_what_a_browser_shows_as_a_link_is_protected_however_it_is_hidden(before: str):
    assert "[https://evil.example/x]" in links(before + LINK)


def test_a_page_that_leads_on_by_itself_leads_here_first():
    assert links("<meta http-equiv=refresh content=\"0; URL='https://evil.example/q'\">") == [
        "0;url=[https://evil.example/q]"
    ]
    assert links('<meta name="viewport" content="width=device-width, initial-scale=1">') == []


def test_a_link_of_xml_is_one_under_whatever_prefix():
    assert links('<svg xmlns:y="http://www.w3.org/1999/xlink"><a y:href="https://evil.example/x"/></svg>')


def test_comments_within_comments_cost_no_more_than_their_length():
    before = time.process_time()
    links("<!--[if]>" * 50_000)
    assert time.process_time() - before < 3


@pytest.mark.parametrize("charset", ["hex", "base64", "rot13", "idna", "punycode", "undefined", "no-such"])
def test_a_charset_that_mail_programs_do_not_know_keeps_no_link_from_protection(charset: str):
    assert b"watch.example" in body_of(b"Content-Type: text/html; charset=%b\r\n\r\n" % charset.encode() + PAGE)


@pytest.mark.parametrize(
    "field",
    [
        b"From: " + b"(" * 3000,
        b"Content-Type: text/html; charset*=\"\0''x%FF\"",
        b"Content-Type: text/html; a*" + b"9" * 5000 + b"=b",
        b"Content-Disposition: inline; filename*=idna''x%FF",
    ],
)
def test_a_field_that_makes_readers_fail_is_read_as_absent(field: bytes):
    raw = b"Content-Type: text/html\r\n" * (b"Content-Type" not in field) + field + b"\r\n\r\n" + PAGE
    assert b"watch.example" in body_of(raw)


@pytest.mark.parametrize("boundary", [b"boundary*=idna''x%FF", b'a="' + b";" * 300_000])
def test_a_mail_whose_parts_cannot_be_told_apart_is_given_up_at_once(boundary: bytes):
    before = time.process_time()
    with pytest.raises(GivenUp, match="header"):
        body_of(b"Content-Type: multipart/mixed; " + boundary + b"\r\n\r\n" + PAGE)
    assert time.process_time() - before < 1


def test_a_signature_of_beginnings_alone_is_refused_at_once():
    before = time.process_time()
    for end in (b"\n", b"\n\n"):
        armour = (b"-----BEGIN PGP SIGNATURE-----" + end) * 8_000
        assert not truly_signed(b"x", b"Content-Type: application/pgp-signature\r\n\r\n" + armour, sender="")
    assert time.process_time() - before < 1


def test_a_certificate_of_no_known_version_signs_nothing_and_breaks_nothing():
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 11, 23, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.EMAIL_ADDRESS, "ann@partner.example")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=9)).sign(
        key, hashes.SHA256()
    )
    content = b"Content-Type: text/plain\r\n\r\nhello\r\n"
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    signature = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(made, key, hashes.SHA256())
    der = signature.sign(Encoding.DER, options)
    version = bytes.fromhex("a003020102")
    assert der.count(version) == 1
    part = b"Content-Type: application/pkcs7-signature\r\n\r\n"
    assert truly_signed(content, part + b2a_base64(der), sender="ann@partner.example")
    broken = der.replace(version, bytes.fromhex("a003020107"))
    assert not truly_signed(content, part + b2a_base64(broken), sender="ann@partner.example")
