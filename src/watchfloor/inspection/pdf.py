"""What a PDF gives away without being rendered: the targets of its links, the pictures on its pages, encryption.

Link actions stand in plain objects or in compressed object streams (ISO 32000-1, 7.5.7 and 12.6.4.7); pictures are JPEG
files as they are, or deflated pixels that need only a PNG header (7.4.4.4: the predictors are those of PNG).
"""

import re
import struct
import zlib
from collections.abc import Iterator

from watchfloor.inspection import archives, limits
from watchfloor.inspection.limits import Limits

# Letters of a name may be written as #xx, which hides it from whoever looks for it.
_URI = re.compile(
    rb"/(?:U|#55)(?:R|#52)(?:I|#49)\s*(?:\((?P<text>(?:[^()\\]|\\.){1,4000})\)|<(?P<hex>[0-9A-Fa-f\s]{2,8000})>)",
    re.DOTALL,
)
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPE = re.compile(rb"\\([()\\])")
_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PICTURE = re.compile(rb"/Subtype\s*/Image\b")
_NUMBER = {
    name: re.compile(rb"/" + name + rb"\s+(\d{1,6})\b")
    for name in (b"Width", b"Height", b"BitsPerComponent", b"Predictor", b"Length")
}
_STREAMS = 200
_DICTIONARY = 2_000


def is_encrypted(data: bytes) -> bool:
    """Whether its strings and streams are encrypted, and so its links unreadable."""
    return _ENCRYPTED.search(data[: limits.DOCUMENT]) is not None


def pdf_urls(data: bytes, cuts: Limits) -> list[str]:
    """The targets of /URI actions, also in compressed object streams, within the document limit."""
    if len(data) > limits.DOCUMENT:
        cuts.cut(f"PDF cut at {limits.DOCUMENT >> 20} MB")
    data = data[: limits.DOCUMENT]
    found = _uris(data)
    budget = limits.DOCUMENT
    for count, (dictionary, start) in enumerate(_streams(data)):
        if count >= _STREAMS or budget <= 0:
            cuts.cut("PDF streams cut")
            break
        # Only dictionaries live in object streams; fonts and page contents need not be unpacked.
        if b"/ObjStm" in dictionary:
            unpacked = archives.inflate(data[start:], min(budget, limits.MEMBER))
            budget -= len(unpacked)
            found += _uris(unpacked)
    return found[: limits.URLS]


def _streams(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The dictionary before each stream, and where the stream begins."""
    for stream in _STREAM.finditer(data):
        before = data[max(stream.start() - _DICTIONARY, 0) : stream.start()]
        yield before[before.rfind(b"obj") + 1 :], stream.end()


def _uris(data: bytes) -> list[str]:
    found = []
    for match in _URI.finditer(data):
        if match["text"] is not None:
            raw = _ESCAPE.sub(rb"\1", match["text"])
        else:
            digits = b"".join(match["hex"].split())
            raw = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
        found.append(raw.decode("utf-8", "replace"))
        if len(found) >= limits.URLS:
            break
    return found


def pdf_pictures(data: bytes, cuts: Limits) -> Iterator[bytes]:
    """The pictures on its pages as JPEG or PNG files, at most the image limit."""
    count = 0
    for dictionary, start in _streams(data[: limits.DOCUMENT]):
        if not _PICTURE.search(dictionary):
            continue
        count += 1
        if count > limits.IMAGES:
            cuts.cut(f"QR search cut at {limits.IMAGES} images")
            return
        if picture := _picture(data, dictionary, start):
            yield picture


def _picture(data: bytes, dictionary: bytes, start: int) -> bytes:
    length = _number(dictionary, b"Length", 0)
    end = start + length if data[start + length : start + length + 12].strip().startswith(b"endstream") else -1
    end = end if end >= 0 else data.find(b"endstream", start)
    body = data[start : end if end >= 0 else len(data)][: limits.IMAGE]
    if b"/DCTDecode" in dictionary:
        return body if body[:2] == b"\xff\xd8" else archives.inflate(body, limits.IMAGE)
    return _as_png(body, dictionary) if b"/FlateDecode" in dictionary else b""


def _as_png(body: bytes, dictionary: bytes) -> bytes:
    """Deflated pixels under the header that makes them a PNG; empty when their colours are none of PNG's."""
    width, height = _number(dictionary, b"Width", 0), _number(dictionary, b"Height", 0)
    bits = _number(dictionary, b"BitsPerComponent", 1 if b"/ImageMask" in dictionary else 8)
    colours = 3 if b"/DeviceRGB" in dictionary else 1
    if not 0 < width * height <= limits.IMAGE_PIXELS or bits not in (1, 8) or b"/DeviceCMYK" in dictionary:
        return b""
    row = (width * bits * colours + 7) // 8
    pixels = archives.inflate(body, (row + 1) * height)
    if _number(dictionary, b"Predictor", 1) < 10:
        pixels = b"".join(b"\x00" + pixels[at : at + row] for at in range(0, row * height, row))
    header = struct.pack(">2L5B", width, height, bits, 2 if colours == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def _number(dictionary: bytes, name: bytes, otherwise: int) -> int:
    found = _NUMBER[name].search(dictionary)
    return int(found[1]) if found else otherwise
