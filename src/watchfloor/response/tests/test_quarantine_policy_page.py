"""Settings, Quarantine policy."""

import re

import pytest

from watchfloor.connectors.contracts import Disposition
from watchfloor.response.quarantine.contracts import BorderPolicy, BorderThreat, Preset, UserMay
from watchfloor.response.quarantine.policies import border_policy
from watchfloor.response.quarantine.policy_page import PolicyForm

HERE = "/settings/quarantine"


def choices(**changed: str) -> dict[str, str]:
    """The form as the page shows it, with these changes; a tick is taken away by “”."""
    form = PolicyForm(BorderPolicy())
    said = {name: form[name].value() for name in form.fields}
    ticked = {name: "on" if value is True else str(value) for name, value in said.items() if value is not False}
    return {name: value for name, value in (ticked | changed).items() if value}


def test_it_shows_every_threat_with_what_counts_now(as_max):
    page = as_max.get(HERE).content.decode()
    for threat in BorderThreat:
        assert threat.value in page
    assert len(re.findall(r'<option value="hold" selected', page)) == 3
    assert "at most they request it" in page


def test_saving_what_is_shown_changes_nothing(as_max):
    assert as_max.post(HERE, choices()).status_code == 302
    assert border_policy() == BorderPolicy()


def test_a_change_counts_at_once(as_max):
    said = choices(spam_what="hold", spam_may="full", spam_days="3650", spam_notify="", exempt="SOC@corp.example")
    assert as_max.post(HERE, said).status_code == 302
    policy = border_policy()
    rule = policy.rule(BorderThreat.SPAM)
    assert (rule.what, rule.may, rule.days, rule.notify) == (Disposition.HOLD, Preset.FULL.may, 3650, False)
    assert policy.exempt == {"soc@corp.example"}


def test_file_types_are_kept_without_dots_and_none_at_all_is_a_choice(as_max):
    assert as_max.post(HERE, choices(file_types=".EXE, *.iso;js")).status_code == 302
    assert border_policy().file_types == {"exe", "iso", "js"}
    assert as_max.post(HERE, choices(file_types="")).status_code == 302
    assert border_policy().file_types == frozenset()


def test_permissions_can_be_ticked_one_by_one(as_max):
    off = {f"phish_{one.name}".lower(): "" for one in UserMay}
    said = choices(**off, phish_may="custom") | {"phish_preview": "on", "phish_view_header": "on"}
    assert as_max.post(HERE, said).status_code == 302
    assert border_policy().rule(BorderThreat.PHISH).may == UserMay.PREVIEW | UserMay.VIEW_HEADER
    assert '<option value="custom" selected' in as_max.get(HERE).content.decode()


def test_full_access_to_malware_is_a_request(as_max):
    assert as_max.post(HERE, choices(malware_may="full")).status_code == 302
    may = border_policy().rule(BorderThreat.MALWARE).may
    assert may & UserMay.REQUEST_RELEASE
    assert not may & UserMay.RELEASE


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"spam_days": "0"}, "greater than or equal to 1"),
        ({"spam_days": "4000"}, "less than or equal to 3650"),
        ({"spam_what": "burn"}, "not one of the available choices"),
        ({"exempt": "the whole board"}, "is no mail address"),
        ({"file_types": "exe, a/b"}, "is no file extension"),
        ({"malware_may": "custom", "malware_release": "on"}, "may never release this themselves"),
    ],
)
def test_what_cannot_be_is_said_where_it_stands(as_max, changed, words):
    answer = as_max.post(HERE, choices(**changed))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert border_policy() == BorderPolicy()


def test_who_may_only_read_settings_reads_and_is_told_so(as_ada, as_eve):
    assert "Changing it takes the rights" in as_ada.get(HERE).content.decode()
    assert as_ada.post(HERE, choices(spam_what="hold")).status_code == 403
    assert as_eve.get(HERE).status_code == 403
    assert border_policy() == BorderPolicy()
