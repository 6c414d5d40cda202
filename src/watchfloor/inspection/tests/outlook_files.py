"""Message files of Outlook for the tests, written byte by byte as MS-CFB and MS-OXMSG lay them out."""

import struct

SECTOR, MINI, CUTOFF = 512, 64, 4096
FREE, END, FAT_SECTOR, NOBODY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
Tree = dict[str, "bytes | Tree"]


class _Disk:
    """Sectors and the table that chains them."""

    def __init__(self, size: int) -> None:
        self.size, self.data, self.chain = size, bytearray(), []

    def put(self, content: bytes) -> int:
        """The first sector of the content; its end for nothing."""
        if not content:
            return END
        first = len(self.chain)
        count = -(-len(content) // self.size)
        self.data += content.ljust(count * self.size, b"\0")
        self.chain += [*range(first + 1, first + count), END]
        return first


def compound(tree: Tree) -> bytes:
    """A compound file: storages are dicts, streams are bytes."""
    disk, mini = _Disk(SECTOR), _Disk(MINI)
    rows: list[list] = [["Root Entry", 5, NOBODY, NOBODY, END, 0]]
    _below(tree, 0, rows, disk, mini)
    rows[0][4], rows[0][5] = disk.put(bytes(mini.data)), len(mini.data)
    directory = b"".join(_row(*one) for one in rows)
    directory += _row("", 0, NOBODY, NOBODY, 0, 0) * (-len(rows) % 4)
    first_directory = disk.put(directory)
    first_mini = disk.put(b"".join(struct.pack("<I", one) for one in mini.chain))
    count = 1
    while count * 128 < len(disk.chain) + count:
        count += 1
    fat = [*disk.chain, *[FAT_SECTOR] * count]
    where = range(len(disk.chain), len(fat))
    table = b"".join(struct.pack("<I", one) for one in fat).ljust(count * SECTOR, b"\xff")
    head = struct.pack("<8s16sHHHHH6xII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, count)
    head += struct.pack("<IIIIIII", first_directory, 0, CUTOFF, first_mini, -(-len(mini.chain) // 128), END, 0)
    head += b"".join(struct.pack("<I", one) for one in where).ljust(436, b"\xff")
    return head + bytes(disk.data) + table


def _below(tree: Tree, above: int, rows: list[list], disk: _Disk, mini: _Disk) -> None:
    """Children stand in a chain to the right, in the order the format asks for: shorter names first."""
    before = -1
    for name in sorted(tree, key=lambda one: (len(one), one.upper())):
        content = tree[name]
        here = len(rows)
        if isinstance(content, bytes):
            start = (mini if len(content) < CUTOFF else disk).put(content)
            rows.append([name, 2, NOBODY, NOBODY, start, len(content)])
        else:
            rows.append([name, 1, NOBODY, NOBODY, 0, 0])
            _below(content, here, rows, disk, mini)
        if before < 0:
            rows[above][3] = here
        else:
            rows[before][2] = here
        before = here


def _row(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    wide = f"{name}\0".encode("utf-16-le") if name else b""
    return wide.ljust(64, b"\0") + struct.pack(
        "<HBBIII16s20xIQ", len(wide), kind, 1, NOBODY, right, child, b"", start, size
    )


def properties(head: int, fixed: dict[int, tuple[int, int]]) -> bytes:
    """A property stream: id to (type, value)."""
    return b"\0" * head + b"".join(struct.pack("<HHIQ", kind, id, 6, value) for id, (kind, value) in fixed.items())


def storage(head: int, *, fixed: dict[int, tuple[int, int]] | None = None, **streams: "str | bytes | Tree") -> Tree:
    """A storage; streams are named p<id in hex>: text is stored wide, bytes as binary."""
    made: Tree = {"__properties_version1.0": properties(head, fixed or {})}
    for name, value in streams.items():
        kind = {str: "001F", bytes: "0102", dict: "000D"}[type(value)]
        made[f"__substg1.0_{name[1:].upper()}{kind}"] = value.encode("utf-16-le") if isinstance(value, str) else value
    return made


def message(*parts: Tree, people: tuple[Tree, ...] = (), **given: object) -> bytes:
    """A message file with these attachments and recipients."""
    return compound(_message(32, parts, people, given))


def embedded(*parts: Tree, **given: object) -> Tree:
    """A message inside an attachment."""
    return _message(24, parts, (), given)


def _message(head: int, parts: tuple[Tree, ...], people: tuple[Tree, ...], given: dict) -> Tree:
    made = storage(head, **{"p001a": "IPM.Note", **given})
    made |= {f"__attach_version1.0_#{n:08X}": one for n, one in enumerate(parts)}
    return made | {f"__recip_version1.0_#{n:08X}": one for n, one in enumerate(people)}


def attachment(name: str, content: "bytes | Tree", kind: str = "") -> Tree:
    """A file, or a message when the content is a storage."""
    method = 5 if isinstance(content, dict) else 1
    return storage(8, fixed={0x3705: (3, method)}, p3707=name, p3701=content, **({"p370e": kind} if kind else {}))


def recipient(name: str, address: str, kind: int = 1) -> Tree:
    return storage(8, fixed={0x0C15: (3, kind)}, p3001=name, p39fe=address)
