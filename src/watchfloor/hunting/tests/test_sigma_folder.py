"""A folder that the operator named: its rules are kept in step, and how rules are doing is told with the product's health."""

from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings

from watchfloor.config.sigma import import_rules
from watchfloor.config.slices import load
from watchfloor.hunting.health import CUSTOM, SIGMA, report_rules
from watchfloor.hunting.models import CustomDetection, SigmaEntry, SigmaImport
from watchfloor.hunting.sigma import folder
from watchfloor.hunting.tests.test_sigma_running import RULE
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotConfigured
from watchfloor.runtime.selectors import health


@pytest.fixture
def rules(db, tmp_path, settings, monkeypatch):
    monkeypatch.setattr(folder, "_seen", {})
    given = {name: getattr(django_settings.WATCHFLOOR, name) for name in ("lake_memory", "own_domains")}
    settings.WATCHFLOOR = SimpleNamespace(**{**given, "sigma_rules": str(tmp_path)})
    return tmp_path


def test_the_folder_is_kept_in_step(rules):
    folder.bring_folder(now=utc_now())
    assert not SigmaEntry.objects.exists()
    (rules / "a.yml").write_text(RULE)
    folder.bring_folder(now=utc_now())
    assert [one.enabled for one in SigmaEntry.objects.all()] == [False]
    folder.bring_folder(now=utc_now())
    (rules / "a.yml").write_text(RULE.replace("level: critical", "level: low"))
    folder.bring_folder(now=utc_now())
    assert SigmaEntry.objects.get().level == "low"
    assert SigmaImport.objects.count() == 2


def test_a_start_over_a_known_folder_is_no_import(rules, monkeypatch):
    (rules / "a.yml").write_text(RULE)
    folder.bring_folder(now=utc_now())
    monkeypatch.setattr(folder, "_seen", {})
    folder.bring_folder(now=utc_now())
    assert SigmaImport.objects.count() == 1


def test_a_folder_that_is_gone_is_told(rules):
    rules.rmdir()
    with pytest.raises(NotConfigured, match="sigma_rules"):
        folder.bring_folder(now=utc_now())


def told():
    report_rules()
    return {one.part: one for one in health()}.get(SIGMA)


def test_failing_rules_are_in_the_health_with_their_page(db, tmp_path, capsys):
    load("panels")
    assert told() is None
    (tmp_path / "a.yml").write_text(RULE)
    (tmp_path / "b.yml").write_text(RULE.replace("0001", "0002").replace("Certutil", "Other"))
    import_rules([tmp_path], switch_on="all", again=False, as_json=False, now=utc_now())
    assert "2 new, 0 changed, 0 same, 2 converted, 0 refused, 2 switched on" in capsys.readouterr().out
    SigmaEntry.objects.filter(title__startswith="Other").update(last_state="failing")
    found = told()
    assert (found.state, found.href) == ("warning", "/hunting/sigma?state=failing")
    assert found.sentence.startswith("1 of 2 failed at the last run: “Other")
    SigmaEntry.objects.update(last_state="failing")
    assert told().state == "failing"
    SigmaEntry.objects.update(last_state="ok")
    assert told().sentence == "2 are on, and the last run of each was well"


def test_the_command_tells_everything_as_json(db, tmp_path, capsys):
    (tmp_path / "a.yml").write_text(RULE.replace("process_creation", "sysmon_status"))
    import_rules([tmp_path], switch_on="none", again=False, as_json=True, now=utc_now())
    assert '"refused": 1' in (out := capsys.readouterr().out)
    assert '"place": "a.yml"' in out


def test_the_home_page_links_to_the_failing_rules(as_max, tmp_path):
    (tmp_path / "a.yml").write_text(RULE)
    import_rules([tmp_path], switch_on="all", again=False, as_json=False, now=utc_now())
    SigmaEntry.objects.update(last_state="failing")
    report_rules()
    page = as_max.get("/").content.decode()
    assert '<a href="/hunting/sigma?state=failing">Sigma rules</a>' in page
    assert "1 of 1 failed at the last run" in page


def test_failing_custom_detections_are_in_the_health_too(db):
    now = utc_now()
    CustomDetection.objects.create(
        title="Mine",
        text="EmailEvents",
        severity="low",
        every_minutes=60,
        look_back_minutes=60,
        owner_name="Ada",
        changed_at=now,
        next_at=now,
        last_state="failing",
    )
    load("panels")
    report_rules()
    found = {one.part: one for one in health()}[CUSTOM]
    assert (found.state, found.href) == ("failing", "/hunting/detections")
    assert found.sentence == "1 of 1 failed at the last run: “Mine”; their pages say why"
