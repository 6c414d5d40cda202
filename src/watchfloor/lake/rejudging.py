"""What another threshold and other silenced reasons would have done: stored verdicts summed anew in one statement per window.

EmailEvents keeps a verdict's score and the points of each reason, so no mail is read again. A mail that the organisation allowed
stays harmless and one judged before scores were kept is told apart.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp, parse_one

from watchfloor.lake.arrow import to_rows
from watchfloor.lake.contracts import Rejudged, Reweighing
from watchfloor.lake.engines.source import Source
from watchfloor.lake.query import compile as trees
from watchfloor.lake.query.compile import Window
from watchfloor.lake.snapshot import engine, source_of

TABLE = "EmailEvents"
BIN = 0.5
HIGHEST_BIN = 30
"""Scores of 15 and more share the last bin."""
_SIGNAL = re.compile(r"[a-z0-9_]{1,60}\Z")
_SHOWN = ("NetworkMessageId", "RecipientEmailAddress", "Timestamp", "Subject", "SenderFromAddress", "VerdictScore")


def rejudged(
    start: datetime, end: datetime, tried: Reweighing, *, labels: Mapping[str, str], timeout: float = 30.0
) -> tuple[Rejudged, ...]:
    """Different mails of [start, end) by score, verdict then and now, and label. Raises TooSlow after `timeout` seconds.

    `labels` maps the ids of labelled mails to what their label says.
    """
    tree = parse_one(
        "SELECT bin, was, after, label, COUNT(DISTINCT id) AS mails FROM judged GROUP BY ALL", dialect="duckdb"
    )
    rows = _run(tree, start, end, tried, labels=labels, timeout=timeout)
    return tuple(
        Rejudged(
            None if row["bin"] is None else row["bin"] * BIN, row["was"], row["after"], row["label"] or "", row["mails"]
        )
        for row in rows.to_pylist()
    )


def changed_mails(
    start: datetime, end: datetime, tried: Reweighing, *, limit: int, timeout: float = 30.0
) -> list[dict[str, Any]]:
    """Some mails whose verdict would be another, those nearest the threshold first: a row each, with `Score` and `After`."""
    names = ", ".join(f'ANY_VALUE("{name}") AS "{name}"' for name in _SHOWN)
    tree = parse_one(
        f'SELECT {names}, ANY_VALUE(score) AS "Score", ANY_VALUE(after) AS "After" FROM judged '  # noqa: S608 - our own names
        "WHERE after <> was GROUP BY id "
        f"ORDER BY ABS(ANY_VALUE(score) - {float(tried.threshold)!r}), id LIMIT {int(limit)}",
        dialect="duckdb",
    )
    return to_rows(_run(tree, start, end, tried, labels={}, timeout=timeout))


def _run(
    tree: exp.Expr, start: datetime, end: datetime, tried: Reweighing, *, labels: Mapping[str, str], timeout: float
) -> pa.Table:
    known = pa.table(
        {"mail": pa.array(list(labels), pa.string()), "label": pa.array(list(labels.values()), pa.string())}
    )
    sources = {TABLE: source_of(TABLE, Window(start, end)), "labels": Source((), known, known)}
    for table in tree.find_all(exp.Table):
        if table.name == "judged":
            table.replace(_judged(tried, Window(start, end)).subquery("judged"))
    return engine().run(tree, sources, timeout=timeout)


def _judged(tried: Reweighing, window: Window) -> exp.Select:
    """Each row with its score under the proposal, and whether it was and would be a threat."""
    known = '"VerdictReasons" IS NOT NULL AND "VerdictReasons" <> \'\''
    scored = exp.select(
        *(trees.column(name) for name in _SHOWN),
        f"{known} AS known",
        "\"ThreatTypes\" NOT IN ('', '[]') AS was",
        "\"OrgLevelAction\" = 'Allow' AS allowed",
        parse_one(f"ROUND({_score(tried)}, 2)", dialect="duckdb").as_("score"),
        dialect="duckdb",
    ).from_(exp.to_table(TABLE))
    after = f"CASE WHEN NOT known OR allowed THEN was ELSE score >= {float(tried.threshold)!r} END"
    return (
        exp.select(
            *(trees.column(name) for name in _SHOWN),
            '"NetworkMessageId" AS id',
            "score",
            "was",
            f"{after} AS after",
            "labels.label AS label",
            f"CASE WHEN known THEN LEAST(CAST(FLOOR(GREATEST(score, 0) / {BIN}) AS INT), {HIGHEST_BIN}) END AS bin",
            dialect="duckdb",
        )
        .from_(scored.where(trees.within(window)).subquery("s"))
        .join("labels", on='labels.mail = s."NetworkMessageId"', join_type="left", dialect="duckdb")
    )


def _score(tried: Reweighing) -> str:
    """The stored sum, less what would be silenced, plus what would count again. Names are checked, numbers are ours."""
    parts = ['"VerdictScore"']
    parts += [f"- {_points(name)}" for name in sorted(tried.silenced) if _SIGNAL.match(name)]
    for name, points in sorted(tried.restored.items()):
        if _SIGNAL.match(name):
            met = f"""CONTAINS("VerdictReasons", '"{name}":')"""
            parts.append(f"+ CASE WHEN {met} THEN GREATEST({float(points)!r} - {_points(name)}, 0) ELSE 0 END")
    return " ".join(parts)


def _points(name: str) -> str:
    found = f"""REGEXP_EXTRACT("VerdictReasons", '"{name}": ([0-9.]+)', 1)"""
    return f"COALESCE(TRY_CAST({found} AS DOUBLE), 0)"
