"""Containers of every kind give their names, what they hold is looked at, and what cannot be is said."""

import base64
import gzip
import io
import tarfile
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.inspection import archives, limits, sevenzip
from watchfloor.inspection.archives import list_archive
from watchfloor.inspection.containers import members
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.macros import is_encrypted
from watchfloor.inspection.tests.letters import letter, read, signals_of, with_file
from watchfloor.inspection.tests.test_attachments import zipped
from watchfloor.inspection.tests.test_documents import picture

# Written by py7zr 1.1: setup.exe and docs/readme.txt, plain and with encrypted content; then with encrypted names.
SEVEN = base64.b64decode(
    "N3q8ryccAARlG2sbpQAAAAAAAAAWAAAAAAAAADY3sPDgAyUAGF0AJpaABYGiR7LRaDQiIbVjGbOk0ZuumC0tAOAAkAB9XQAAgTMHrg/QDrA8nzkQnHGULWw0"
    "Ilr6nmi0wrZL3cAiFI07Ph6xVZ/lJ8nehQzFgWwfZ6R/qEARY04JtlLExQ9x2USBgRiMs6UGsiz1s21u8ogyPWc4bQBxw92xOGWzqen/XipAbPCyXEwD+rLP"
    "5YPcxVS8iDz9BXx6AAAAAAAXBiABCYCFAAcLAQABISEBGAyAkQAA"
)
SEVEN_LOCKED = base64.b64decode(
    "N3q8ryccAARQ8OeAvwAAAAAAAAAWAAAAAAAAAKwHXMhypcwuZU9N+PWQtdQmA1crnehAwL3Gg774cdZQ+F6OOeAAqACXXQAAgTMHrg/QDv4RROjKuxYPpmgU"
    "S7S5XpYeRYYSa6/xZd5zeLxa30r17B+hf1LH0mQz4L3GE20XlLZbVTgir3d1cE/nooxIZnMAkeFOEZa+HUTNXAgKi1TIvuG74ImBezJqBySSKDGpYfqwDg3H"
    "9d5iHGjyNLBfaWKWQbkg/9jOasPnEmDItv7SgegjlkzsHZ3BKJdgAAAAABcGIAEJgJ8ABwsBAAEhIQEYDICpAAA="
)
SEVEN_SECRET = base64.b64decode(
    "N3q8ryccAAStb58FgAAAAAAAAAAoAAAAAAAAAGxyel7vYxWLZakpToXtvhbbGJnvb3d+Eu0biflB9T642ltvMKvoJXecPxd+6Wzz/JIzJDjpvCNPahVhaH4l"
    "BJoY1Qh7RKcVmfuZejQrDBdgHoFDCYVGC7KskccCYFqid3mJq5lJkPtHadyCHFCkQ/teVuN4D37EKVkBG4T6DVVoMsZ/UhcGEAEJcAAHCwEAASQG8QcBElMP"
    "qkSaw/ylanbDyegFTxlVqQxtAAA="
)


def rar(*names: str, locked: bool = False) -> bytes:
    """A RAR 5 archive of stored files of four bytes, by the format's own description."""

    def block(fields: bytes, data: bytes = b"") -> bytes:
        sized = bytes([len(fields)]) + fields
        return zlib.crc32(sized).to_bytes(4, "little") + sized + data

    out = b"Rar!\x1a\x07\x01\x00" + block(b"\x01\x00\x00")
    for name in names:
        letters = name.encode()
        # An extra record of type 1 says that the file is encrypted: version, flags, count, salt, vector.
        extra = b"\x24\x01\x00\x00\x0f" + b"\x00" * 32 if locked else b""
        head = b"\x02" + (b"\x03" + bytes([len(extra)]) if locked else b"\x02") + b"\x04\x00\x04\x20\x00\x00"
        out += block(head + bytes([len(letters)]) + letters + extra, b"MZ!!")
    return out + block(b"\x05\x00\x00")


