"""A quarter of sign-ins, activities and mails of an organisation in the lake's own layout, settled and sealed.

Person n is p<n>@corp.example, as `people.said_of` makes them; few people do much, many a little.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow as pa
import pyarrow.compute as pc
from synthetic import Dice, _completed, day_of_mails, joined

from watchfloor.lake.arrow import schema_of
from watchfloor.lake.catalogue import table
from watchfloor.lake.engines.delta import ColdTable
from watchfloor.lake.engines.segments import segments_of

DAYS = 90
SHARES = {
    "EntraIdSignInEvents": 0.35,
    "IdentityLogonEvents": 0.15,
    "CloudAppEvents": 0.25,
    "DeviceLogonEvents": 0.1,
    "IdentityDirectoryEvents": 0.02,
    "UrlClickEvents": 0.03,
    "EmailEvents": 0.1,
}
"""What part of all events lies in which table."""
COUNTRIES = ["DE", "US", "FR", "GB", "PL", "NG", "BR", "IN"]
APPS = ["Exchange Online", "SharePoint", "Teams", "Azure Portal", "VPN", "Wiki", "Payroll", "Git"]


def object_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def write_events(home: Path, *, people: int, events: int, until: datetime, seed: int = 11) -> int:
    """Fill the tables of SHARES over the DAYS before `until`; returns how many rows were written."""
    (home / "lake").mkdir(parents=True, exist_ok=True)
    (home / "scratch").mkdir(parents=True, exist_ok=True)
    written = 0
    for place, (name, share) in enumerate(SHARES.items()):
        rows = _rows(name, int(events * share), people, until, seed + place)
        ColdTable(home / "lake", table(name)).append(rows, watermark=0)
        _seal(home, name, until)
        written += len(rows)
    return written


def _seal(home: Path, name: str, until: datetime) -> None:
    """What the product does ten minutes after a day is over."""
    shelf, cold = segments_of(home / "lake", table(name), schema_of(name)), ColdTable(home / "lake", table(name))
    state = cold.snapshot(fresh=True)
    for files in shelf.due(state, now=until + timedelta(days=1), since=until - timedelta(days=400)):
        shelf.build(files, lacking=state.lacking, scratch=home / "scratch", memory="2GB")


def _rows(name: str, count: int, people: int, until: datetime, seed: int) -> pa.Table:
    dice = Dice(seed, count)
    back = pc.cast(pc.floor(pc.multiply(dice.uniform(), DAYS * 86_400e6)), pa.int64())
    stamps = pc.subtract(pa.scalar(int(until.timestamp() * 1e6)), back)
    who = dice.below(people, skew=1.5)
    if name == "EmailEvents":
        mails = day_of_mails(until.astimezone(UTC), count, seed=seed)
        given = {column: mails.column(column).combine_chunks() for column in mails.column_names}
        given["RecipientEmailAddress"] = joined("p", who, "@corp.example")
    else:
        given = _events(name, dice, who, count)
    return _completed(name, given | {"Timestamp": pc.cast(stamps, pa.timestamp("us", tz="UTC"))}, count)


def _events(name: str, dice: Dice, who: pa.Array, count: int) -> dict[str, pa.Array]:
    ids = pa.array([object_id(number) for number in range(pc.max(who).as_py() + 1)])
    country = dice.pick(COUNTRIES, skew=3.0)
    address = joined("203.", dice.below(40, skew=2.0), ".", dice.below(200, skew=2.0), ".", dice.below(250))
    failed = pc.less(dice.uniform(), 0.05)
    sign_in = pc.if_else(failed, "LogonFailed", "LogonSuccess")
    upn = joined("p", who, "@corp.example")
    report = joined(name[:3].lower(), pa.array(range(count)))
    common = {
        "AccountUpn": upn,
        "AccountObjectId": pc.take(ids, who),
        "AccountName": joined("p", who),
        "Application": dice.pick(APPS, skew=2.0),
        "IPAddress": address,
        "DeviceName": joined("pc-", who),
        "ReportId": pa.array(range(count)) if name == "DeviceLogonEvents" else report,
        "ActionType": sign_in,
    }
    own = {
        "EntraIdSignInEvents": lambda: {
            "Country": country,
            "City": joined("City ", country),
            "ErrorCode": pc.if_else(failed, 50126, 0),
            "ClientAppUsed": dice.pick(["Browser", "Mobile Apps and Desktop clients", "IMAP4"], skew=2.0),
            "Latitude": joined(dice.below(60), ".5"),
            "Longitude": joined(dice.below(120), ".5"),
        },
        "IdentityLogonEvents": lambda: {"Location": country, "Protocol": dice.pick(["Kerberos", "NTLM", "LDAP"])},
        "CloudAppEvents": lambda: {
            "ActionType": dice.pick(["FileAccessed", "FileDownloaded", "MailItemsAccessed", "FileDeleted"], skew=2.0),
            "CountryCode": country,
            "ObjectName": joined("file-", dice.below(9000), ".docx"),
            "AccountId": upn,
        },
        "DeviceLogonEvents": lambda: {
            "DeviceId": joined("d", who),
            "RemoteIP": address,
            "LogonType": dice.pick(["Interactive", "Network"]),
        },
        "IdentityDirectoryEvents": lambda: {
            "ActionType": dice.pick(["Account Password changed", "Group Membership changed", "Account disabled"]),
            "TargetAccountUpn": joined("p", dice.below(pc.max(who).as_py()), "@corp.example"),
        },
        "UrlClickEvents": lambda: {
            "ActionType": dice.pick(["ClickAllowed", "ClickBlocked"], skew=2.0),
            "Url": joined("http://u", dice.below(9000), ".example/offer"),
        },
    }
    return common | own[name]()
