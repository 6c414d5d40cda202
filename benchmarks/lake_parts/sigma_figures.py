"""Many Sigma rules at once: own rules of the usual shapes over own process events. `python sigma_figures.py ROWS` prints the figures.
With a prepared database's name behind it, it fills its home and then waits for a line before it measures.

The rules are made here: for each of some forty programs a few ways in which it is misused. Of the rows, a few thousandths are such
misuse, the rest is what machines do all day, two thirds of it with a command line that occurs once.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction
from synthetic import Dice, _completed, joined

UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
TABLE = "DeviceProcessEvents"
DAYS = 10
NEWEST = 5000
ROW_GROUP = 122_880
WINDOWS = "C:\\Windows\\System32\\"
TOOLS = """
regsvr32 rundll32 certutil bitsadmin mshta wmic schtasks netsh vssadmin wbadmin bcdedit reg sc net nltest whoami cmdkey
curl forfiles installutil msbuild cmstp odbcconf pcalua esentutl makecab expand diskshadow fsutil wevtutil cipher icacls
takeown attrib hh control ftp tftp dnscmd dsquery
""".split()
ARGUMENTS = """
/transfer -decode -urlcache /create|/sc create|binpath -enc http://|.exe shadows|delete scrobj.dll javascript: /i:http
add|/domain -ma dump|lsass /priv export|hklm\\sam set|recoveryenabled -outfile -o|\\appdata\\ \\users\\public\\ \\temp\\|.dat
group|admins stop|windefend advfirewall|off cl|security -f|/grant everyone:
""".split()
ORDINARY = """
C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe
C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE
C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE
C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe
C:\\Windows\\System32\\svchost.exe
C:\\Windows\\System32\\conhost.exe
C:\\Windows\\System32\\backgroundTaskHost.exe
C:\\Windows\\System32\\RuntimeBroker.exe
C:\\Windows\\System32\\SearchProtocolHost.exe
C:\\Windows\\System32\\taskhostw.exe
C:\\Windows\\System32\\dllhost.exe
C:\\Windows\\System32\\cmd.exe
C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe
C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe
C:\\Program Files\\Git\\cmd\\git.exe
C:\\Windows\\System32\\drivers\\WUDFHost.exe
""".strip().splitlines()
LINES = (
    ["--type=renderer --lang=en-GB --device-scale-factor=1 --num-raster-threads=4 --renderer-client-id=", " --token="],
    ["-k netsvcs -p -s Schedule -instance ", " /session "],
    ["-NoProfile -ExecutionPolicy RemoteSigned -File C:\\ProgramData\\Corp\\inventory.ps1 -Run ", " -Quiet -Id "],
    ['/c "C:\\Tools\\sync.bat" C:\\Users\\person\\Documents\\report-', ".docx copy "],
    ["-Embedding {9BA05972-F6A8-11CF-A442-00A0C90A8F39} ", " -ServerName:App."],
    ["fetch --all --prune --jobs=4 origin refs/heads/feature-", ":refs/remotes/"],
)


def rules() -> dict[str, str]:
    """167 rules as files, in the shapes that public rules have."""
    made: dict[str, str] = {}
    for number in range(167):
        tool = TOOLS[number % len(TOOLS)]
        first, second = ARGUMENTS[number % len(ARGUMENTS)], ARGUMENTS[(number * 7 + 3) % len(ARGUMENTS)]
        made[f"bench_{number:03}.yml"] = _rule(number, tool, first, second)
    return made


def _rule(number: int, tool: str, first: str, second: str) -> str:
    """Four shapes in turn: a program with arguments, several ways to write them, arguments alone, a parent and a pattern."""
    selections = (
        {
            "selection_img": [{"Image|endswith": f"\\{tool}.exe"}, {"OriginalFileName": f"{tool.upper()}.EXE"}],
            "selection_cli": {"CommandLine|contains|all": first.split("|")},
        },
        {
            "selection_img": {"Image|endswith": [f"\\{tool}.exe", f"\\{tool}64.exe"]},
            "selection_cli": {
                "CommandLine|contains": [*first.split("|"), f" -{second.split('|')[0]}{number}", " /quiet"]
            },
            "filter_main": {"ParentImage|startswith": "C:\\Program Files\\Corp\\"},
        },
        {
            "selection_cli": {"CommandLine|contains|all": [f"{tool}", *first.split("|")]},
            "selection_more": {"CommandLine|contains": [*second.split("|"), f"stage{number}"]},
        },
        {
            "selection_parent": {"ParentImage|endswith": ["\\winword.exe", "\\excel.exe", "\\outlook.exe"]},
            "selection_img": {"Image|endswith": [f"\\{tool}.exe", "\\cmd.exe"]},
            "selection_cli": {"CommandLine|re": f"(?i)\\b{tool}\\s+[/-]\\w+\\s+[a-z0-9]{{8}}\\b"},
        },
    )
    detection = selections[number % 4] | {
        "condition": "all of selection_*" + (" and not 1 of filter_*" if number % 4 == 1 else "")
    }
    rule = {
        "title": f"Misuse of {tool}, {number}",
        "id": f"00000000-0000-4000-8000-{number:012}",
        "status": "test",
        "level": "medium",
        "author": "Watchfloor",
        "logsource": {"category": "process_creation", "product": "windows"},
        "detection": detection,
    }
    return json.dumps(rule)


def day_of_processes(day: datetime, rows: int, *, seed: int) -> pa.Table:
    """One day's processes of some thousand devices, in no order."""
    dice = Dice(seed, rows)
    number = pc.cast(dice.below(10_000_000), pa.string())
    token = pc.cast(dice.below(1_000_000_000), pa.string())
    image = dice.pick(ORDINARY, skew=1.6)
    misused = pc.less(dice.uniform(), 0.004)
    tool = dice.pick([WINDOWS + name + ".exe" for name in TOOLS])
    path = pc.if_else(misused, tool, image)
    ordinary = joined(dice.pick([one for one, _ in LINES]), number, dice.pick([two for _, two in LINES]), token)
    wrong = joined(dice.pick([one.replace("|", " ") for one in ARGUMENTS]), " ", number)
    line = joined('"', path, '" ', pc.if_else(misused, wrong, ordinary))
    name = pc.replace_substring_regex(path, r".*\\", "")
    seconds = dice.below(86_399_000_000)
    began = int(day.timestamp() * 1_000_000)
    # A program started by Office is rare: some three in a hundred.
    parents = ["C:\\Windows\\explorer.exe", "C:\\Windows\\System32\\services.exe", *ORDINARY[3:], *ORDINARY[1:3]]
    parent = dice.pick(parents, skew=4.0)
    columns = {
        "Timestamp": pc.add(seconds, began).cast(pa.timestamp("us", tz="UTC")),
        "DeviceId": joined("device-", pc.cast(dice.below(4000), pa.string())),
        "DeviceName": joined("pc", pc.cast(dice.below(4000), pa.string()), ".corp.example"),
        "ActionType": pa.array(["ProcessCreated"] * rows),
        "FileName": name,
        "FolderPath": path,
        "ProcessVersionInfoOriginalFileName": name,
        "ProcessCommandLine": line,
        "ProcessId": dice.below(60_000),
        "AccountName": joined("person", pc.cast(dice.below(3000), pa.string())),
        "AccountUpn": joined("person", pc.cast(dice.below(3000), pa.string()), "@corp.example"),
        "InitiatingProcessFolderPath": parent,
        "InitiatingProcessCommandLine": joined('"', parent, '" -s ', token),
        "ReportId": pa.array(range(rows), pa.int64()),
    }
    return _completed(TABLE, columns, rows)


