"""Millions of synthetic mails, written straight into the cold tier in the lake's own layout.

Skewed senders and recipients, about a fifth of the mails threats, two URL rows a mail when asked; the same seed gives the
same mails. `python benchmarks/synthetic.py HOME MILLIONS [DAYS [bare]]` fills a home that a portal can then be started on; bare
leaves the URLs out.
"""

import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.lake.arrow import schema_of
from watchfloor.lake.catalogue import table
from watchfloor.lake.engines.delta import ColdTable

SENDERS, MAILBOXES, DOMAINS = 60_000, 20_000, 4_000
THREAT_SHARE = 0.22
WORDS = (
    "invoice overdue payment meeting report parcel account password document offer contract salary update news".split()
)


class Dice:
    """Arrow arrays of random numbers from one seed, without numpy."""

    def __init__(self, seed: int, rows: int) -> None:
        self.random = random.Random(seed)
        self.rows = rows

    def uniform(self) -> pa.Array:
        """Numbers in [0, 1)."""
        raw = pa.py_buffer(self.random.randbytes(4 * self.rows))
        whole = pa.Array.from_buffers(pa.uint32(), self.rows, [None, raw])
        return pc.divide(pc.cast(whole, pa.float64()), float(2**32))

    def below(self, size: int, *, skew: float = 1.0) -> pa.Array:
        """Whole numbers below `size`; with `skew` above 1 small ones come more often."""
        drawn = pc.power(self.uniform(), skew) if skew != 1.0 else self.uniform()
        return pc.cast(pc.floor(pc.multiply(drawn, float(size))), pa.int64())

    def pick(self, values: list[str], *, skew: float = 1.0) -> pa.Array:
        return pc.take(pa.array(values), self.below(len(values), skew=skew))


def joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*(p if isinstance(p, str) else pc.cast(p, pa.string()) for p in parts), "")


