"""The pages: what they show, to whom, and what their forms do."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.intelligence.contracts import Effect, Kind, LabelKind
from watchfloor.intelligence.entries import add_entry, import_indicators
from watchfloor.intelligence.models import BackTestRun, Entry, Label, Silenced
from watchfloor.intelligence.policy import silence_reason
from watchfloor.intelligence.uses import note_uses
from watchfloor.lake.services import append

from .conftest import NOW, TUNER

LIST, POLICY, LABELS = "/settings/allow-block-list", "/settings/verdict-policy", "/settings/verdict-labels"


def text(answer):
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


def now():
    return datetime.now(UTC)


def block(value="bo@evil.example", kind=Kind.SENDER, **more):
    add_entry(by=TUNER, kind=kind, effect=Effect.BLOCK, value=value, now=now(), **more)


@pytest.mark.parametrize("tab", ["senders", "urls", "files", "ips", "trusted", "indicators", "none-such"])
def test_an_empty_list_says_what_to_do(as_ada, tab):
    assert 'class="empty' in text(as_ada.get(LIST, {"tab": tab}))


def test_an_entry_is_added_by_the_form_and_listed(as_ada):
    answer = as_ada.post(
        f"{LIST}/add", {"kind": "url", "value": "https://Evil.example/a/", "effect": "block", "note": "lure"}
    )
    assert answer.headers["Location"] == f"{LIST}?tab=urls"
    page = text(as_ada.get(LIST, {"tab": "urls"}))
    assert "evil.example/a" in page
    assert "lure" in page
    assert "evil.example/a" not in text(as_ada.get(LIST))


def test_the_form_comes_filled_in_from_an_email(as_ada):
    page = text(
        as_ada.get(f"{LIST}/add", {"kind": "sender", "value": "bo@evil.example", "email": "m-1", "effect": "block"})
    )
    assert "bo@evil.example</textarea>" in page
    assert 'value="m-1"' in page


def test_what_cannot_be_is_said_at_its_field(as_ada):
    answer = as_ada.post(f"{LIST}/add", {"kind": "sender", "value": "nobody", "effect": "block"})
    assert answer.status_code == 400
    assert "“nobody” is no mail address" in text(answer)
    answer = as_ada.post(f"{LIST}/add", {"kind": "domain", "value": "good.example", "effect": "allow"})
    assert "say why this is allowed" in text(answer)


def test_an_entry_opens_ends_and_goes(as_ada):
    block()
    note_uses([("block sender:bo@evil.example", now() + timedelta(seconds=5), 1234)], now=now())
    id = Entry.objects.get().pk
    shown = text(as_ada.get(f"{LIST}/{id}"))
    assert "1,234" in shown
    assert "/explorer?" in shown
    as_ada.post(f"{LIST}/{id}/change", {"life": "90"})
    assert Entry.objects.get().expires_at > now() + timedelta(days=89)
    as_ada.post(f"{LIST}/{id}/change", {"life": "now"})
    assert "bo@evil.example" in text(as_ada.get(LIST, {"state": "ended"}))
    as_ada.post(f"{LIST}/{id}/change", {"life": "remove"})
    assert not Entry.objects.exists()
    assert as_ada.get(f"{LIST}/{id}").status_code == 404
    assert "somebody may have removed it" in text(as_ada.post(f"{LIST}/{id}/change", {"life": "now"}, follow=True))


def test_the_list_is_searched_and_exported(as_ada):
    block(note="=cmd()")
    block("cy@other.example")
    page = text(as_ada.get(LIST, {"q": "evil"}))
    assert ("bo@evil.example" in page, "cy@other.example" in page) == (True, False)
    lines = text(as_ada.get(f"{LIST}/export.csv", {"q": "evil"})).splitlines()
    assert len(lines) == 2
    assert '"\'=cmd()"' in lines[1]
    assert "No entry is like that" in text(as_ada.get(LIST, {"q": "zzz"}))


def test_indicators_are_imported_and_refused_lines_shown(as_ada):
    answer = as_ada.post(f"{LIST}/import", {"text": "evil[.]example\n<b>??", "source": "CERT", "life": "90"})
    page = text(answer)
    assert "1 added" in page
    assert "Line 2" in page
    assert "<b>??" not in page
    assert "CERT" in text(as_ada.get(LIST, {"tab": "indicators"}))


def test_a_list_of_many_entries_costs_as_many_queries_as_of_one(as_ada, django_assert_max_num_queries):
    import_indicators(by=TUNER, text="\n".join(f"e{n}.example" for n in range(120)), source="CERT", now=now())
    with django_assert_max_num_queries(12):
        page = text(as_ada.get(LIST, {"tab": "indicators", "page": "2"}))
    assert "51–100 of 120" in page


def test_readers_see_but_are_offered_nothing(client, eve):
    from watchfloor.access.models import Role

    eve.roles.set(Role.objects.filter(name="Security Reader"))
    client.force_login(eve, backend="django.contrib.auth.backends.ModelBackend")
    block()
    assert "Add an entry" not in text(client.get(LIST))
    assert "Remove" not in text(client.get(f"{LIST}/{Entry.objects.get().pk}"))
    page = text(client.get(POLICY))
    assert "Back-test" not in page
    assert client.post(f"{LIST}/add", {}).status_code == 403
    assert client.post(f"{POLICY}/silence", {"signal": "bulk", "note": "x"}).status_code == 403
    assert not Silenced.objects.exists()


def test_the_policy_shows_threshold_silenced_reasons_and_history(as_ada):
    silence_reason(by=TUNER, signal="shortener", note="our newsletter", now=NOW)
    page = text(as_ada.get(POLICY))
    assert "our newsletter" in page
    assert "as shipped" in page
    assert "No mail from outside was seen yet" in page


def test_the_threshold_is_changed_and_bounded(as_ada):
    as_ada.post(POLICY, {"threshold": "6.5"})
    assert "6.5" in text(as_ada.get(POLICY))
    assert as_ada.post(POLICY, {"threshold": "99"}).status_code == 400


def test_a_reason_is_silenced_and_restored_and_one_comes_back_to_where_one_was(as_ada):
    answer = as_ada.post(f"{POLICY}/silence", {"signal": "bulk", "note": "why", "back": "/email/x?tab=analysis"})
    assert answer.headers["Location"] == "/email/x?tab=analysis"
    assert Silenced.objects.get().by == "Ada"
    answer = as_ada.post(f"{POLICY}/silence", {"signal": "bulk", "restore": "1", "back": "//evil.example/"})
    assert answer.headers["Location"] == POLICY
    assert not Silenced.objects.exists()
    assert "there is no reason" in text(as_ada.post(f"{POLICY}/silence", {"signal": "zz", "note": "x"}, follow=True))


@pytest.fixture
def lake(db, settings, tmp_path):
    settings.HOME = tmp_path
    append(
        "EmailEvents",
        [
            {
                "Timestamp": now() - timedelta(days=1),
                "NetworkMessageId": "id-1",
                "Subject": "Nearly\u202e a phish",
                "VerdictScore": 4.5,
                "VerdictReasons": '{"shortener": 2.5, "payment_words": 2.0}',
            }
        ],
    )


def test_a_back_test_answers_with_counts_chart_and_examples(as_ada, lake):
    said = {"try-threshold": "4", "try-days": "7"}
    page = text(as_ada.post(f"{POLICY}/back-test", said, headers={"HX-Request": "true"}))
    assert "would become a threat" in page
    assert "threshold 4" in page
    assert "Nearly⟨RLO⟩ a phish" in page
    assert "<html" not in page
    assert "<html" in text(as_ada.post(f"{POLICY}/back-test", said))


def test_a_proposal_that_is_none_is_refused_in_words(as_ada):
    answer = as_ada.post(f"{POLICY}/back-test", {"try-threshold": "50", "try-days": "7"})
    assert answer.status_code == 400
    assert "less than or equal to 9" in text(answer)


def test_a_running_back_test_shows_how_far_it_is(as_ada):
    run = BackTestRun.objects.create(id="r-1", by="Ada", asked_at=NOW, threshold=4, days=30)
    assert "every 1s" in text(as_ada.get(f"{POLICY}/back-test/r-1"))
    run.found = {"0": {"counts": [[4.5, False, True, "", 7]], "examples": []}}
    run.done, run.ended = 30, True
    run.save()
    page = text(as_ada.get(f"{POLICY}/back-test/r-1"))
    assert "every 1s" not in page
    assert "7 mails" in page
    assert as_ada.get(f"{POLICY}/back-test/none").status_code == 404


def test_labels_are_listed_filtered_and_exported(as_ada):
    for number, kind in enumerate(LabelKind):
        Label.objects.create(
            network_message_id=f"m-{number}",
            kind=kind,
            by="Ada",
            by_id="1",
            at=NOW,
            received_at=NOW,
            subject=f"Offer {number}",
        )
    page = text(as_ada.get(LABELS, {"kind": "false_positive"}))
    assert ("Offer 0" in page, "Offer 1" in page) == (True, False)
    assert len(text(as_ada.get(f"{LABELS}/export.csv")).splitlines()) == 1 + len(LabelKind)
    assert "No label is like that" in text(as_ada.get(LABELS, {"q": "zzz"}))


def test_without_labels_the_page_says_how_one_is_made(as_ada):
    assert "tab Analysis" in text(as_ada.get(LABELS))


@pytest.mark.parametrize("path", [LIST, f"{LIST}/add", f"{LIST}/import", f"{LIST}/export.csv", POLICY, LABELS])
def test_eve_reads_why_not(as_eve, path):
    assert as_eve.get(path).status_code == 403


def test_an_entry_of_any_kind_lasts_until_a_day_that_is_named(as_ada):
    day = (now() + timedelta(days=60)).date()
    values = "bo@evil.example\n203.0.113.9"
    as_ada.post(f"{LIST}/add", {"kind": "", "value": values, "effect": "block", "until": day.isoformat()})
    ends = {one.kind: one.expires_at for one in Entry.objects.all()}
    assert set(ends) == {"sender", "ip"}
    assert {(end - timedelta(hours=12)).date() for end in ends.values()} == {day}
    later, ids = day + timedelta(days=10), list(Entry.objects.values_list("pk", flat=True))
    as_ada.post(f"{LIST}/change", {"row": ids, "life": "30", "until": later.isoformat()})
    as_ada.post(f"{LIST}/{ids[0]}/change", {"life": "30", "until": (later + timedelta(days=1)).isoformat()})
    assert sorted((one.expires_at - timedelta(hours=12)).date() for one in Entry.objects.all()) == [
        later,
        later + timedelta(days=1),
    ]
