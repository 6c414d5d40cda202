"""MinHash from rensa, loaded so that it fits into a worker whose memory is limited.

Its allocator (mimalloc) reserves 1 GiB of addresses when it is loaded, which a limited worker would have to pay for; told
otherwise while it loads, it takes 34 MB. Others' copies of that allocator (pyarrow's) are left as they are.
"""

import os

_NAME, _KIB = "MIMALLOC_ARENA_RESERVE", "4096"

_before = os.environ.get(_NAME)
os.environ[_NAME] = _KIB
from rensa import RMinHash  # type: ignore[attr-defined]  # noqa: E402

if _before is None:
    del os.environ[_NAME]
else:
    os.environ[_NAME] = _before

__all__ = ["RMinHash"]