def day_of_mails(day: datetime, rows: int, *, seed: int) -> pa.Table:
    """One day of EmailEvents."""
    dice = Dice(seed, rows)
    start = int(day.timestamp() * 1e6)
    offsets = pc.cast(pc.floor(pc.multiply(dice.uniform(), 86_400e6)), pa.int64())
    stamps = pc.add(offsets, start)
    noise = dice.random.randbytes(26 * rows).hex()
    ids = [noise[at : at + 32] for at in range(0, 32 * rows, 32)]
    tails = [noise[at : at + 20] for at in range(32 * rows, 52 * rows, 20)]
    reports = [
        f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7{tail[:3]}-8{tail[3:6]}-{tail[6:18]}"
        for ms, tail in zip(pc.divide(stamps, 1000).to_pylist(), tails, strict=True)
    ]
    sender = dice.below(SENDERS, skew=2.5)
    domains = pa.array([f"d{n}.example" for n in range(DOMAINS)])
    sender_domain = pc.take(domains, pc.subtract(sender, pc.multiply(pc.divide(sender, DOMAINS), DOMAINS)))
    person = dice.below(MAILBOXES, skew=2.0)
    threat = pc.less(dice.uniform(), THREAT_SHARE)
    kind = dice.pick(["Phish", "Spam", "Phish, Spam", "Malware"], skew=1.6)
    family = dice.pick([f"Family{n}" for n in range(60)], skew=2.0)
    method = dice.pick(
        [
            f'{{"Phish":["{name}"]}}'
            for name in ("Advanced filter", "URL malicious reputation", "Fingerprint matching", "Spoof DMARC")
        ]
    )
    bad_action = dice.pick(["Blocked", "Junked", "Delivered"])
    action = pc.if_else(threat, bad_action, "Delivered")
    place = pc.if_else(pc.equal(action, "Blocked"), "Quarantine", "Inbox/folder")
    place = pc.if_else(pc.equal(action, "Junked"), "Junk folder", place)
    ip = joined("203.", dice.below(40, skew=2.0), ".", dice.below(200, skew=2.0), ".", dice.below(250))
    sender_address = joined("s", sender, "@", sender_domain)
    message_ids = pa.array([f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}" for i in ids])
    columns: dict[str, pa.Array] = {
        "Timestamp": pc.cast(stamps, pa.timestamp("us", tz="UTC")),
        "NetworkMessageId": message_ids,
        "InternetMessageId": joined("<", message_ids, "@", sender_domain, ">"),
        "SenderMailFromAddress": sender_address,
        "SenderFromAddress": sender_address,
        "SenderDisplayName": joined("Sender ", sender),
        "SenderMailFromDomain": sender_domain,
        "SenderFromDomain": sender_domain,
        "SenderIPv4": ip,
        "SenderIP": ip,
        "RecipientEmailAddress": joined("person", person, "@corp.example"),
        "RecipientDomain": pa.array(["corp.example"] * rows),
        "Subject": joined(dice.pick(WORDS), " ", dice.pick(WORDS), " ", dice.below(100_000)),
        "EmailClusterId": dice.below(2_000_000),
        "EmailDirection": dice.pick(["Inbound", "Intra-org", "Outbound"], skew=2.0),
        "DeliveryAction": action,
        "DeliveryLocation": place,
        "LatestDeliveryAction": action,
        "LatestDeliveryLocation": place,
        "ThreatTypes": pc.if_else(threat, kind, ""),
        "ThreatNames": pc.if_else(pc.equal(pc.if_else(threat, kind, ""), "Malware"), family, ""),
        "DetectionMethods": pc.if_else(threat, method, ""),
        "AttachmentCount": dice.below(4, skew=3.0),
        "UrlCount": dice.below(9, skew=2.0),
        "EmailSize": dice.below(400_000, skew=3.0),
        "EmailLanguage": dice.pick(["en", "de", "fr"], skew=2.0),
        "Spf": dice.pick(["Pass", "Fail", "Soft fail", "None"], skew=2.0),
        "Dkim": dice.pick(["Pass", "Fail", "None"], skew=2.0),
        "Dmarc": dice.pick(["Pass", "Fail", "None"], skew=2.0),
        "CompositeAuthentication": dice.pick(["Pass", "Fail", "None"], skew=2.0),
        "ReportId": pa.array(reports),
    }
    return _completed("EmailEvents", columns, rows)


def urls_of(mails: pa.Table, *, seed: int, each: int = 2) -> pa.Table:
    """`each` rows of EmailUrlInfo for every mail."""
    parts = []
    for number in range(each):
        dice = Dice(seed + number, len(mails))
        domain = dice.pick([f"u{n}.example" for n in range(50_000)], skew=3.0)
        path = joined("/", dice.pick(WORDS), "/", dice.below(1000))
        repeated = {name: mails.column(name) for name in schema_of("EmailUrlInfo").names if name in REPEATED}
        own = {
            "Url": joined("http://", domain, path),
            "UrlDomain": domain,
            "UrlPath": path,
            "UrlDomainPath": joined(domain, path),
            "UrlLocation": dice.pick(["Body", "Attachment", "QRCode"], skew=4.0),
        }
        parts.append(_completed("EmailUrlInfo", repeated | own, len(mails)))
    return pa.concat_tables(parts)


REPEATED = table("EmailUrlInfo").repeats | {"Timestamp", "ReportId"}


def _completed(name: str, columns: dict[str, pa.Array], rows: int) -> pa.Table:
    """All columns of a table, the missing ones with their defaults."""
    arrays = []
    for field in schema_of(name):
        made = columns.get(field.name)
        if made is None:
            made = pa.nulls(rows, field.type)
            if not pa.types.is_timestamp(field.type):
                default = "" if pa.types.is_string(field.type) else False if pa.types.is_boolean(field.type) else 0
                made = pc.fill_null(made, default)
        arrays.append(pc.cast(made, field.type))
    return pa.Table.from_arrays(arrays, schema=schema_of(name))


def write_mails(
    home: Path, count: int, *, until: datetime, days: int = 30, seed: int = 7, urls: bool = False
) -> tuple[float, int]:
    """Write `count` mails spread over the `days` before `until`; returns (seconds, rows written)."""
    began = time.monotonic()
    (home / "lake").mkdir(parents=True, exist_ok=True)
    mails, links = (ColdTable(home / "lake", table(name)) for name in ("EmailEvents", "EmailUrlInfo"))
    midnight = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    written = 0
    for number in range(days):
        day = midnight - timedelta(days=days - 1 - number)
        size = count // days + (number < count % days)
        rows = day_of_mails(day, size, seed=seed * 1000 + number)
        mails.append(rows, watermark=mails.snapshot().watermark)
        written += size
        if urls:
            found = urls_of(rows, seed=seed * 7000 + number)
            links.append(found, watermark=links.snapshot().watermark)
            written += len(found)
    return time.monotonic() - began, written


if __name__ == "__main__":
    home, millions = Path(sys.argv[1]), float(sys.argv[2])
    days = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    seconds, rows = write_mails(home, int(millions * 1e6), until=datetime.now(UTC), days=days, urls=len(sys.argv) < 5)
    print(f"{rows:,} rows in {seconds:.1f} s")
