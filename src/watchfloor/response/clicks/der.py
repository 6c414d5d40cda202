"""ASN.1 in BER and DER taken apart, as far as signatures need it: tags, lengths, what lies inside. Pure and bounded."""

from dataclasses import dataclass, field

DEEPEST = 24
MOST = 20_000
"""Elements of one structure."""


class NotDer(Exception):
    """The bytes are no such structure."""


@dataclass(slots=True)
class Element:
    """`tag` is its first byte, `raw` all of it, `content` without tag and length, `inside` what it consists of."""

    tag: int
    raw: bytes
    content: bytes
    inside: list["Element"] = field(default_factory=list)

    def octets(self) -> bytes:
        """An OCTET STRING, also one in pieces."""
        return b"".join(one.octets() for one in self.inside) if self.tag & 0x20 else self.content


def element(data: bytes) -> Element:
    """The first element of `data`. Raises NotDer."""
    left = [MOST]
    return _element(data, 0, len(data), 0, left)[0]


def _element(data: bytes, at: int, stop: int, depth: int, left: list[int]) -> tuple[Element, int]:
    left[0] -= 1
    if depth > DEEPEST or left[0] < 0 or at + 2 > stop or data[at] & 0x1F == 0x1F:
        raise NotDer
    tag, first, begin = data[at], data[at + 1], at + 2
    if first == 0x80:
        return _open_ended(data, at, begin, stop, depth, left)
    length = first
    if first & 0x80:
        begin += first & 0x7F
        length = int.from_bytes(data[at + 2 : begin], "big")
    end = begin + length
    if first == 0xFF or ((first & 0x7F) > 8 and first & 0x80) or end > stop:
        raise NotDer
    found = Element(tag, data[at:end], data[begin:end])
    if tag & 0x20:
        found.inside = _inside(data, begin, end, depth, left)
    return found, end


def _inside(data: bytes, at: int, end: int, depth: int, left: list[int]) -> list[Element]:
    found = []
    while at < end:
        one, at = _element(data, at, end, depth + 1, left)
        found.append(one)
    return found


def _open_ended(data: bytes, start: int, at: int, stop: int, depth: int, left: list[int]) -> tuple[Element, int]:
    """An element that ends with two zeros, as programs write that do not know its length beforehand."""
    begin, inside = at, []
    while data[at : at + 2] != b"\0\0":
        one, at = _element(data, at, stop, depth + 1, left)
        inside.append(one)
    return Element(data[start], data[start : at + 2], data[begin:at], inside), at + 2
