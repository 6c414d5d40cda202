"""Rules in the shape of Sentinel's community repository (YAML: name, description, query, tactics, entityMappings)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from watchfloor.hunting.advanced.drafts import Draft
from watchfloor.kernel.errors import BadInput

LARGEST = 4 * 1024 * 1024
MOST = 2000


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One document of a file. `place` names it when it has no name."""

    name: str
    place: str
    fields: Mapping[str, Any]

    def draft(self, *, folder: str) -> Draft:
        """The query to keep. Raises BadInput naming what is missing or of the wrong kind."""
        text = self.fields.get("query")
        if not isinstance(text, str) or not text.strip():
            raise BadInput("it has no query", place="query")
        identity = str(self.fields.get("id") or self.name)
        return Draft(
            name=self.name,
            text=text.strip(),
            folder=folder,
            description=_text(self.fields.get("description")),
            severity=_text(self.fields.get("severity")).lower(),
            tactics=_texts(self.fields.get("tactics"), "tactics"),
            techniques=_texts(self.fields.get("relevantTechniques"), "relevantTechniques"),
            entities=tuple(_entities(self.fields.get("entityMappings"))),
            source=f"{self.place}#{identity}",
        )


def read_rules(data: bytes, *, name: str) -> Iterator[RuleFile]:
    """Every document of a YAML file that is a mapping. Raises BadInput with the line where it is no YAML."""
    if len(data) > LARGEST:
        raise BadInput(f"a file has at most {LARGEST // 1024 // 1024} MB", place=name)
    try:
        documents = list(yaml.safe_load_all(data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise BadInput("the file is not UTF-8 text", place=name) from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadInput(f"this is no YAML: {error.problem}", place=f"{name}{line}") from None
    except yaml.YAMLError:
        raise BadInput("this is no YAML", place=name) from None
    rules = [one for document in documents for one in (document if isinstance(document, list) else [document])]
    if len(rules) > MOST:
        raise BadInput(f"a file holds at most {MOST:,} rules, this one {len(rules):,}", place=name)
    found = [one for one in rules if isinstance(one, dict)]
    if not found:
        raise BadInput("the file holds no rule (name, description, query)", place=name)
    for one in found:
        yield RuleFile(_text(one.get("name")), name, one)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any, place: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadInput(f"{place} must be a list", place=place)
    return tuple(str(one) for one in value if one)


def _entities(value: Any) -> Iterator[Mapping[str, Any]]:
    """[{"type": "Account", "fields": [{"identifier": "FullName", "column": "AccountUpn"}]}]."""
    if value is None:
        return
    if not isinstance(value, list):
        raise BadInput("entityMappings must be a list", place="entityMappings")
    for one in value:
        mappings = one.get("fieldMappings") if isinstance(one, dict) else None
        if not isinstance(mappings, list) or not isinstance(one.get("entityType"), str):
            raise BadInput("an entity mapping needs entityType and fieldMappings", place="entityMappings")
        fields = [
            {"identifier": str(part.get("identifier", "")), "column": str(part["columnName"])}
            for part in mappings
            if isinstance(part, dict) and part.get("columnName")
        ]
        yield {"type": one["entityType"], "fields": fields}