def tarred(name: str, data: bytes, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def attached(raw: bytes):
    return read(raw).attachments[0]


@pytest.mark.parametrize("data", [SEVEN, SEVEN_LOCKED])
def test_a_7z_gives_its_names_and_sizes(data):
    listing = list_archive(data, Limits())
    assert [(entry.name, entry.size) for entry in listing.entries] == [("setup.exe", 800), ("docs/readme.txt", 6)]
    assert listing.encrypted == (data is SEVEN_LOCKED)


def test_a_7z_whose_names_are_encrypted_says_so():
    listing = list_archive(SEVEN_SECRET, Limits())
    assert (listing.entries, listing.encrypted, listing.opaque) == ((), True, "its names are encrypted too")
    assert attached(with_file(SEVEN_SECRET, "a.7z")).remarks == (
        "encrypted",
        "cannot be listed: its names are encrypted too",
    )


@pytest.mark.parametrize("cut", [20, 32, 60, len(SEVEN) - 10])
def test_a_damaged_7z_says_that_it_cannot_be_listed(cut):
    assert attached(with_file(SEVEN[:cut], "a.7z")).remarks[0].startswith("cannot be listed: its header")


@settings(max_examples=200, deadline=None)
@given(st.integers(32, len(SEVEN_LOCKED) - 1), st.binary(min_size=1, max_size=6))
def test_no_damage_to_a_7z_does_more_than_hide_its_names(at, damage):
    for whole in (SEVEN, SEVEN_LOCKED):
        list_archive(whole[:at] + damage + whole[at + len(damage) :], Limits())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_header_makes_the_7z_reader_fail(header):
    raw = sevenzip.MAGIC + b"\x00\x04" + bytes(4) + bytes(8) + len(header).to_bytes(8, "little") + bytes(4) + header
    list_archive(raw, Limits())


def test_a_rar_gives_its_names():
    listing = list_archive(rar("invoice.pdf.exe", "b.txt"), Limits())
    assert [entry.name for entry in listing.entries] == ["invoice.pdf.exe", "b.txt"]
    assert not listing.encrypted
    assert "executable_in_archive" in signals_of(with_file(rar("invoice.pdf.exe"), "invoice.rar"))


def test_an_encrypted_rar_says_so():
    assert list_archive(rar("a.txt", locked=True), Limits()).encrypted
    assert attached(with_file(rar("a.txt", locked=True), "a.rar")).remarks == ("encrypted",)


def test_a_rar_of_too_many_files_is_cut():
    cuts = Limits()
    listing = list_archive(rar(*(f"{number}" for number in range(limits.ARCHIVE_ENTRIES + 5))), cuts)
    assert len(listing.entries) == limits.ARCHIVE_ENTRIES
    assert cuts.hit == ("archive listing cut at 1000 entries",)


def test_a_damaged_rar_says_that_it_cannot_be_listed():
    assert (
        attached(with_file(b"Rar!\x1a\x07\x01\x00" + b"\xff" * 100, "a.rar")).remarks[0].startswith("cannot be listed")
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(8, 60), st.binary(min_size=1, max_size=6))
def test_no_damage_to_a_rar_makes_listing_fail(at, damage):
    whole = rar("a.exe", "b.txt")
    list_archive(whole[:at] + damage + whole[at + len(damage) :], Limits())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.html", b"<a href='https://deep.example/x'>x</a>"),
        ("a.txt", b"see https://deep.example/x"),
        ("a.ics", b"BEGIN:VCALENDAR\r\nURL:https://deep.exa\r\n mple/x\r\n"),
        ("a.pdf", b"%PDF-1.4\n<</URI (https://deep.example/x)>>"),
        ("a.eml", letter("go to https://deep.example/x")),
        (
            "a.mobileconfig",
            b"<?xml version='1.0'?><!DOCTYPE plist PUBLIC '-//x' 'http://www.apple.com/DTDs/p.dtd'><plist><string>https://deep.example/x</string></plist>",
        ),
    ],
)
@pytest.mark.parametrize("pack", ["bare", "zip", "zip in zip", "tar", "tgz", "gz"])
def test_urls_are_found_in_files_and_in_archives_of_them(pack, name, data):
    packed, outer = {
        "bare": lambda: (data, name),
        "zip": lambda: (zipped((name, data)), "o.zip"),
        "zip in zip": lambda: (zipped(("inner.zip", zipped((name, data)))), "o.zip"),
        "tar": lambda: (tarred(name, data), "o.tar"),
        "tgz": lambda: (tarred(name, data, "w:gz"), "o.tgz"),
        "gz": lambda: (gzip.compress(data), f"{name}.gz"),
    }[pack]()
    if pack == "gz" and name not in ("a.html", "a.txt", "a.pdf", "a.eml"):
        return  # a gzip of one file keeps no name that would say what it is
    urls = {url.url for url in read(with_file(packed, outer)).urls}
    assert urls == {"https://deep.example/x"}


def test_a_program_two_archives_down_is_found_and_named():
    raw = with_file(zipped(("inner.zip", zipped(("pay.exe", b"MZ")))), "outer.zip")
    assert '"outer.zip/inner.zip" holds the program or script "pay.exe"' in signals_of(raw)["executable_in_archive"]
    assert attached(raw).members == ("inner.zip", "inner.zip/pay.exe")


