"""The picture somebody adds to a dispute (SU-06): known by its bytes, whatever it is called. Pure."""

from watchfloor.kernel.errors import BadInput

LARGEST_PICTURE = 1 << 20
_KINDS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))


def kind_of(content: bytes) -> str:
    """png, jpeg, gif or webp. Raises BadInput for what is none or too large."""
    if len(content) > LARGEST_PICTURE:
        raise BadInput("a picture has 1 MB at most", place="picture")
    found = next((kind for mark, kind in _KINDS if content.startswith(mark)), "")
    if not found and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        found = "webp"
    if not found:
        raise BadInput("the picture is none that browsers show: use PNG or JPEG", place="picture")
    return found