def sigma_figures(rows: int, *, ready: Callable[[], object] = lambda: None) -> dict[str, float]:
    """Seconds of all rules over `rows` rows of ten days in the cold tier, and over the newest 5,000, still hot.

    By the clock, and (`_cpu_s`) of the processor, both threads of the engine counted. The rules are converted before; the
    statement is made anew for the first figure and known for the second, as it is to a worker that runs them every few minutes.
    `settings.HOME` must be a home for this alone; `ready` is called when it is filled.
    """
    from watchfloor.hunting.sigma.batch import evaluate
    from watchfloor.hunting.sigma.converting import convert

    made, refused = convert(rules())
    assert not refused, refused
    _filled(rows)
    ready()
    start, end = UNTIL - timedelta(days=DAYS), UNTIL + timedelta(days=1)
    evaluate(made[:1], start=start, end=start + timedelta(minutes=1), now=UNTIL)  # the engine starts
    whole, whole_cpu, found = _timed(lambda: evaluate(made, start=start, end=UNTIL, now=UNTIL))
    assert not found.failed, found.failed
    few, few_cpu = min(_timed(lambda: evaluate(made, start=UNTIL, end=end, now=UNTIL))[:2] for _ in range(3))
    return {
        "sigma_rules": len(made),
        "sigma_found": sum(map(len, found.rows.values())),
        "sigma_1m_s": round(whole, 3),
        "sigma_1m_cpu_s": round(whole_cpu, 3),
        "newest_5000_s": round(few, 3),
        "newest_5000_cpu_s": round(few_cpu, 3),
    }


