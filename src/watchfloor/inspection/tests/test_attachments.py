"""Attachments say what they are, what they hold and what speaks against them."""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile

import pytest

from watchfloor.inspection import archives, file_types, macros, ovba
from watchfloor.inspection.archives import list_archive, member
from watchfloor.inspection.contracts import Confidence, TenantFacts, ThreatType
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.tests.letters import FACTS, read, signals_of, with_file

EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")
PROGRAM = b"MZ" + b"\x00" * 58 + b"\x40\x00\x00\x00PE\x00\x00\x4c\x01" + b"\x00" * 200
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """The same archive with the encryption flag set in both headers, as scanners see it."""
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    changed = bytearray(data)
    changed[local + 6] |= 1
    changed[central + 8] |= 1
    return bytes(changed)


def test_an_attachment_carries_hash_size_and_real_type():
    found = read(with_file(PDF, "minutes.pdf")).attachments[0]
    assert found.sha256 == hashlib.sha256(PDF).hexdigest()
    assert (found.file_name, found.extension, found.file_type, found.size) == (
        "minutes.pdf",
        "pdf",
        "application/pdf",
        len(PDF),
    )
    assert found.threat_types == ()


def test_the_test_virus_is_malware_by_its_hash():
    found = read(with_file(EICAR, "test.com"))
    assert found.verdict.threat_types == (ThreatType.MALWARE,)
    assert found.verdict.confidence is Confidence.HIGH
    assert found.verdict.threat_names == ("EICAR-Test-File",)
    assert found.verdict.detection_methods == ("Antimalware protection",)
    assert found.attachments[0].threat_name == "EICAR-Test-File"


def test_the_test_virus_is_found_inside_a_zip():
    assert "known_bad_file" in signals_of(with_file(zipped(("a.txt", b"x"), ("eicar.txt", EICAR)), "files.zip"))


@pytest.mark.parametrize(
    ("name", "data", "signal", "word"),
    [
        ("invoice.exe", PROGRAM, "executable_attachment", "invoice.exe"),
        ("invoice.js", b"var a = 1;", "executable_attachment", "invoice.js"),
        ("invoice.dat", PROGRAM, "executable_attachment", "program"),
        ("invoice.pdf.exe", PROGRAM, "double_extension", "second extension"),
        ("invoice\u202efdp.exe", PROGRAM, "double_extension", "right-to-left"),
        (
            "invoice.pdf",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00",
            "type_mismatch",
            ".pdf but its content is image/gif",
        ),
        ("setup.iso", b"\x00" * 40_000, "disk_image", "disk image"),
        ("login.html", b"<form><input type=password>", "html_login_attachment", "asks for a password"),
        ("doc.html", b"<script>x=atob('aGk=')</script>", "html_smuggling", "atob"),
        ("doc.html", b"<p>hello</p>", "html_attachment", "web page"),
    ],
)
def test_dangerous_files_are_named_with_their_danger(name, data, signal, word):
    assert word in signals_of(with_file(data, name))[signal]


@pytest.mark.parametrize("name", ["report.final.pdf", "v1.2.pdf", "backup.tar.gz", "photo.jpg", "a.b.c.txt"])
def test_ordinary_dots_are_no_double_extension(name):
    assert not file_types.has_double_extension(name)


@pytest.mark.parametrize(
    ("name", "extension"), [("A.PDF", "pdf"), ("a", ""), (".profile", ""), ("a.exe. ", "exe"), ("a." + "x" * 30, "")]
)
def test_extensions_are_read_as_windows_reads_them(name, extension):
    assert file_types.extension_of(name) == extension


def test_a_program_inside_an_archive_is_malware():
    found = read(with_file(zipped(("readme.txt", b"hi"), ("run/invoice.scr", PROGRAM)), "invoice.zip"))
    assert found.verdict.threat_types == (ThreatType.MALWARE,)
    assert '"run/invoice.scr"' in found.verdict.reasons[0].words
    assert found.attachments[0].threat_types == (ThreatType.MALWARE,)


def test_an_encrypted_archive_alone_is_only_suspicious():
    found = read(with_file(encrypted(zipped(("a.txt", b"secret text"))), "files.zip"))
    assert "encrypted_archive" in {reason.signal for reason in found.verdict.reasons}
    assert found.verdict.threat_types == ()


@pytest.mark.parametrize(
    "text", ["The password is 4711.", "Passwort: 4711", "Archive pass 4711", "mot de passe : abcd"]
)
def test_an_encrypted_archive_with_its_password_beside_it_is_malware(text):
    found = read(with_file(encrypted(zipped(("a.txt", b"secret text"))), "files.zip", body=text))
    assert found.verdict.threat_types == (ThreatType.MALWARE,)


