"""The wizard and the action center, as people click through them: with forms alone, without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.response import services
from watchfloor.response.contracts import RemediationStatus, Row, Targets
from watchfloor.response.models import LedgerLine, Remediation

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
ANN = f"{PHISH}|ann@corp.example"
BOB = f"{PHISH}|bob@corp.example"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def proposed(mails, proposer):
    return services.propose(
        by=proposer, name="Purge the phish", reason="it is one", action="soft-delete",
        targets=Targets(rows=(Row.parse(ANN), Row.parse(BOB))), at=NOW,
    )  # fmt: skip


@pytest.fixture
def ended(mails, analyst):
    """A remediation that has run, with a line of each kind."""
    one = services.start(
        by=analyst, name=f"Purge {HOSTILE}", reason="because", action="soft-delete",
        targets=Targets(rows=(Row.parse(ANN),)), at=datetime.now(UTC) - timedelta(minutes=5),
    )  # fmt: skip
    for number, status in enumerate(("moved", "missing", "failed", "skipped", "already")):
        LedgerLine.objects.create(
            remediation=one, network_message_id=PHISH, recipient=f"p{number}@corp.example", status=status,
            subject=f"=1+1 {HOSTILE}", why=HOSTILE if status == "failed" else "", found_where="INBOX", at=NOW,
        )  # fmt: skip
    one.total, one.moved, one.missing, one.failed, one.skipped, one.already = 5, 1, 1, 1, 1, 1
    one.status, one.frozen_at = RemediationStatus.COMPLETED.value, NOW
    one.save()
    return one


def test_the_wizard_goes_from_choosing_to_a_started_remediation_with_plain_forms(as_ada, mails):
    page = as_ada.get("/actions/new", {"row": [ANN, BOB]})
    assert b"Soft delete" in page.content
    assert b"it already lies in Inbox/folder" in page.content
    targets = as_ada.post("/actions/new/targets", {"row": [ANN, BOB], "action": "soft-delete"})
    assert b"Will be touched" in targets.content
    review = as_ada.post("/actions/new/review", {"row": [ANN, BOB], "action": "soft-delete"})
    assert b'value="start"' in review.content
    form = {"row": [ANN, BOB], "action": "soft-delete", "name": "Purge", "reason": "phish", "do": "start"}
    answer = as_ada.post("/actions/new/submit", form)
    made = Remediation.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == made.href
    assert (made.status, made.expected, made.source) == (RemediationStatus.STARTED, 2, "Explorer action")
    assert as_ada.get(made.href).status_code == 200


def test_the_wizard_in_the_fly_out_answers_with_fragments(as_ada, mails):
    fragment = as_ada.get("/actions/new", {"row": ANN}, headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content
    assert b"flyout-header" in fragment.content
    form = {"row": ANN, "action": "soft-delete", "name": "Purge", "do": "start"}
    done = as_ada.post("/actions/new/submit", form, headers={"HX-Request": "true"})
    assert done.status_code == 200
    assert b"has started" in done.content


def test_a_whole_query_travels_through_the_steps_with_its_excepted_rows(as_ada, mails):
    query = {
        "scope": "query", "from": "2026-11-14T00:00:00Z", "to": "2026-11-21T00:00:00Z",
        "f": "Subject~contains any of~password", "except": BOB,
    }  # fmt: skip
    page = as_ada.post("/actions/new", query)
    carried = page.context["draft"].fields
    assert carried[1] == ("except", BOB)
    made = as_ada.post(
        "/actions/new/submit", {**dict(carried), "action": "soft-delete", "name": "All", "do": "propose"}
    )
    assert made.status_code == 302
    one = Remediation.objects.get()
    assert (one.status, one.expected, one.excepted) == (RemediationStatus.PENDING, 3, [BOB])
    assert one.query


def test_a_hard_delete_needs_the_box_ticked(as_ada, mails):
    form = {"row": ANN, "action": "hard-delete", "name": "Erase", "do": "start"}
    refused = as_ada.post("/actions/new/submit", form)
    assert b"cannot be undone" in refused.content
    assert not Remediation.objects.exists()
    as_ada.post("/actions/new/submit", {**form, "confirmed": "yes"})
    assert Remediation.objects.get().action == "hard-delete"


def test_without_a_name_the_review_says_so(as_ada, mails):
    answer = as_ada.post("/actions/new/submit", {"row": ANN, "action": "soft-delete", "name": " ", "do": "start"})
    assert b"Give the remediation a name" in answer.content


def test_without_an_action_the_first_step_comes_back(as_ada, mails):
    answer = as_ada.post("/actions/new/targets", {"row": ANN})
    assert b"Choose an action first" in answer.content


def test_impacted_assets_are_exported_with_what_stays_untouched(as_ada, mails):
    rows = [ANN, f"{PHISH}|dan@partner.example"]
    answer = as_ada.post("/actions/new/impacted.csv", {"row": rows, "action": "soft-delete"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert '"ann@corp.example","Soft delete"' in text
    assert "outside this organisation" in text


def test_nothing_chosen_is_a_bad_request_in_words(as_ada):
    answer = as_ada.get("/actions/new")
    assert answer.status_code == 400
    assert b"choose at least one message" in answer.content


def test_a_pending_proposal_is_approved_from_the_list_with_a_reason(
    as_ada, proposed, django_capture_on_commit_callbacks
):
    page = as_ada.get("/action-center?tab=pending")
    assert b"Purge the phish" in page.content
    with django_capture_on_commit_callbacks(execute=False) as asked:
        as_ada.post("/action-center/decide", {"row": str(proposed.pk), "decision": "approve", "reason": "seen it"})
    proposed.refresh_from_db()
    assert (proposed.status, proposed.decided_by_name, proposed.decision_reason) == ("Started", "Ada", "seen it")
    assert len(asked) == 1
    assert b"Purge the phish" not in as_ada.get("/action-center?tab=pending").content


def test_whoever_decides_sees_what_would_happen_and_where_to_look(as_ada, proposed):
    content = as_ada.get(proposed.href).content.decode()
    assert "Will be touched" in content
    assert "/explorer?" in content
    assert PHISH in content


def test_many_are_rejected_at_once_and_what_was_decided_already_is_said(as_ada, proposed):
    as_ada.post("/action-center/decide", {"row": str(proposed.pk), "decision": "reject"})
    answer = as_ada.post("/action-center/decide", {"row": str(proposed.pk), "decision": "approve"}, follow=True)
    assert b"was decided already" in answer.content
    proposed.refresh_from_db()
    assert proposed.status == RemediationStatus.REJECTED


def test_history_filters_by_action_status_source_decider_and_period(as_ada, ended):
    assert b"because" in as_ada.get("/action-center").content
    good = f"/action-center?action=soft-delete&status=Completed&decided_by=Ada&period=day&q={ended.approval_id}"
    assert len(as_ada.get(good).context["rows"]) == 1
    for wrong in ("action=restore", "status=Failed", "decided_by=Max", "source=Manual+email+action", "q=nothing"):
        assert not as_ada.get(f"/action-center?{wrong}").context["rows"], wrong
    Remediation.objects.update(created_at=NOW - timedelta(days=100))
    assert not as_ada.get("/action-center?period=30d").context["rows"]
    assert as_ada.get("/action-center?period=6m").context["rows"]


def test_nonsense_in_the_address_falls_back_to_the_default(as_ada, ended):
    answer = as_ada.get("/action-center?page=x&size=7&sort=password&period=century")
    assert answer.status_code == 200
    assert answer.context["rows"]


def test_the_list_costs_the_same_number_of_queries_for_one_and_for_forty(as_ada, ended, django_assert_max_num_queries):
    rows = list(Remediation.objects.values())
    from uuid import uuid4

    Remediation.objects.bulk_create(Remediation(**{**rows[0], "id": uuid4()}) for _ in range(39))
    with django_assert_max_num_queries(14):
        assert len(as_ada.get("/action-center").context["rows"]) == 40


def test_the_page_shows_counts_ledger_and_why_and_everything_hostile_is_inert(as_ada, ended):
    content = as_ada.get(ended.href).content.decode()
    assert HOSTILE not in content
    assert "&lt;script&gt;" in content
    only = as_ada.get(f"{ended.href}?status=failed")
    assert [line.label for line in only.context["lines"]] == ["Failed"]
    flyout = as_ada.get(ended.href, headers={"HX-Request": "true"}).content
    assert b"<html" not in flyout


def test_the_ledger_is_exported_and_no_cell_is_a_formula(as_ada, ended):
    answer = as_ada.get(f"{ended.href}/ledger.csv?status=moved")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.count("\n") == 2
    assert ",\"'=1+1" in text
    center = b"".join(as_ada.get("/action-center/export.csv").streaming_content).decode("utf-8-sig")
    assert ended.approval_id in center


def test_progress_is_polled_only_while_it_runs(as_ada, ended):
    assert b"every 2s" not in as_ada.get(f"{ended.href}/progress").content
    Remediation.objects.update(status=RemediationStatus.IN_PROGRESS)
    assert b"every 2s" in as_ada.get(f"{ended.href}/progress").content


def test_when_it_has_ended_the_page_reloads_and_the_fly_out_fills_itself_anew(as_ada, ended):
    asked = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{ended.href}"}
    assert as_ada.get(f"{ended.href}/progress", headers=asked)["HX-Refresh"] == "true"
    asked["HX-Current-URL"] = "http://testserver/action-center"
    answer = as_ada.get(f"{ended.href}/progress", headers=asked)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#flyout", "innerHTML")
    assert b"Undo" in answer.content


@pytest.mark.parametrize("verb", ["stop", "retry", "undo"])
def test_each_verb_of_the_page_asks_its_service(as_ada, ended, verb):
    if verb == "stop":
        Remediation.objects.update(status=RemediationStatus.IN_PROGRESS)
    as_ada.post(f"{ended.href}/{verb}", {"reason": "on reflection"})
    name = f"remediation.{verb}"
    assert set(AuditEntry.objects.filter(verb=name).values_list("outcome", flat=True)) == {"attempt", "success"}


def test_a_refusal_of_a_verb_is_said_on_the_page(as_ada, ended):
    answer = as_ada.post(f"{ended.href}/stop", follow=True)
    assert b"is not running" in answer.content


def test_eve_sees_none_of_it_and_reads_why(as_eve, ended):
    for address in ("/action-center", ended.href, f"/actions/new?row={ANN}", f"{ended.href}/ledger.csv"):
        assert as_eve.get(address).status_code == 403, address
    for address in ("/action-center/decide", f"{ended.href}/undo", "/actions/new/submit"):
        assert as_eve.post(address, {"row": ANN}).status_code == 403, address


def test_somebody_who_may_only_propose_gets_no_start_button(mails, client):
    from watchfloor.access.models import Role
    from watchfloor.access.services import add_person, ensure_built_in_roles

    ensure_built_in_roles()
    olga = add_person(
        email="olga@corp.example", name="Olga", password="long enough pass", roles=["Security Operator"], by=None
    )
    assert Role.objects.exists()
    client.force_login(olga, backend="django.contrib.auth.backends.ModelBackend")
    review = client.post("/actions/new/review", {"row": ANN, "action": "soft-delete"})
    assert b'value="start"' not in review.content
    assert b'value="propose"' in review.content
    forced = client.post("/actions/new/submit", {"row": ANN, "action": "soft-delete", "name": "x", "do": "start"})
    assert forced.status_code == 403
    assert not Remediation.objects.exists()


def test_max_sets_when_a_second_person_must_approve(as_max):
    assert as_max.get("/settings/response").status_code == 200
    as_max.post("/settings/response", {"second_person_over": "5", "second_person_over_people": "3"})
    from watchfloor.response.selectors import policy

    assert policy().second_person_over == 5


def test_deciding_about_what_is_no_remediation_says_so(as_ada):
    answer = as_ada.post("/action-center/decide", {"row": "no-id-at-all", "decision": "approve"}, follow=True)
    assert answer.status_code == 200
    assert b"there is no such remediation" in answer.content