def _timed(act):
    """Seconds by the clock, of the processor, and what came of it."""
    began, worked = time.perf_counter(), time.process_time()
    found = act()
    return time.perf_counter() - began, time.process_time() - worked, found


def _filled(rows: int) -> None:
    """Ten days of rows in the cold tier, and 5,000 after them that are still hot. One day's texts serve for all of them.

    The lake writes the first day. The others are files of the same layout beside it, entered into its log: what is measured is
    reading, and the lake's own writing takes some 20 seconds for so many wide rows.
    """
    from django.conf import settings

    from watchfloor.lake import hot
    from watchfloor.lake.catalogue import table
    from watchfloor.lake.engines.delta import ColdTable

    folder = Path(settings.HOME) / "lake"
    folder.mkdir(parents=True, exist_ok=True)
    day = day_of_processes(UNTIL, rows // DAYS, seed=500).sort_by("DeviceId")
    ColdTable(folder, table(TABLE)).append(_moved(day, timedelta(days=-1)), watermark=0)
    _entered(folder / TABLE, [_moved(day, timedelta(days=-number)) for number in range(2, DAYS + 1)])
    hot.insert(table=TABLE, rows=day_of_processes(UNTIL, NEWEST, seed=501), now=UNTIL)


def _entered(folder: Path, days: list[pa.Table]) -> None:
    """Each of these tables as a file of its day, in one commit."""
    delta = DeltaTable(folder)
    actions = []
    for rows in days:
        times = pc.min_max(rows.column("Timestamp").cast(pa.int64()))
        first, last = (datetime.fromtimestamp(times[key].as_py() / 1e6, UTC) for key in ("min", "max"))
        path = f"day={first:%Y-%m-%d}/part-00000-{uuid4()}-c000.zstd.parquet"
        (folder / path).parent.mkdir(exist_ok=True)
        pq.write_table(rows, folder / path, compression="zstd", row_group_size=ROW_GROUP)
        edges = {
            name: {"Timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"}
            for name, at in (("minValues", first), ("maxValues", last))
        }
        stats = json.dumps({"numRecords": len(rows), **edges, "nullCount": {"Timestamp": 0}})
        size, changed = (folder / path).stat().st_size, int(time.time() * 1000)
        actions.append(AddAction(path, size, {"day": f"{first:%Y-%m-%d}"}, changed, True, stats))
    delta.create_write_transaction(actions, "append", delta.schema(), partition_by=["day"])


def _moved(rows: pa.Table, by: timedelta) -> pa.Table:
    """The same rows at another time."""
    micros = int(by.total_seconds() * 1_000_000)
    times = pc.add(rows.column("Timestamp").cast(pa.int64()), micros).cast(pa.timestamp("us", tz="UTC"))
    return rows.set_column(rows.schema.get_field_index("Timestamp"), "Timestamp", times)


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    with tempfile.TemporaryDirectory(prefix="wf-sigma") as home:
        os.environ["WATCHFLOOR_HOME"] = home
        import django

        django.setup()
        from django.core.management import call_command

        if len(sys.argv) > 2:  # a database that has its tables
            shutil.copy(sys.argv[2], Path(home) / "watchfloor.sqlite3")
        else:
            call_command("migrate", verbosity=0)
        rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
        print(json.dumps(sigma_figures(rows, ready=sys.stdin.readline if len(sys.argv) > 2 else lambda: None)))
