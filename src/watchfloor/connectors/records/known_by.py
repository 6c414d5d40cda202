"""By what a record is known where its product gave it no id: a hash of all it says, so that one sent twice is stored once."""

import hashlib
from collections.abc import Mapping
from typing import Any

from watchfloor.connectors.records.fields import written


def fingerprint(record: Mapping[str, Any], *leaving: str) -> str:
    """32 hexadecimal digits of the record without the named members, which whoever passed it on may have added."""
    said = {key: record[key] for key in sorted(record, key=str) if key not in leaving}
    return hashlib.blake2b(written(said).encode("utf-8", "replace"), digest_size=16).hexdigest()
