"""An import handed in on the page: worked off in parts, killed at any moment, told file by file, stopped."""

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry, Role
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.models import SigmaEntry, SigmaImport, SigmaPart
from watchfloor.hunting.sigma import importing
from watchfloor.hunting.sigma.importing import go_on, hand_in, stop
from watchfloor.hunting.tests.test_sigma_keeping import NO_TABLE
from watchfloor.hunting.tests.test_sigma_running import COUNTED, RULE
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden


def numbered(number):
    return RULE.replace("000000000001", f"{number:012}").replace("Certutil Fetches", f"Number {number} Fetches")


def handed_in(by, *texts, **more):
    files = [(f"rules/{number}.yml", text.encode()) for number, text in enumerate(texts)]
    return hand_in(files=files, source="rules.zip", by=by, now=utc_now(), **more)


def worked_off(told):
    while go_on(now=utc_now()):
        pass
    told.refresh_from_db()
    return told


@pytest.fixture
def two_a_part(monkeypatch):
    monkeypatch.setattr(importing, "FILES_A_PART", 2)


@pytest.fixture
def by_max(max):
    return actor_of(max)


@pytest.mark.django_db
def test_nothing_is_converted_while_somebody_waits_and_each_turn_does_one_part(by_max, two_a_part):
    told = handed_in(by_max, *(numbered(one) for one in range(101, 106)))
    assert (told.files, told.done, told.parts.count(), SigmaEntry.objects.count()) == (5, 0, 3, 0)
    seen = []
    while go_on(now=utc_now()):
        told.refresh_from_db()
        seen.append((told.done, SigmaEntry.objects.count(), told.state))
    assert seen == [(2, 2, "waiting"), (4, 4, "waiting"), (5, 5, "waiting"), (5, 5, "done")]
    assert (told.new, told.converted, told.seen) == (5, 5, {})
    assert not SigmaPart.objects.exists()
    verbs = AuditEntry.objects.filter(verb__startswith="sigma.", outcome="success").values_list("verb", flat=True)
    assert sorted(verbs) == ["sigma.hand_in", "sigma.import"]


@pytest.mark.django_db
def test_a_correlation_is_taken_after_the_rules_it_counts(by_max, two_a_part):
    told = worked_off(handed_in(by_max, COUNTED, numbered(102), numbered(103), RULE))
    assert told.refused == []
    assert SigmaEntry.objects.get(title="Certutil Again And Again").kql


@pytest.mark.django_db
def test_what_is_wrong_with_a_file_is_told_with_its_place_and_stops_no_other(by_max, two_a_part):
    told = worked_off(handed_in(by_max, RULE, "detection: [", NO_TABLE, RULE, numbered(104)))
    assert (told.state, told.new, told.converted) == ("done", 3, 2)
    refused = {one["place"]: one["words"] for one in told.refused}
    assert "no YAML" in refused["rules/1.yml"]
    assert "rules/2.yml" in refused
    assert "same id: rules/0.yml" in refused["rules/3.yml"]


@pytest.mark.django_db
def test_it_is_stopped_and_keeps_what_was_done(by_max, two_a_part, as_max, as_eve):
    told = handed_in(by_max, *(numbered(one) for one in range(101, 106)))
    go_on(now=utc_now())
    assert as_eve.post(f"{told.href}/stop").status_code == 403
    page = as_max.post(f"{told.href}/stop", follow=True).content.decode()
    assert "It was stopped" in page
    assert go_on(now=utc_now()) == 0
    told.refresh_from_db()
    assert (told.state, SigmaEntry.objects.count(), SigmaPart.objects.count()) == ("stopped", 2, 0)
    assert stop(key=told.pk, by=by_max, now=utc_now()).state == "stopped"


@pytest.mark.django_db
def test_the_rights_of_whoever_handed_it_in_count_while_it_runs(by_max, max, two_a_part):
    told = handed_in(by_max, *(numbered(one) for one in range(101, 104)))
    go_on(now=utc_now())
    for role in Role.objects.all():
        role.permissions = [one for one in role.permissions if one != Permission.DETECTION_TUNE.value]
        role.save()
    worked_off(told)
    assert (told.state, told.done) == ("failed", 2)
    assert Permission.DETECTION_TUNE.value in told.words or "right" in told.words


@pytest.mark.django_db
def test_a_rule_over_rows_one_may_not_read_is_kept_off_and_says_so(by_max, monkeypatch):
    def never(rows, by):
        raise Forbidden("the right to read devices is missing", permission="x")

    monkeypatch.setattr(importing, "may_read", never)
    told = worked_off(handed_in(by_max, RULE, switch_on="all"))
    assert (told.switched_on, SigmaEntry.objects.get().enabled) == (0, False)
    assert "kept but not switched on" in told.refused[0]["words"]


@pytest.mark.django_db
def test_files_without_a_rule_are_refused_at_once(by_max):
    with pytest.raises(BadInput, match="no Sigma rule is among the files"):
        handed_in(by_max, "x: 1")
    with pytest.raises(BadInput, match="are one of"):
        handed_in(by_max, RULE, switch_on="some")
    assert not SigmaImport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_while_it_keeps_a_part_does_this_part_again_and_no_other(by_max, two_a_part, monkeypatch):
    """What was not committed is gone with the process, so this part is still there for the next one."""
    told, store, converted = handed_in(by_max, *(numbered(one) for one in range(101, 106))), importing.store_entries, []

    def dying(became):
        store(became)
        converted.append([entry.title for entry in became.new])
        if len(converted) == 2:
            raise SystemExit

    monkeypatch.setattr(importing, "store_entries", dying)
    go_on(now=utc_now())
    with pytest.raises(SystemExit):
        go_on(now=utc_now())
    told.refresh_from_db()
    assert (told.done, told.new, SigmaEntry.objects.count(), told.parts.count()) == (2, 2, 2, 2)
    worked_off(told)
    assert (told.state, told.done, told.new, SigmaEntry.objects.count()) == ("done", 5, 5, 5)
    assert converted[1] == converted[2]
    assert len(converted) == 4
