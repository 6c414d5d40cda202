"""Whether a `multipart/signed` part is signed in truth: then its bytes stay as they are, or the signature breaks. Pure.

S/MIME is verified with the certificate it brings, which must be about the sender's address; who issued it is not asked, as every
house trusts others. Of OpenPGP no key comes along: it must be a signature over these very bytes, by the part of their digest that
it tells. What is neither is a frame that somebody drew around a mail, and is protected as any other.
Source: RFC 8551, RFC 5652 section 5.4, RFC 3156 section 5, RFC 9580 section 5.2.
"""

import base64
import binascii
import email.parser
import email.policy
import hashlib
import re
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from watchfloor.response.clicks.der import Element, NotDer, element

LARGEST = 256 << 10
"""Bytes of a signature with its certificates."""
MOST_CERTIFICATES = 10
_DATA, _DIGEST = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d010904")
_PSS = bytes.fromhex("2a864886f70d01010a")
_HASHES = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
    bytes.fromhex("2b0e03021a"): hashes.SHA1(),  # noqa: S303 - old signatures are real all the same
}
_PGP_HASHES = {2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224", 12: "sha3-256", 14: "sha3-512"}
_ARMOUR, _ARMOUR_ENDS = b"-----BEGIN PGP SIGNATURE-----", b"-----END PGP SIGNATURE-----"
_ARMOUR_HEAD = re.compile(_ARMOUR + rb"\r?\n(?:[^\r\n]++\r?\n)*+\r?\n")
"""Matched where the first armour begins and nowhere else: searched for at each, a signature of beginnings alone costs seconds."""
_BLANK = re.compile(rb"\r?\n\r?\n|\A\r?\n")


def truly_signed(content: bytes, signature_part: bytes, *, sender: str) -> bool:
    """Whether the second part of a `multipart/signed` signs the first, `content` (its header and body as they stand)."""
    blank = _BLANK.search(signature_part)
    if blank is None:
        return False
    fields = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(signature_part[: blank.end()])
    packed, kind = signature_part[blank.end() :][: 2 * LARGEST], fields.get_content_type()
    text = re.sub(rb"\r?\n", b"\r\n", content)
    try:
        if kind in ("application/pkcs7-signature", "application/x-pkcs7-signature"):
            return _smime(text, binascii.a2b_base64(packed), sender)
        if kind == "application/pgp-signature":
            return _pgp(text, packed)
    except (NotDer, ValueError, IndexError, KeyError, UnsupportedAlgorithm, InvalidSignature, TypeError):
        return False
    return False


def _smime(text: bytes, signature: bytes, sender: str) -> bool:
    if len(signature) > LARGEST:
        return False
    _, wrapped = element(signature).inside[:2]
    signed = wrapped.inside[0]
    certificates = [one for one in signed.inside if one.tag == 0xA0]
    known = list(_about(certificates[0], sender)) if certificates else []
    return any(_verified(signer, text, known) for signer in signed.inside[-1].inside[:5])


def _about(certificates: Element, sender: str) -> Iterator[x509.Certificate]:
    """Those of the certificates that name the sender's address."""
    for raw in certificates.inside[:MOST_CERTIFICATES]:
        try:
            one = x509.load_der_x509_certificate(raw.raw)
            named = {
                name.value.lower()
                for name in one.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)
                if isinstance(name.value, str)
            }
            try:
                more = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
                named |= {name.lower() for name in more.get_values_for_type(x509.RFC822Name)}
            except x509.ExtensionNotFound:
                pass
        except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
            continue
        if sender.lower() in named:
            yield one


def _verified(signer: Element, text: bytes, certificates: list[x509.Certificate]) -> bool:
    """One SignerInfo: version, who, digest algorithm, [0] signed attributes, signature algorithm, signature."""
    parts = signer.inside
    algorithm = _HASHES[parts[2].inside[0].content]
    digest = hashlib.new(algorithm.name, text, usedforsecurity=False).digest()
    attributes = parts[3] if parts[3].tag == 0xA0 else None
    method, signature = parts[4 if attributes else 3], parts[5 if attributes else 4].octets()
    if attributes is not None:
        told = [one.inside[1].inside[0].octets() for one in attributes.inside if one.inside[0].content == _DIGEST]
        if told != [digest]:
            return False
        digest = hashlib.new(algorithm.name, b"\x31" + attributes.raw[1:], usedforsecurity=False).digest()
    return any(_signs(one, signature, digest, algorithm, method) for one in certificates)


def _signs(
    certificate: x509.Certificate, signature: bytes, digest: bytes, algorithm: hashes.HashAlgorithm, method: Element
) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
            how = pss if method.inside[0].content == _PSS else padding.PKCS1v15()
            key.verify(signature, digest, how, Prehashed(algorithm))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(Prehashed(algorithm)))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _pgp(text: bytes, armoured: bytes) -> bool:
    begins = armoured.find(_ARMOUR, 0, LARGEST)
    head = _ARMOUR_HEAD.match(armoured, begins, LARGEST) if begins >= 0 else None
    end = armoured.find(_ARMOUR_ENDS, head.end(), LARGEST) if head else -1
    if head is None or end < 0:
        return False
    lines = [line for line in armoured[head.end() : end].split() if not line.startswith(b"=")]
    return _packet_fits(_packet(base64.b64decode(b"".join(lines), validate=True)), text)


def _packet(data: bytes) -> bytes:
    """The body of a signature packet (tag 2), of the old or the new format."""
    first, second = data[0], data[1]
    if first & 0xC0 == 0xC0 and first & 0x3F == 2:
        if second < 192:
            return data[2 : 2 + second]
        if second < 224:
            return data[3 : 3 + ((second - 192) << 8) + data[2] + 192]
        return data[6 : 6 + int.from_bytes(data[2:6], "big")] if second == 255 else b""
    if first & 0xC0 == 0x80 and first >> 2 & 0x0F == 2 and first & 3 < 3:
        size = 1 << (first & 3)
        return data[1 + size : 1 + size + int.from_bytes(data[1 : 1 + size], "big")]
    return b""


def _packet_fits(packet: bytes, text: bytes) -> bool:
    """Version 4 and 6: the first two bytes of the digest stand in the clear, behind the subpackets."""
    version, kind, algorithm = packet[0], packet[1], packet[3]
    if version not in (4, 6) or kind not in (0, 1):
        return False
    size = 2 if version == 4 else 4
    end = 4 + size + int.from_bytes(packet[4 : 4 + size], "big")
    rest = end + size + int.from_bytes(packet[end : end + size], "big")
    salt = packet[rest + 3 : rest + 3 + packet[rest + 2]] if version == 6 else b""
    trailer = bytes([version, 0xFF]) + end.to_bytes(4, "big")
    digest = hashlib.new(_PGP_HASHES[algorithm], salt + text + packet[:end] + trailer, usedforsecurity=False).digest()
    return len(packet) > rest + 10 and digest[:2] == packet[rest : rest + 2]