def test_archives_are_followed_to_a_depth_and_no_further():
    data = zipped(("x.txt", b"https://deep.example/"))
    for _ in range(8):
        data = zipped(("in.zip", data))
    found = read(with_file(data, "a.zip"))
    assert "archives within archives cut at depth 3" in found.limits_hit
    assert found.urls == ()


def test_what_is_unpacked_is_bounded_in_count_and_size():
    cuts = Limits()
    many = zipped(*((f"{number}.txt", b"x") for number in range(limits.MEMBERS + 20)))
    assert len(list(members(many, list_archive(many, cuts), cuts))) == limits.MEMBERS
    assert "archives unpacked only to 100 files and 16 MB" in cuts.hit
    cuts, out = Limits(), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"{number}", bytes(8 << 20))
    sizes = [len(member.data) for member in members(out.getvalue(), list_archive(out.getvalue(), cuts), cuts)]
    assert sum(sizes) <= limits.MEMBERS_BYTES
    assert max(sizes) == limits.MEMBER


def test_a_zip_that_holds_itself_ends():
    assert archives.member(SEVEN, archives.Entry("x", 1, 1, False), 10) == b""
    quine = zipped(("a.zip", b"PK\x05\x06" + bytes(18)))
    assert attached(with_file(quine, "a.zip")).members == ("a.zip",)


def test_encrypted_pdf_and_office_files_say_so():
    pdf = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R/Encrypt 5 0 R>>\n%%EOF"
    assert attached(with_file(pdf, "a.pdf")).remarks == ("encrypted PDF: its links cannot be read",)
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert is_encrypted(office)
    assert attached(with_file(office, "a.docx")).remarks == ("encrypted Office document: its content cannot be read",)
    assert attached(with_file(b"%PDF-1.7\n%%EOF", "a.pdf")).remarks == ()


def _pdf_picture(dictionary: bytes, body: bytes) -> bytes:
    head = b"%PDF-1.5\n1 0 obj\n<</Type/XObject/Subtype/Image" + dictionary + b"/Length %d>>\nstream\n" % len(body)
    return head + body + b"\nendstream\nendobj\n%%EOF"


def _pixels() -> tuple[int, int, bytes]:
    from PIL import Image

    image = Image.open(io.BytesIO(picture("https://code.example/"))).convert("L")
    return image.width, image.height, image.tobytes()


def test_a_qr_code_on_a_pdf_page_is_a_url():
    width, height, grey = _pixels()
    size = b"/Width %d/Height %d" % (width, height)
    rgb = b"".join(bytes([value]) * 3 for value in grey)
    rows = b"".join(b"\x00" + grey[at : at + width] for at in range(0, len(grey), width))
    flate = b"/Filter/FlateDecode/BitsPerComponent 8"
    for pdf in (
        _pdf_picture(b"/Filter/DCTDecode" + size, picture("https://code.example/", "JPEG")),
        _pdf_picture(flate + b"/ColorSpace/DeviceGray" + size, zlib.compress(grey)),
        _pdf_picture(flate + b"/ColorSpace/DeviceRGB" + size, zlib.compress(rgb)),
        _pdf_picture(flate + b"/DecodeParms<</Predictor 15/Columns %d>>" % width + size, zlib.compress(rows)),
    ):
        found = read(with_file(pdf, "a.pdf"))
        assert [(url.url, url.location) for url in found.urls] == [("https://code.example/", "QRCode")]


def test_a_link_whose_name_is_disguised_is_found_in_a_pdf():
    found = read(with_file(b"%PDF-1.4\n<</S/#55RI/#55R#49 (https://e.example/)>>", "a.pdf"))
    assert [url.url for url in found.urls] == ["https://e.example/"]


def test_a_qr_code_written_into_the_html_is_a_url():
    packed = base64.b64encode(picture("https://inline.example/")).decode()
    raw = letter(f"<p>scan</p><img src='data:image/png;base64,{packed}'>", kind="text/html")
    assert [(url.url, url.location) for url in read(raw).urls] == [("https://inline.example/", "QRCode")]


def test_where_an_attached_page_sends_its_reader_by_script_is_found():
    raw = with_file(b"<script>window.location.href='https://go.example/login'</script>", "voice.html")
    assert [url.url for url in read(raw).urls] == ["https://go.example/login"]


def test_padding_hides_no_program_nor_kind_of_file_among_the_names_of_an_archive():
    padded = zipped(*((f"page{n}.txt", b"x") for n in range(300)), ("disk.iso", b"x"), ("run.js", b"x"))
    (file,) = read(with_file(padded, "all.zip")).attachments
    assert len(file.members) == limits.MEMBERS
    assert {"disk.iso", "run.js"} <= set(file.members)
