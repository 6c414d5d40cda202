"""Before anybody acts: what would be touched, what would not, and why."""

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from watchfloor.kernel.errors import BadInput
from watchfloor.response.catalogue import action_of, actions
from watchfloor.response.contracts import Row, Targets
from watchfloor.response.dry_run import dry_run, expected_count, verdicts
from watchfloor.response.targets import read_targets, sentence_of, target_rows

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
CLEAN = "22222222-2222-4222-8222-222222222222"

PEOPLE = ("ann@corp.example", "bob@corp.example", "cat@corp.example", "dan@partner.example")
CHOSEN = Targets(rows=tuple(Row(PHISH, person) for person in PEOPLE))
WEEK = "from=2026-11-14T00:00:00Z&to=2026-11-21T00:00:00Z&f=Subject~contains%20any%20of~password"


def test_a_dry_run_counts_what_is_touched_and_says_what_is_not_and_why(mails):
    run = dry_run(action_of("soft-delete"), CHOSEN, now=NOW)
    assert (run.total, run.touched, run.mailboxes) == (4, 3, 3)
    assert dict(run.locations) == {"Inbox/folder": 2, "Junk folder": 1, "On-prem/external": 1}
    assert run.untouched == (("it went to a mailbox outside this organisation", 1),)


def test_a_whole_query_is_counted_like_the_rows_it_finds_less_the_excepted_ones(mails):
    parameters = QueryDict(f"{WEEK}&scope=query&except={PHISH}|bob@corp.example")
    targets = read_targets(parameters, now=NOW)
    assert targets.whole_query
    assert expected_count(targets, now=NOW) == 3
    assert dry_run(action_of("soft-delete"), targets, now=NOW).total == 3
    assert "except 1 chosen" in sentence_of(targets, now=NOW)
    assert "password" in sentence_of(targets, now=NOW)


def test_the_query_of_a_later_step_means_the_same_rows(mails):
    first = read_targets(QueryDict(f"{WEEK}&scope=query"), now=NOW)
    again = QueryDict(mutable=True)
    again["query"] = first.query
    later = read_targets(again, now=NOW)
    assert later.query == first.query
    assert sorted(row["RecipientEmailAddress"] for rows in target_rows(later, now=NOW) for row in rows) == sorted(
        PEOPLE
    )


def test_a_row_the_lake_does_not_know_is_counted_as_untouched(mails):
    run = dry_run(action_of("move-to-junk"), Targets(rows=(Row("nobody", "ann@corp.example"),)), now=NOW)
    assert (run.total, run.touched) == (1, 0)
    assert run.untouched[0][0] == "the lake holds no such message for this recipient"


def test_actions_that_fit_no_latest_location_are_greyed_out_with_the_reason(mails):
    offered = {
        verdict.action: verdict for verdict in verdicts(Targets(rows=(Row(CLEAN, "ann@corp.example"),)), now=NOW)
    }
    assert offered["soft-delete"].fits
    assert not offered["move-to-inbox"].fits
    assert offered["move-to-inbox"].why_not == "1 × it already lies in Inbox/folder"


def test_all_actions_can_be_shown_but_never_those_without_a_mailbox(mails):
    here = Targets(rows=(Row(CLEAN, "ann@corp.example"),))
    assert all(verdict.fits for verdict in verdicts(here, now=NOW, show_all=True) if verdict.action != "restore")
    outside = Targets(rows=(Row(PHISH, "dan@partner.example"),))
    assert not any(verdict.fits for verdict in verdicts(outside, now=NOW, show_all=True))


def test_restoring_is_offered_only_for_what_watchfloor_moved(mails):
    run = dry_run(action_of("restore"), CHOSEN, now=NOW)
    assert run.touched == 0
    assert any("Watchfloor did not move this message" in why for why, _ in run.untouched)
    assert "Nothing would be touched." in run.warnings


def test_nothing_chosen_is_refused_in_words():
    with pytest.raises(BadInput, match="choose at least one message"):
        read_targets(QueryDict(""), now=NOW)


@pytest.mark.parametrize("text", ["", "x", "|ann@corp.example", "id|", "id|not-an-address"])
def test_a_row_of_another_shape_is_refused(text):
    with pytest.raises(BadInput):
        Row.parse(text)


def test_the_folder_of_actions_holds_the_six_of_the_product_beside_submitting_and_the_quarantines():
    assert {
        "soft-delete", "move-to-junk", "move-to-deleted", "hard-delete", "move-to-inbox", "restore", "submit",
    } <= set(actions())  # fmt: skip


def test_an_unknown_action_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="soft-delete"):
        action_of("explode")


def test_a_row_is_the_same_however_it_is_written():
    assert Row.parse("ABC|Ann@Corp.example") == Row("abc", "ann@corp.example")


def test_another_mail_with_the_same_message_id_is_warned_of_before_it_is_touched_too(mails):
    from watchfloor.lake import services as lake

    twin = {
        "Timestamp": NOW,
        "NetworkMessageId": "33333333-3333-4333-8333-333333333333",
        "InternetMessageId": f"<{PHISH}@elsewhere.example>",
        "RecipientEmailAddress": "ann@corp.example",
        "LatestDeliveryLocation": "Inbox/folder",
        "ReportId": "twin",
    }
    assert dry_run(action_of("soft-delete"), CHOSEN, now=NOW).warnings == ()
    lake.append("EmailEvents", [twin])
    (words,) = dry_run(action_of("soft-delete"), CHOSEN, now=NOW).warnings
    assert words.startswith("1 other message in these mailboxes bear the same Message-ID")
