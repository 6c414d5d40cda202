"""pySigma's backend for KQL: conditions of a rule become one predicate over our tables."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionItem,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.conversion.base import Backend
from sigma.conversion.state import ConversionState
from sigma.rule import SigmaRule
from sigma.types import SigmaFieldReference, SigmaNumber, SigmaString, SpecialChars

from watchfloor.hunting.sigma.logsources import DYNAMIC, Events, events_of
from watchfloor.hunting.sigma.pipeline import pipeline
from watchfloor.hunting.sigma.places import Read, both, either
from watchfloor.hunting.sigma.refusing import Refusal
from watchfloor.hunting.sigma.rules import Logsource
from watchfloor.hunting.sigma.texts import quoted

Asked = ConditionFieldEqualsValueExpression


class KqlBackend(Backend):
    """Conditions of rules as KQL. `events` are those of the rule at hand."""

    name: ClassVar[str] = "Watchfloor"
    backend_processing_pipeline = pipeline()
    events: Events

    def predicate(self, rule: SigmaRule) -> tuple[Events, list[str]]:
        """The events of a rule, and what all holds for those it finds. Raises SigmaError."""
        source = rule.logsource
        self.events = events_of(Logsource(source.category or "", source.product or "", source.service or ""))
        self.init_processing_pipeline()
        self.last_processing_pipeline.apply(rule)
        conditions = [one.parsed for one in rule.detection.parsed_condition]
        if len(conditions) == 1 and isinstance(conditions[0], ConditionAND):
            return self.events, self._parts(conditions[0], ConversionState())
        found = [self.convert_condition(one, ConversionState()) for one in conditions]
        return self.events, [either([str(one) for one in found])]

    def convert_condition_or(self, cond: ConditionOR, state: ConversionState) -> str:
        words = self._words(cond)
        if words:
            return words
        return either(self._parts(cond, state))

    def _words(self, cond: ConditionOR) -> str:
        """Several texts that one field may equal as one list; "" where it is something else."""
        asked = [part for part in cond.args if isinstance(part, Asked)]
        if len(asked) != len(cond.args) or len({part.field for part in asked}) != 1 or len(asked) < 2:
            return ""
        place = self.events.field(asked[0].field)
        if not isinstance(place, Read):
            return ""
        words = [place.word(part.value) for part in asked]
        return f"{place.text()} in~ ({', '.join(map(quoted, words))})" if all(words) else ""

    def convert_condition_and(self, cond: ConditionAND, state: ConversionState) -> str:
        return both(self._parts(cond, state))

    def _parts(self, cond: ConditionItem, state: ConversionState) -> list[str]:
        return [str(self.convert_condition(part, state)) for part in cond.args]

    def convert_condition_not(self, cond: ConditionNOT, state: ConversionState) -> str:
        return f"not({self._parts(cond, state)[0]})"

    def convert_condition_as_in_expression(self, cond: ConditionOR | ConditionAND, state: ConversionState) -> str:
        raise Refusal("lists of values are written one by one")

    def decide_convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, state: ConversionState
    ) -> bool:
        return False

    def _asked(self, cond: Asked, state: ConversionState) -> str:
        """Every value is asked for where the field lies."""
        with _naming(cond.field):
            return self.events.field(cond.field).meets(cond.value)

    convert_condition_field_eq_val_str = _asked
    convert_condition_field_eq_val_str_case_sensitive = _asked
    convert_condition_field_eq_val_num = _asked
    convert_condition_field_eq_val_timestamp_part = _asked
    convert_condition_field_eq_val_bool = _asked
    convert_condition_field_eq_val_re = _asked
    convert_condition_field_eq_val_cidr = _asked
    convert_condition_field_compare_op_val = _asked
    convert_condition_field_eq_val_null = _asked
    convert_condition_field_exists = _asked
    convert_condition_field_not_exists = _asked
    convert_condition_field_eq_val_exists = _asked

    def convert_condition_field_eq_field(self, cond: Asked, state: ConversionState) -> str:
        """Two fields of one event, ignoring case as Sigma does."""
        value = cond.value
        assert isinstance(value, SigmaFieldReference)
        with _naming(cond.field):
            left = self.events.field(cond.field).text()
        with _naming(value.field):
            right = self.events.field(value.field).text()
        words = {(False, False): "=~", (True, False): "startswith", (False, True): "endswith", (True, True): "contains"}
        return f"{left} {words[value.starts_with, value.ends_with]} {right}"

    def convert_condition_field_eq_query_expr(self, cond: Asked, state: ConversionState) -> str:
        raise Refusal("a query of another product cannot be taken over", field=cond.field)

    def convert_condition_val_str(self, cond: ConditionValueExpression, state: ConversionState) -> str:
        """A value without a field: somewhere in the columns that hold the event's own words."""
        assert isinstance(cond.value, SigmaString)
        if not self.events.keywords:
            raise Refusal(f"{self.events.table} has no columns that a value without a field could be looked for in")
        return either([column.meets(_within(cond.value, column.type)) for column in self.events.keywords])

    def convert_condition_val_num(self, cond: ConditionValueExpression, state: ConversionState) -> str:
        assert isinstance(cond.value, SigmaNumber)
        return self.convert_condition_val_str(ConditionValueExpression(SigmaString(str(cond.value))), state)

    def convert_condition_val_re(self, cond: ConditionValueExpression, state: ConversionState) -> str:
        if not self.events.keywords:
            raise Refusal(f"{self.events.table} has no columns that a value without a field could be looked for in")
        return either([column.meets(cond.value) for column in self.events.keywords])

    def convert_condition_query_expr(self, cond: ConditionValueExpression, state: ConversionState) -> str:
        raise Refusal("a query of another product cannot be taken over")

    def _no_correlation(self, *given: Any, **more: Any) -> Any:
        raise Refusal("correlations are made elsewhere")

    convert_correlation_event_count_rule = _no_correlation
    convert_correlation_value_count_rule = _no_correlation
    convert_correlation_temporal_rule = _no_correlation
    convert_correlation_temporal_ordered_rule = _no_correlation
    convert_correlation_extended_temporal_rule = _no_correlation
    convert_correlation_extended_temporal_ordered_rule = _no_correlation
    convert_correlation_value_sum_rule = _no_correlation
    convert_correlation_value_avg_rule = _no_correlation
    convert_correlation_value_percentile_rule = _no_correlation
    convert_correlation_value_median_rule = _no_correlation


class _naming:
    """Refusals raised inside know the field."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Refusal) and not error.field:
            error.field = self.field


def _within(value: SigmaString, kind: str) -> SigmaString:
    """The value anywhere in a text; in JSON as it is written inside a string there."""
    found = type(value)()
    parts = [_json(part) if kind == DYNAMIC and isinstance(part, str) else part for part in value.s]
    multi = SpecialChars.WILDCARD_MULTI
    found.s = [*_unless(multi, parts[:1]), *parts, *_unless(multi, parts[-1:])]
    return found


def _unless(sign: SpecialChars, there: Sequence[Any]) -> list[Any]:
    return [] if list(there) == [sign] else [sign]


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
