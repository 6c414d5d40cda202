"""Texts of Sigma rules into rules of ours: read, converted, compiled, or refused with the reason."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError, SigmaRuleLocation
from sigma.rule import SigmaRule as Parsed

from watchfloor.hunting.sigma.backend import KqlBackend
from watchfloor.hunting.sigma.correlations import correlation
from watchfloor.hunting.sigma.inside import with_pattern
from watchfloor.hunting.sigma.refusing import Refusal
from watchfloor.hunting.sigma.rules import Kind, Logsource, Refused, SigmaRule
from watchfloor.lake.selectors import check_query

LARGEST = 1024 * 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)


def convert(texts: Mapping[str, str]) -> tuple[list[SigmaRule], list[Refused]]:
    """Every rule in these files (name to text of YAML) as KQL that compiles, and what was refused and why.

    A file may hold several documents; correlations may name rules of other files by id or name. A rule that only serves a
    correlation is no rule of its own, unless the correlation says `generate: true`.
    """
    refused: list[Refused] = []
    parsed = [rule for name, text in texts.items() for rule in _read(name, text, refused)]
    collection = _resolved(parsed, refused)
    made = [one for rule in collection if (one := _converted(rule, refused)) is not None]
    return made, refused


def _read(name: str, text: str, refused: list[Refused]) -> Iterator[Parsed | SigmaCorrelationRule]:
    """The rules of one file; what is none is refused."""
    try:
        if len(text) > LARGEST:
            raise Refusal(f"a file has at most {LARGEST // 1024} KB")
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        refused.append(Refused("", "", f"{name}{line}", f"this is no YAML: {error.problem or error.context}"))
        return
    except (yaml.YAMLError, Refusal, RecursionError, ValueError) as error:
        refused.append(Refused("", "", name, f"this is no YAML: {error}"))
        return
    for number, document in enumerate(documents, 1):
        place = name if len(documents) == 1 else f"{name}, document {number}"
        if not isinstance(document, dict):
            refused.append(Refused("", "", place, "this is no rule: a rule has a title, a logsource and a detection"))
            continue
        yield from _parsed(document, place, refused)


def _parsed(document: dict[str, Any], place: str, refused: list[Refused]) -> Iterator[Parsed | SigmaCorrelationRule]:
    title, identity = str(document.get("title") or ""), str(document.get("id") or "")
    try:
        found = SigmaCollection.from_dicts(
            [document], collect_errors=True, source=SigmaRuleLocation(Path(place)), resolve_references=False
        )
    except (SigmaError, TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        refused.append(Refused(title, identity, place, _said(error)))
        return
    if found.errors or not found.rules:
        said = _said(found.errors[0]) if found.errors else "this is no rule: a rule has a logsource and a detection"
        refused.append(Refused(title, identity, place, said))
    for rule in found.rules:
        if rule.errors:
            refused.append(Refused(rule.title, str(rule.id or ""), place, _said(rule.errors[0])))
        else:
            yield rule


def _said(error: BaseException) -> str:
    """What is wrong, without the place, which the refusal names."""
    return str(error.args[0] if error.args else error).strip() or type(error).__name__


def _resolved(
    parsed: list[Parsed | SigmaCorrelationRule], refused: list[Refused]
) -> list[Parsed | SigmaCorrelationRule]:
    """The rules with their references followed; a correlation that names no rule of ours is refused, the others stay."""
    collection = SigmaCollection(list(parsed), resolve_references=False)
    kept: list[Parsed | SigmaCorrelationRule] = []
    for rule in collection.rules:
        if isinstance(rule, SigmaCorrelationRule):
            try:
                rule.resolve_rule_references(collection)
            except SigmaError as error:
                refused.append(_refusal(rule, error))
                continue
        kept.append(rule)
    return kept


def _refusal(rule: Parsed | SigmaCorrelationRule, error: BaseException) -> Refused:
    field = error.field if isinstance(error, Refusal) else ""
    said = f"{field}: {_said(error)}" if field and field not in _said(error) else _said(error)
    return Refused(rule.title, str(rule.id or ""), _place(rule), said, field)


def _place(rule: Parsed | SigmaCorrelationRule) -> str:
    return str(rule.source.path) if rule.source is not None else ""


def _converted(rule: Parsed | SigmaCorrelationRule, refused: list[Refused]) -> SigmaRule | None:
    """The rule in KQL. None where it is refused, or serves a correlation alone."""
    if not rule._output:
        return None
    try:
        made = _correlated(rule) if isinstance(rule, SigmaCorrelationRule) else _simple(rule)
    except (SigmaError, NotImplementedError) as error:
        refused.append(_refusal(rule, error))
        return None
    wrong = [remark.words for remark in check_query(made.kql, now=EPOCH) if remark.kind == "error"]
    if wrong:
        refused.append(Refused(made.title, made.id, made.place, f"as a query it is refused: {wrong[0]}"))
        return None
    return made


def _simple(rule: Parsed) -> SigmaRule:
    events, conditions = KqlBackend().predicate(rule)
    source = Logsource(rule.logsource.category or "", rule.logsource.product or "", rule.logsource.service or "")
    wheres = (*events.wheres, *conditions)
    kql = with_pattern("\n| where ".join((events.table, *wheres)))
    return _described(rule, source, events.table, kql, entities=events.entities)


def _correlated(rule: SigmaCorrelationRule) -> SigmaRule:
    made = correlation(rule)
    return _described(
        rule, made.source, made.table, made.kql, entities=made.entities, kind=Kind.CORRELATION, seconds=made.seconds
    )


def _described(rule: Parsed | SigmaCorrelationRule, source: Logsource, table: str, kql: str, **more: Any) -> SigmaRule:
    tags = tuple(str(tag) for tag in rule.tags)
    techniques = tuple(match[1].upper() for tag in tags if (match := TECHNIQUE.fullmatch(tag)))
    return SigmaRule(
        id=str(rule.id or ""),
        title=rule.title,
        author=str(rule.author or ""),
        description=str(rule.description or ""),
        level=str(rule.level or ""),
        status=str(rule.status or ""),
        tags=tags,
        techniques=techniques,
        references=tuple(map(str, rule.references)),
        logsource=source,
        table=table,
        kql=kql,
        place=_place(rule),
        false_positives=tuple(map(str, rule.falsepositives)),
        **more,
    )