def test_a_zip_lists_its_names_without_unpacking():
    listing = list_archive(zipped(("a.txt", b"x" * 1000), ("b/c.txt", b"")), Limits())
    assert [(entry.name, entry.size) for entry in listing.entries] == [("a.txt", 1000), ("b/c.txt", 0)]
    assert listing.declared == 1000


def test_a_zip_without_its_directory_is_listed_by_its_files():
    data = zipped(("a.exe", b"x" * 10), ("b.txt", b"y"))
    cut = data[: data.index(b"PK\x01\x02")]
    assert [entry.name for entry in list_archive(cut, Limits()).entries] == ["a.exe", "b.txt"]


def test_a_member_is_unpacked_only_to_the_limit():
    data = zipped(("big", b"\x00" * 5_000_000))
    entry = list_archive(data, Limits()).entries[0]
    assert member(data, entry, 1_000) == b"\x00" * 1_000
    assert archives.inflate(b"\xff\xff no deflate", 10) == b""


def test_tar_and_gzip_are_listed():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("inside.js")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    tar = out.getvalue()
    assert [entry.name for entry in list_archive(tar, Limits()).entries] == ["inside.js"]
    assert [entry.name for entry in list_archive(gzip.compress(tar), Limits()).entries] == ["inside.js"]
    assert "executable_in_archive" in signals_of(with_file(gzip.compress(tar), "a.tar.gz"))


@pytest.mark.parametrize(
    "head",
    [
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"PK\x01\x02",
        b"Rar!\x1a\x07\x01\x00",
        b"Rar!\x1a\x07\x00",
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08\x08",
    ],
)
@pytest.mark.parametrize("rest", [b"", b"\xff" * 100, b"\x00" * 100])
def test_no_broken_archive_makes_listing_fail(head, rest):
    assert list_archive(head + rest, Limits()) is not None


def test_what_is_no_archive_has_no_listing():
    assert list_archive(b"hello", Limits()) is None


def _vba(source: bytes) -> bytes:
    """A VBA module as Office stores it: chunks of literals behind the marker every module begins with."""
    body = b"".join(b"\x00" + source[at : at + 8] for at in range(0, len(source), 8))
    return b"\x01" + (0xB000 | len(body) - 1).to_bytes(2, "little") + body


AUTO = _vba(b'Attribute VB_Name = "M"\r\nSub AutoOpen()\r\nShell "calc"\r\nEnd Sub\r\n')
QUIET = _vba(b'Attribute VB_Name = "M"\r\nSub Tidy()\r\nEnd Sub\r\n')


def test_compressed_macro_source_is_read():
    assert b"Sub AutoOpen()" in ovba.decompress(AUTO, 0)


def test_a_copy_token_repeats_what_was_written():
    # Three literals and one copy of six from three back: "abcabcabc" (MS-OVBA 2.4.1.3).
    body = b"\x08abc" + ((2 << 12) | 3).to_bytes(2, "little")
    assert ovba.decompress(b"\x01" + (0xB000 | len(body) - 1).to_bytes(2, "little") + body, 0) == b"abcabcabc"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (zipped(("word/vbaProject.bin", b"junk" + AUTO)), (True, "AutoOpen")),
        (zipped(("word/vbaProject.bin", b"junk" + QUIET)), (True, "")),
        (zipped(("word/document.xml", b"<x/>")), (False, "")),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600 + AUTO, (True, "AutoOpen")),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 600, (False, "")),
    ],
)
def test_macros_are_found_and_whether_they_start_themselves(data, found):
    assert macros.macros_of(data, Limits()) == found


def test_a_document_that_runs_by_itself_is_malware_and_a_quiet_one_is_not():
    auto = read(with_file(zipped(("word/vbaProject.bin", b"junk" + AUTO)), "offer.docm"))
    quiet = read(with_file(zipped(("word/vbaProject.bin", b"junk" + QUIET)), "sheet.xlsm"))
    assert auto.verdict.threat_types == (ThreatType.MALWARE,)
    assert "AutoOpen" in auto.verdict.reasons[0].words
    assert quiet.verdict.threat_types == ()


def test_a_blocked_hash_is_malware():
    facts = TenantFacts(own_domains=FACTS.own_domains, blocked=frozenset({f"sha256:{hashlib.sha256(PDF).hexdigest()}"}))
    found = read(with_file(PDF, "minutes.pdf"), facts=facts)
    assert found.verdict.threat_types == (ThreatType.MALWARE,)
    assert "block list" in found.verdict.reasons[0].words


def test_an_archive_bomb_is_named_by_its_sizes():
    data = zipped(("zeros", b"\x00" * (120 << 20)))
    assert "unpacks to 120 MB" in signals_of(with_file(data, "zeros.zip"))["archive_bomb"]
