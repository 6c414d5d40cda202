"""Fits the weights of the verdict: `python -m benchmarks.verdict.fit CORPUS [--hold-out 2024-11] [--dry]`.

Reads the labelled mail of a folder, rewrites the fitted points and the counts of `weights.toml`, and prints what each
signal adds and on how many mails it was seen. `--hold-out` first fits without the campaigns that reach that month or
later and prints what that fit says of them: the honest figure for mail to come.
"""

import argparse
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.verdict.corpus import HONEST, UNWANTED, mails_of
from benchmarks.verdict.model import Fit, choose, score, share
from benchmarks.verdict.seeing import Seen, see
from watchfloor.inspection.weights import TABLE, THRESHOLD, WEIGHTS


def main(arguments: Sequence[str]) -> None:
    """Fit, tell and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--hold-out", default="", metavar="MONTH")
    parser.add_argument("--dry", action="store_true", help="print, write nothing")
    chosen = parser.parse_args(arguments)
    mails = see(mails_of(chosen.corpus))
    if chosen.hold_out:
        tell_held_out(mails, chosen.hold_out)
    fit = choose(mails, tell=print)
    print(f"threshold {THRESHOLD}, log-odds there {fit.certainty}")
    tell_signals(mails, fit)
    if not chosen.dry:
        TABLE.write_text(rewritten(TABLE.read_text("utf-8"), fit, mails), "utf-8")


def tell_held_out(mails: Sequence[Seen], month: str) -> None:
    """What a fit without the latest campaigns says of them."""
    late = {seen.mail.group for seen in mails if seen.mail.label == UNWANTED and seen.mail.month >= month}
    held = [seen for seen in mails if seen.mail.group in late]
    fit = choose([seen for seen in mails if seen.mail.group not in late])
    found = share(score(fit.points, seen) >= THRESHOLD for seen in held)
    print(f"held out from {month}: {found:.1%} of {len(held)} mails of {len(late)} campaigns found")


def tell_signals(mails: Sequence[Seen], fit: Fit) -> None:
    """One line per signal: points, mails, what it means."""
    unwanted, honest = counts(mails, UNWANTED), counts(mails, HONEST)
    for name, points in sorted(fit.points.items(), key=lambda one: -one[1]):
        if unwanted[name] or honest[name]:
            how = "fitted" if WEIGHTS[name].most is not None else "hand"
            print(
                f"{points:5.2f} {how:6} unwanted {unwanted[name]:5} honest {honest[name]:5}  {name}: {WEIGHTS[name].means}"
            )


def counts(mails: Sequence[Seen], label: str) -> Counter[str]:
    """On how many mails of a label each signal was seen."""
    return Counter(signal for seen in mails if seen.mail.label == label for signal in set(seen.signals))


def rewritten(written: str, fit: Fit, mails: Sequence[Seen]) -> str:
    """The table with new points and counts; its head, order and everything set by hand stay."""
    head = written[: written.index("\n[")]
    unwanted, honest = counts(mails, UNWANTED), counts(mails, HONEST)
    text = head + "\n"
    for section, rows in tomllib.loads(written).items():
        for name, row in rows.items() if isinstance(rows, dict) else ():
            row = {key: value for key, value in row.items() if key not in ("phish", "ham")}
            if row["by"] == "fitted":
                row["points"] = round(fit.points[name], 2)
            if unwanted[name] or honest[name]:
                row |= {"phish": unwanted[name], "ham": honest[name]}
            text += f"\n[{section}.{name}]\n" + "".join(f"{key} = {_as_toml(value)}\n" for key, value in row.items())
    return text


def _as_toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value:g}"


if __name__ == "__main__":
    main(sys.argv[1:])
