"""A verdict's points and the organisation's entries as columns."""

import json

import pytest

from watchfloor.inspection.contracts import Reason, Verdict
from watchfloor.lake.judgement import SOURCES, judgement_columns
from watchfloor.lake.schema.email_events import TABLE


def verdict(*entries: str, allowed: str = "") -> Verdict:
    reasons = tuple(Reason(f"signal_{number}", 2.5, "words", entry=entry) for number, entry in enumerate(entries))
    return Verdict(score=2.5 * len(entries), reasons=reasons, allowed=allowed)


def test_score_and_reasons_are_kept_for_the_back_test():
    found = judgement_columns(
        Verdict(score=4.25, reasons=(Reason("a", 3, "x"), Reason("b", 1.25, "y"), Reason("c", 0, "z")))
    )
    assert found["VerdictScore"] == 4.25
    assert json.loads(found["VerdictReasons"]) == {"a": 3, "b": 1.25, "c": 0}


def test_a_mail_that_meets_no_entry_has_no_override():
    found = judgement_columns(verdict("", ""))
    assert found["TenantEntries"] == []
    assert not {"OrgLevelAction", "PrimaryOverride"} & found.keys()


def test_the_deciding_override_is_the_block_and_all_sources_are_listed():
    found = judgement_columns(verdict("allow url:x.example", "block sender:bo@x.example"))
    assert found["PrimaryOverride"] == "Blocked by organization policy"
    assert found["OrgLevelAction"] == "Block"
    assert found["OrgLevelPolicy"] == "Tenant Allow/Block List: sender:bo@x.example"
    assert found["PrimaryOverrideSource"] == "Tenant Allow/Block List sender address block"
    assert found["OverrideSources"] == [SOURCES["block sender"], SOURCES["allow url"]]


def test_an_allow_entry_that_covers_the_mail_is_an_override():
    found = judgement_columns(verdict(allowed="domain:x.example"))
    assert (found["PrimaryOverride"], found["OrgLevelAction"]) == ("Allowed by organization policy", "Allow")
    assert found["PrimaryOverrideSource"] == "Sender domain list (Admin override)"
    assert found["TenantEntries"] == ["allow domain:x.example"]


def test_an_indicator_is_named_but_is_no_override():
    found = judgement_columns(verdict("indicator domain:x.example"))
    assert found["TenantEntries"] == ["indicator domain:x.example"]
    assert "PrimaryOverride" not in found


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_every_word_is_one_the_filters_know(source):
    found = judgement_columns(verdict(f"{source}:x"))
    assert found["PrimaryOverride"] in TABLE.column("PrimaryOverride").choices
    assert found.keys() <= {column.name for column in TABLE.columns}
