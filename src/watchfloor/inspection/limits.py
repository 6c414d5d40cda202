"""How much of one mail is looked at, and the list of limits that cut something.

Sizes are bytes unless said otherwise. Every limit is far above what honest mail needs.
"""

MAIL = 64 << 20
MAIL_SLOWLY = 24 << 20
HEADER = 64 << 10
HEADER_BLOCK = 1 << 20
HEADERS = 2_000
ADDRESSES = 2_000
MULTIPARTS_FAST = 200
MULTIPARTS = 1_000
PARTS = 500
EMBEDDED_MAILS = 3
TEXT = 1 << 20
HTML = 2 << 20
HTML_STEPS = 30_000_000
HTML_COPIES = 2_000_000
LINKS = 2_000
INLINE = 20
INLINE_DATA = 2 << 20
STYLED = 2_000
URLS = 1_000
URL = 8 << 10
ATTACHMENTS = 200
ARCHIVE_ENTRIES = 1_000
ARCHIVE_DECLARED = 1 << 30
MEMBER = 4 << 20
MEMBERS = 100
MEMBERS_BYTES = 16 << 20
CONTAINERS = 3
DOCUMENT = 8 << 20
IMAGES = 6
IMAGE = 5 << 20
IMAGE_PIXELS = 8_000_000
WORDS = 64 << 10


class Limits:
    """Collects, in order and once each, the names of the limits that cut something."""

    def __init__(self) -> None:
        self._hit: dict[str, None] = {}

    def cut(self, words: str) -> None:
        """Note that `words` (what was cut, at which limit) happened to this mail."""
        if len(self._hit) < 50:
            self._hit[words] = None

    @property
    def hit(self) -> tuple[str, ...]:
        """The limits hit so far, oldest first."""
        return tuple(self._hit)
