"""Mails made to exhaust their reader, each built in memory; sizes as in the incidents they are modelled on."""

import base64
import io
import struct
import zipfile
import zlib

HEAD = (
    b"From: Mallory <mallory@evil.example>\r\nTo: ada@corp.example\r\nSubject: bomb\r\nMessage-ID: <b@evil.example>\r\n"
)


def _attached(data: bytes, name: str, kind: str = "application/octet-stream") -> bytes:
    body = base64.encodebytes(data)
    return (
        HEAD
        + b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsee file\r\n'
        + f'--x\r\nContent-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'.encode()
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + body
        + b"\r\n--x--\r\n"
    )


def nested_mime(depth: int) -> bytes:
    return HEAD + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )


def nested_messages(depth: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"Subject: innermost\r\n\r\nhello"


def nested_mime_inside_base64() -> bytes:
    inner = base64.encodebytes(nested_mime(50_000))
    return HEAD + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + inner


def html(source: str) -> bytes:
    return HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode()


def many_recipients() -> bytes:
    to = b",\r\n ".join(b"Person %d <person%d@corp.example>" % (n, n) for n in range(20_000))
    return b"From: m@evil.example\r\nTo: " + to + b"\r\nSubject: all\r\n\r\nhello\r\n"


def long_subject() -> bytes:
    word = b"=?utf-8?B?" + base64.b64encode("Überraschung für Sie".encode()) + b"?="
    return (
        b"From: m@evil.example\r\nSubject: " + b"\r\n ".join([word] * (1_300_000 // len(word))) + b"\r\n\r\nhello\r\n"
    )


def many_headers() -> bytes:
    return HEAD + b"".join(b"X-Header-%d: value %d\r\n" % (n, n) for n in range(100_000)) + b"\r\nhello\r\n"


def many_parts() -> bytes:
    parts = b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\npart %d\r\n" % n for n in range(50_000))
    return HEAD + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + parts + b"--x--\r\n"


def huge_mail() -> bytes:
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\r\n"
    head = _attached(b"", "huge.bin")
    cut = head.index(b"base64\r\n\r\n") + len(b"base64\r\n\r\n")
    return head[:cut] + line * (100_000_000 // len(line)) + b"\r\n--x--\r\n"


def _deflated_zeros(megabytes: int, window: int) -> bytes:
    """A deflate stream of zeros, quickly: after a full flush the same bytes mean the same again."""
    packed = zlib.compressobj(9, zlib.DEFLATED, window)
    head = packed.compress(b"\x00") + packed.flush(zlib.Z_FULL_FLUSH)
    block = packed.compress(b"\x00" * (1 << 20)) + packed.flush(zlib.Z_FULL_FLUSH)
    return head + block * megabytes + packed.flush()


def zip_bomb() -> bytes:
    """A 4 GB run of zeros under the name of a document, as an archive of 4 MB."""
    data = _deflated_zeros(4095, -15)
    name, size = b"invoice.pdf", 0xFFFFFFF0
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(data), size, len(name), 0) + name + data
    central = (
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(data), size, len(name), 0, 0, 0, 0, 0, 0)
        + name
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)
    return _attached(local + central + end, "invoice.zip", "application/zip")


def crowded_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number}.txt", b"")
    return _attached(out.getvalue(), "crowd.zip", "application/zip")


def picture_bomb() -> bytes:
    """A PNG of 30,000 x 30,000 black pixels: 900 MB when decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    header = struct.pack(">2L5B", 30_000, 30_000, 1, 0, 0, 0, 0)
    pixels = _deflated_zeros(30_000 * 3_751 >> 20, 15)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return _attached(png, "qr.png", "image/png")


def pdf_bomb() -> bytes:
    stream = _deflated_zeros(200, 15)
    streams = (b"1 0 obj\n<</Type/ObjStm/Filter/FlateDecode>>\nstream\n" + stream + b"\nendstream\nendobj\n") * 20
    return _attached(b"%PDF-1.5\n" + streams + b"%%EOF", "bill.pdf", "application/pdf")


def many_words() -> bytes:
    return HEAD + b"\r\n" + b"verify your your your account account dear " * 200_000


def unclosed_quotes() -> bytes:
    return b'From: "' + b'\\"' * 30_000 + b"<<<<" * 5_000 + b"@\r\nTo: " + b"a@" * 30_000 + b"\r\n\r\nx"


def _attributes(count: int) -> str:
    return "<div " + " ".join(f"a{number}=1" for number in range(count)) + ">x"


BOMBS = {
    "500 nested multiparts": lambda: nested_mime(500),
    "3,000 nested multiparts": lambda: nested_mime(3_000),
    "50,000 nested multiparts": lambda: nested_mime(50_000),
    "100,000 nested multiparts": lambda: nested_mime(100_000),
    "900 nested multiparts": lambda: nested_mime(900),
    "50,000 nested messages of other kinds": lambda: (
        HEAD + b"Content-Type: message/global\r\n\r\n" * 50_000 + b"Subject: innermost\r\n\r\nhello"
    ),
    "150 nested multiparts": lambda: nested_mime(150),
    "50,000 nested messages": lambda: nested_messages(50_000),
    "50,000 nested multiparts inside base64": nested_mime_inside_base64,
    "10,000 nested div": lambda: html("<div>" * 10_000 + "deep"),
    "30,000 nested div": lambda: html("<div>" * 30_000 + "deep"),
    "60,000 nested div": lambda: html("<div>" * 60_000 + "deep"),
    "60,000 div whose ends a scope swallows": lambda: html("<div><object></div></object>" * 60_000),
    "60,000 div whose ends stand in comments": lambda: html("<div><!--</div>-->" * 60_000),
    "200,000 attributes": lambda: html(_attributes(200_000)),
    "200,000 nested div": lambda: html("<div>" * 200_000 + "deep"),
    "200,000 nested font": lambda: html("".join(f"<font size={n}>" for n in range(200_000))),
    "2 MB of paragraphs in deep fonts": lambda: html(
        "".join(f"<font size={n}>" for n in range(490)) + "<p>x" * 400_000
    ),
    "200,000 links": lambda: html(
        "<a href='http://x.example/%s'>x</a>" * 1 + "<a href=http://evil.example/1>y</a>" * 200_000
    ),
    "200,000 hidden spans": lambda: html(
        "<span style='display:none'>h" * 400 + "<i style='display:none'>x</i>" * 60_000
    ),
    "20,000 recipients": many_recipients,
    "subject of 1.3 MB": long_subject,
    "100,000 headers": many_headers,
    "50,000 parts": many_parts,
    "mail of 100 MB": huge_mail,
    "zip bomb": zip_bomb,
    "zip of 30,000 files": crowded_zip,
    "picture of 900 megapixels": picture_bomb,
    "PDF of 4 GB": pdf_bomb,
    "9 MB of words": many_words,
    "unclosed quotes": unclosed_quotes,
}
