"""How much of a folder of Sigma rules converts, compiles and finds what its authors recorded. `python sigma_corpus.py FOLDER`.

FOLDER is laid out as the community's repository: `rules*/**/*.yml`, and `regression_data/**/info.yml` beside the events that the
rules were recorded on. Ends with one JSON line.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
IN_SCOPE = ("azure", "m365", "okta", "gcp", "process_creation")


def rules_in(folder: Path) -> dict[str, str]:
    files = sorted(path for part in folder.glob("rules*") for path in part.rglob("*.yml"))
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def scope_of(place: str) -> str:
    """The part of the collection a file belongs to."""
    return next(
        (name for name in IN_SCOPE if f"/{name}/" in place or f"{name.split('_')[0]}_" in Path(place).name), "other"
    )


def recorded(folder: Path) -> Iterator[tuple[str, list[dict], int | None]]:
    """(id of the rule, its recorded events as flat fields, how many of them it must find, None for any)."""
    for info in sorted((folder / "regression_data").rglob("info.yml")):
        said = yaml.safe_load(info.read_text(encoding="utf-8"))
        count = said["regression_tests_info"][0].get("match_count")
        events = [event for path in sorted(info.parent.glob("*.json")) for event in _events(path.read_text("utf-8"))]
        yield said["rule_metadata"][0]["id"], events, count


def _events(text: str) -> Iterator[dict]:
    """Event records that stand one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        event, at = decoder.raw_decode(text, at)
        while at < len(text) and text[at] in " \r\n\t,":
            at += 1
        yield _flat(event["Event"])


def _flat(event: dict) -> dict:
    data = event.get("EventData") or event.get("UserData") or {}
    return {"EventID": event["System"]["EventID"], "Computer": event["System"].get("Computer"), **data}


def replay(folder: Path, made: dict) -> tuple[Counter, list[str]]:
    """How many recordings there are, were loaded, and were found; and what is missing, in words."""
    from watchfloor.hunting.sigma.batch import evaluate
    from watchfloor.hunting.sigma.logsources import events_of
    from watchfloor.hunting.sigma.recorded import row_of
    from watchfloor.lake import services

    counts: Counter = Counter()
    missing: list[str] = []
    for number, (identity, events, wanted) in enumerate(recorded(folder)):
        counts["recordings"] += 1
        rule = made.get(identity)
        if rule is None:
            missing.append(f"{identity}: the rule is not converted")
            continue
        at = NOON + timedelta(hours=number)
        kind = events_of(rule.logsource)
        rows = [row_of(event, kind) | {"Timestamp": at} for event in events]
        services.append(kind.table, rows)
        found = evaluate([rule], start=at, end=at + timedelta(hours=1), now=at)
        hits = len(found.rows.get(rule.id, []))
        counts["rows"] += len(rows)
        counts["found"] += hits >= 1
        counts["as_many_as_said"] += (hits == wanted) if wanted else hits >= 1
        if not hits or (wanted and hits != wanted):
            missing.append(f"{rule.place}: {hits} of {wanted} in {len(rows)} events {found.failed}")
    return counts, missing


def main(folder: Path) -> None:
    from watchfloor.hunting.sigma.converting import convert

    texts = rules_in(folder)
    made, refused = convert(texts)
    total, done = Counter(map(scope_of, texts)), Counter(scope_of(rule.place) for rule in made)
    for name in (*IN_SCOPE, "other"):
        print(f"{name:18} {done[name]:4} of {total[name]:4}")
    for one in refused:
        print(f"refused {one.place}: {one.words}")
    counts, missing = replay(folder, {rule.id: rule for rule in made})
    print("\n".join(missing))
    wanted, got = (sum(counter[name] for name in IN_SCOPE) for counter in (total, done))
    figures = {
        "rules": len(texts),
        "converted": len(made),
        "in_scope": wanted,
        "in_scope_converted": got,
        "share": round(got / wanted, 4) if wanted else None,
        **counts,
        "found_share": round(counts["found"] / counts["recordings"], 4) if counts["recordings"] else None,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    with tempfile.TemporaryDirectory(prefix="wf-sigma") as home:
        os.environ["WATCHFLOOR_HOME"] = home
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        main(Path(sys.argv[1]))
