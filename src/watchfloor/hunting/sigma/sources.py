"""Where rules come from: chosen files, an archive, a folder. Gives names and bytes, within bounds; nothing is ever unpacked to disk."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from watchfloor.kernel.errors import BadInput

SUFFIXES = (".yml", ".yaml")
LARGEST_FILE = 256 * 1024
"""Bytes; the longest rule of the community's collection has some 30 thousand."""
LARGEST_ARCHIVE = 32 * 1024 * 1024
LARGEST_IN_ALL = 64 * 1024 * 1024
MOST_FILES = 10_000
MOST_MEMBERS = 50_000
LONGEST_NAME = 400
ENCRYPTED = 0x1
LINK = 0o120000
KIND = 0o170000

File = tuple[str, bytes]


def from_upload(name: str, data: bytes) -> Iterator[File]:
    """The YAML files of one chosen file: itself, or those in a .zip. Raises BadInput for what is neither, or too large."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        yield from _unzipped(name, data)
    elif not name.lower().endswith(SUFFIXES):
        raise BadInput("choose files that end in .yml or .yaml, or a .zip of them", place=name)
    else:
        yield _bounded(name, data)


def from_paths(paths: Sequence[Path]) -> Iterator[File]:
    """YAML files and archives that are named, and the YAML files below folders; links are not followed. Raises BadInput."""
    left = _Left()
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.suffix.lower() in SUFFIXES and file.is_file() and not file.is_symlink():
                    yield left.take(str(file.relative_to(path)), _start_of(file, LARGEST_FILE))
        elif path.is_file():
            for name, data in from_upload(path.name, _start_of(path, LARGEST_ARCHIVE)):
                yield left.take(name, data)
        else:
            raise BadInput("there is no such file or folder", place=str(path))


def bounded(files: Iterable[File]) -> Iterator[File]:
    """The same files; raises BadInput when they are too many or too large together."""
    left = _Left()
    for name, data in files:
        yield left.take(name, data)


class _Left:
    """How many files and bytes one import still takes."""

    def __init__(self) -> None:
        self.files, self.size = MOST_FILES, LARGEST_IN_ALL

    def take(self, name: str, data: bytes) -> File:
        self.files, self.size = self.files - 1, self.size - len(data)
        if self.files < 0:
            raise BadInput(f"one import takes at most {MOST_FILES:,} files; bring it in parts", place=name)
        if self.size < 0:
            raise BadInput(f"one import takes at most {LARGEST_IN_ALL // 1024**2} MB; bring it in parts", place=name)
        return _bounded(name, data)


def _bounded(name: str, data: bytes) -> File:
    if len(data) > LARGEST_FILE:
        raise BadInput(f"a file of rules has at most {LARGEST_FILE // 1024} kB", place=name)
    return name, data


def _start_of(path: Path, most: int) -> bytes:
    """One byte more than is allowed at most, so that the bound speaks and the memory holds."""
    with path.open("rb") as handle:
        return handle.read(most + 1)


def _unzipped(name: str, data: bytes) -> Iterator[File]:
    if len(data) > LARGEST_ARCHIVE:
        raise BadInput(f"an archive has at most {LARGEST_ARCHIVE // 1024**2} MB", place=name)
    left = _Left()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise BadInput(f"an archive has at most {MOST_MEMBERS:,} entries", place=name)
            for member in members:
                if _wanted(member, name):
                    # Never what the archive says of its sizes: what is read is what counts.
                    with archive.open(member) as handle:
                        yield left.take(member.filename, handle.read(LARGEST_FILE + 1))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise BadInput(f"the archive cannot be read: {error}", place=name) from None


def _wanted(member: zipfile.ZipInfo, archive: str) -> bool:
    """Whether it is a file of rules. Raises BadInput for an archive that looks made to harm."""
    place = f"{archive[:100]}, {member.filename[:LONGEST_NAME]}"
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or len(member.filename) > LONGEST_NAME:
        raise BadInput("the archive names a file outside itself", place=place)
    if member.flag_bits & ENCRYPTED:
        raise BadInput("the archive is encrypted", place=place)
    if path.suffix.lower() == ".zip":
        raise BadInput("the archive holds another archive; bring that one itself", place=place)
    return (
        path.suffix.lower() in SUFFIXES
        and not member.is_dir()
        and (member.external_attr >> 16) & KIND != LINK
        and not any(part.startswith((".", "__MACOSX")) for part in path.parts)
    )
