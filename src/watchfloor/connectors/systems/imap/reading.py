"""One mailbox: everything new in its folders since the cursor, made durable together with the cursor."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any

from imapclient import IMAPClient

from watchfloor.connectors.burying import bury_unread
from watchfloor.connectors.contracts import NewMail
from watchfloor.connectors.folders import FolderNames, same_folder
from watchfloor.connectors.intake import take_in
from watchfloor.connectors.models import FolderCursor
from watchfloor.connectors.protocols.mail_bytes import MAX_BYTES
from watchfloor.kernel.clock import utc_now

BATCH_MAILS = 50
BATCH_BYTES = 16 * 2**20
Client = Any
"""An IMAPClient; its own annotations are too few for a strict checker."""

SKIPPED = {b"\\noselect", b"\\nonexistent", b"\\drafts", b"\\all", b"\\flagged"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads `mailbox` for the connection `source`; `limit` is the largest mail in bytes."""

    source: str
    mailbox: str
    names: FolderNames
    limit: int = MAX_BYTES

    def read(self, client: Client, *, stop: Callable[[], bool]) -> int:
        """Take in all that is new, folder by folder; returns how many mails. Ends early when stopped, losing nothing."""
        client.normalise_times = False
        return sum(
            self._read_folder(client, path, attributes, stop)
            for attributes, _, path in client.list_folders()
            if SKIPPED.isdisjoint({attribute.lower() for attribute in attributes})
            and not same_folder(path, self.names.recoverable)
        )

    def _read_folder(self, client: Client, path: str, attributes: Iterable[bytes], stop: Callable[[], bool]) -> int:
        try:
            opened = client.select_folder(path, readonly=True)
        except IMAPClient.Error:  # gone since it was listed, or closed to us
            return 0
        uidvalidity = int(opened[b"UIDVALIDITY"])
        last = self._last_uid(path, uidvalidity)
        folder = str(self.names.location_of(path, attributes))
        count = 0
        for uids in self._batches(client, path, uidvalidity, last):
            if stop():
                break
            fetched = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE", "FLAGS"])
            mails = [self._mail(path, folder, uidvalidity, uid, data) for uid, data in sorted(fetched.items())]
            move_cursor = partial(self._move_cursor, path, uidvalidity, max(uids))
            take_in([mail for mail in mails if mail.raw], alongside=move_cursor)
            count += len(mails)
        return count

    def _batches(self, client: Client, path: str, uidvalidity: int, last: int) -> Iterator[list[int]]:
        """UIDs beyond the cursor, in batches bounded by number and bytes; oversize mail is buried on the way."""
        uids = sorted(uid for uid in client.search(["UID", f"{last + 1}:*"]) if uid > last)
        for start in range(0, len(uids), 1000):
            some = uids[start : start + 1000]
            sizes = {uid: int(data[b"RFC822.SIZE"]) for uid, data in client.fetch(some, ["RFC822.SIZE"]).items()}
            batch: list[int] = []
            total = 0
            for uid in sorted(sizes):
                if sizes[uid] > self.limit:
                    self._refuse(path, uidvalidity, uid, sizes[uid])
                    continue
                if batch and (len(batch) >= BATCH_MAILS or total + sizes[uid] > BATCH_BYTES):
                    yield batch
                    batch, total = [], 0
                batch.append(uid)
                total += sizes[uid]
            if batch:
                yield batch

    def _refuse(self, path: str, uidvalidity: int, uid: int, size: int) -> None:
        bury_unread(
            source=self.source,
            place=f"{self.mailbox} {path} UID {uid} (UIDVALIDITY {uidvalidity})",
            reason=f"larger than {self.limit // 2**20} MB: {size} bytes",
        )

    def _mail(self, path: str, folder: str, uidvalidity: int, uid: int, data: dict[bytes, Any]) -> NewMail:
        received = data.get(b"INTERNALDATE")
        flags = sorted(flag.decode("utf-8", "replace") for flag in data.get(b"FLAGS", ()))
        return NewMail(
            raw=data.get(b"BODY[]") or b"",
            source=self.source,
            received_at=received.astimezone(UTC) if received else utc_now(),
            recipients=(self.mailbox,),
            folder=folder,
            facts={
                "door": "imap",
                "delivered_to": self.mailbox,
                "path": path,
                "uid": uid,
                "uidvalidity": uidvalidity,
                "flags": [flag for flag in flags if flag != "\\Recent"],
            },
            place=f"{self.mailbox} {path} UID {uid}",
        )

    def _last_uid(self, path: str, uidvalidity: int) -> int:
        """0 for a folder never read, or one whose UIDs were given anew: it is read again, and known mail is recognised later."""
        cursor = FolderCursor.objects.filter(connection=self.source, mailbox=self.mailbox, path=path).first()
        return cursor.last_uid if cursor and cursor.uidvalidity == uidvalidity else 0

    def _move_cursor(self, path: str, uidvalidity: int, uid: int) -> None:
        FolderCursor.objects.update_or_create(
            connection=self.source,
            mailbox=self.mailbox,
            path=path,
            defaults={"uidvalidity": uidvalidity, "last_uid": uid},
        )
