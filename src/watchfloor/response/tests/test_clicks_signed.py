"""What is signed in truth stays as it is; a frame that only looks signed keeps no link from being protected."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.response.clicks.der import NotDer, element
from watchfloor.response.clicks.rewriting import rewritten
from watchfloor.response.clicks.signed import truly_signed

ANN = "ann@partner.example"
CONTENT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nPay at https://signed.example/now \r\nThank you\r\n"
# Made by GnuPG over CONTENT, with a key of its own.
PGP = b"""-----BEGIN PGP SIGNATURE-----

iHUEABYIAB0WIQRbpPW42TDLqPfnuYJQEbPu6nNVOwUCawOQAgAKCRBQEbPu6nNV
OwJ2AQDUVyTJjz6isnLHT0bXDohoy85TZermZNiifSS2r+Gg6QEAnwF1esfA0HXp
e+rdwP/aOj0av8SPGBUvTSn3M2qnpww=
=r2kU
-----END PGP SIGNATURE-----"""
PGP_TEXT = b"""-----BEGIN PGP SIGNATURE-----

iHUEARYIAB0WIQRbpPW42TDLqPfnuYJQEbPu6nNVOwUCawOQAgAKCRBQEbPu6nNV
O0CTAQC4t5RszldicMr1/gZj44jzB8u5K3Mjogp/6LU/iPQUcQD+PdVL1iRXLA+E
U7YEv+SOjMkKAaUH17QBM6YGdvHdtww=
=NCPa
-----END PGP SIGNATURE-----"""
# Made by openssl cms -stream, whose lengths are open-ended: its Base64.
STREAMED = b"""MIIDlQYJKoZIhvcNAQcCoIIDhjCCA4ICAQExDTALBglghkgBZQMEAgEwCwYJKoZI
hvcNAQcBoIIBvjCCAbowggFfoAMCAQICFASBo2cDa3civdKFu4Ij3Ufwnm+oMAoG
CCqGSM49BAMCMDIxDDAKBgNVBAMMA0FubjEiMCAGCSqGSIb3DQEJARYTYW5uQHBh
cnRuZXIuZXhhbXBsZTAeFw0yNjExMjMwMDU5NDZaFw0zNjExMjAwMDU5NDZaMDIx
DDAKBgNVBAMMA0FubjEiMCAGCSqGSIb3DQEJARYTYW5uQHBhcnRuZXIuZXhhbXBs
ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOyKTO8MB4QRgTbKK8+LqHcZJDv+
PoO0d4p1qMMXI4L9IUlq2cvQHk1GqACRcL/faVeq7ZvKJEGu6rkG1LEjqamjUzBR
MB0GA1UdDgQWBBQmvoNHCobmxfcgCamslLx5FIlAmzAfBgNVHSMEGDAWgBQmvoNH
CobmxfcgCamslLx5FIlAmzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kA
MEYCIQCZaFS/RcXIiDcBm3btOxzCYgdvsTy83ssOlfSQhRErfAIhAM6umGjFvWqm
O6t4bpAJbcxWn+L12m7ly/ldyJhTxJWmMYIBnTCCAZkCAQEwSjAyMQwwCgYDVQQD
DANBbm4xIjAgBgkqhkiG9w0BCQEWE2FubkBwYXJ0bmVyLmV4YW1wbGUCFASBo2cD
a3civdKFu4Ij3Ufwnm+oMAsGCWCGSAFlAwQCAaCB5DAYBgkqhkiG9w0BCQMxCwYJ
KoZIhvcNAQcBMBwGCSqGSIb3DQEJBTEPFw0yNjExMjMwMDU5NDZaMC8GCSqGSIb3
DQEJBDEiBCDQSUWLn6Dl63/EoUveRTFzeoTbPAiAorUUzF/tow12JzB5BgkqhkiG
9w0BCQ8xbDBqMAsGCWCGSAFlAwQBKjALBglghkgBZQMEARYwCwYJYIZIAWUDBAEC
MAoGCCqGSIb3DQMHMA4GCCqGSIb3DQMCAgIAgDANBggqhkiG9w0DAgIBQDAHBgUr
DgMCBzANBggqhkiG9w0DAgIBKDAKBggqhkjOPQQDAgRIMEYCIQD33xMj47KXUi/3
ZA51EgTVyeQDamiSTbi/Nwg+lbX7CAIhAMBMkUrBhPUCnAsI+v/wZBxMo4kXDfRG
Pzz4Zmnb26cS"""


def certificate(key, address=ANN):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann")])
    now = datetime(2026, 11, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=90)
    )
    named = x509.SubjectAlternativeName([x509.RFC822Name(address)])
    return made.add_extension(named, critical=False).sign(key, hashes.SHA256())


@pytest.fixture(scope="module", params=["rsa", "ec"])
def smime(request):
    """A signature over CONTENT as mail carries it."""
    key = rsa.generate_private_key(65537, 2048) if request.param == "rsa" else ec.generate_private_key(ec.SECP256R1())
    made = pkcs7.PKCS7SignatureBuilder(CONTENT).add_signer(certificate(key), key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return base64.encodebytes(made.sign(Encoding.DER, options))


def part(kind: str, body: bytes) -> bytes:
    return f"Content-Type: application/{kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + body


def mail(signature: bytes, *, content: bytes = CONTENT, sender: str = ANN) -> bytes:
    return (
        f"From: Ann <{sender}>\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n".encode()
        + b"--s\r\n" + content + b"\r\n--s\r\n" + signature + b"\r\n--s--\r\n"
    )  # fmt: skip


def wrap(url: str) -> str:
    return "https://wf.example/click/token"


def protects(raw: bytes, **how: bool) -> bool:
    return rewritten(raw, wrap=wrap, **how) is not None


def test_what_is_signed_by_its_sender_keeps_every_byte(smime):
    assert not protects(mail(part("pkcs7-signature", smime)))
    assert not protects(mail(part("x-pkcs7-signature", smime)))


def test_a_policy_may_protect_it_all_the_same(smime):
    assert protects(mail(part("pkcs7-signature", smime)), keeps_signed=False)


@pytest.mark.parametrize("change", ["content", "sender", "signature", "third part", "no signature"])
def test_what_only_looks_signed_is_protected(smime, change):
    good = part("pkcs7-signature", smime)
    raw = {
        "content": mail(good, content=CONTENT.replace(b"signed.example", b"evil.example")),
        "sender": mail(good, sender="boss@corp.example"),
        "signature": mail(good[:-40] + b"A" * 39 + b"\n"),
        "third part": mail(good + b"\r\n--s\r\n\r\nhttps://evil.example/"),
        "no signature": mail(b"Content-Type: text/plain\r\n\r\nsigned, I swear"),
    }[change]
    assert protects(raw)


def test_a_signature_of_unknown_length_is_read_as_openssl_writes_it():
    assert truly_signed(CONTENT, part("pkcs7-signature", STREAMED), sender=ANN)
    assert not truly_signed(CONTENT + b"x", part("pkcs7-signature", STREAMED), sender=ANN)


@pytest.mark.parametrize("signature", [PGP, PGP_TEXT])
def test_a_signature_of_gnupg_fits_the_bytes_it_signs_and_no_others(signature):
    assert truly_signed(CONTENT, part("pgp-signature", signature), sender="anybody@x.example")
    assert not truly_signed(CONTENT + b"x", part("pgp-signature", signature), sender=ANN)
    assert protects(
        mail(part("pgp-signature", b"-----BEGIN PGP SIGNATURE-----\r\n\r\nAAAA\r\n-----END PGP SIGNATURE-----"))
    )


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_no_signature_and_nothing_worse(data):
    for kind in ("pkcs7-signature", "pgp-signature"):
        armoured = b"-----BEGIN PGP SIGNATURE-----\n\n" + base64.b64encode(data) + b"\n-----END PGP SIGNATURE-----"
        for body in (data, base64.encodebytes(data), armoured):
            assert not truly_signed(CONTENT, part(kind, body), sender=ANN)


def test_structures_inside_one_another_end_at_a_depth():
    for data in (b"\x30\x80" * 5000, b"", b"\x30", b"\x30\x85" + b"\xff" * 5, b"\x1f\x01\x00"):
        with pytest.raises(NotDer):
            element(data)
