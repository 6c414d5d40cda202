"""The figures of inspection on a folder of mail: recall and false positives, rates, torture, crafted bombs.

`make bench-inspection CORPUS=folder` runs small in under 50 s; `SCALE=full` takes all mails and more rounds. The folder has
the shape of `mail_train/mails.jsonl.gz`, `mail/`, `mail_neutral/`, `mail_torture/`, `mail_extra/`; what it lacks is named and
left out. The last line is one JSON object.
"""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.verdict import clustering, evaluate, parsing
from benchmarks.workplace import FULL, say


def main(corpus: Path) -> None:
    began = time.perf_counter()
    read = parsing.measure(corpus, full=FULL)
    judged = evaluate.evaluate(corpus, full=FULL)
    say(judged.words)
    grouped = clustering.measure(corpus, full=FULL)
    say(grouped.words)
    say(f"all of it took {time.perf_counter() - began:.0f} s")
    figures = {
        "recall": judged.recall,
        "fpr": judged.fpr,
        "fpr_by_source": judged.fpr_by_source,
        "parse_per_s": round(read.parse_per_s),
        "verdict_per_s": round(read.verdict_per_s),
        "cluster_per_s": round(grouped.per_s),
        "torture_files": read.torture_files,
        "torture_errors": read.torture_errors,
        "dos_worst_s": round(read.dos_worst_s, 2),
        "scale": "full" if FULL else "small",
        "parse_with_files_per_s": round(read.parse_with_files_per_s),
        "raw_parse_per_s": round(read.raw_parse_per_s),
        "raw_verdict_per_s": round(read.raw_verdict_per_s),
        "mean_kb": [round(read.mean_kb, 1), round(read.raw_kb, 1)],
        "pool_per_s": round(read.pool_per_s),
        "dos_inputs": read.dos_inputs,
        "oracles": {name: [one.agreed, one.compared] for name, one in read.oracles.items()},
        "missing": list(read.missing),
    }
    print(json.dumps(figures))


def corpus_folder() -> Path:
    """The folder named by CORPUS. Ends with what is wanted when it is not given or not there."""
    named = os.environ.get("CORPUS", "")
    if not named or not Path(named).is_dir():
        raise SystemExit(
            f"{f'There is no folder {named}.' if named else 'No corpus is given.'} Say: make bench-inspection CORPUS=folder, "
            "a folder with mail_train/mails.jsonl.gz, mail/, mail_neutral/, mail_torture/ (docs/benchmarks.md)"
        )
    return Path(named)


if __name__ == "__main__":
    main(corpus_folder())
