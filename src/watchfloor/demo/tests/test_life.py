"""The people of the sample organisation work on weekdays, in records that the product's own readers understand."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.connectors.contracts import Account, DirectoryGroup, OwnedFile
from watchfloor.connectors.records import parsers, recognised
from watchfloor.demo import life
from watchfloor.demo.directory import accounts_in_the_cloud, accounts_on_premises, files_of, groups_of
from watchfloor.demo.organisation import found_organisation

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def organisation():
    return found_organisation(7)


@pytest.fixture(scope="module")
def month(organisation):
    return list(life.ordinary_life(organisation, end=NOW, days=30, seed=7))


def rows_of(records):
    return [row for key, record in records for row in parsers()[key](record)]


def test_every_record_is_recognised_as_what_it_is(month):
    assert {recognised(record).key == key for key, record in month} == {True}


def test_every_record_becomes_a_row_with_time_and_account(month):
    rows = rows_of(month)
    assert len(rows) == len(month)
    assert Counter(table for table, _ in rows).keys() == {
        "EntraIdSignInEvents",
        "CloudAppEvents",
        "IdentityLogonEvents",
        "DeviceLogonEvents",
    }
    assert all(row["Timestamp"] for _, row in rows)
    assert all(row.get("AccountUpn") or row.get("AccountId") or row.get("AccountName") for _, row in rows)


def test_nobody_works_at_the_weekend_or_tomorrow(month):
    moments = [row["Timestamp"] for _, row in rows_of(month)]
    assert max(moments) <= NOW
    assert min(moments) >= NOW - timedelta(days=31)
    assert {moment.weekday() for moment in moments} <= {0, 1, 2, 3, 4}


def test_the_same_seed_tells_the_same_life(organisation, month):
    assert list(life.ordinary_life(organisation, end=NOW, days=30, seed=7)) == month
    assert list(life.ordinary_life(organisation, end=NOW, days=30, seed=8)) != month


def test_the_taken_over_mailbox_shows_every_step(organisation):
    rows = rows_of(life.foreign_hands(organisation, end=NOW, seed=7))
    victim = organisation.by_department["Sales"][2].address
    assert {row.get("AccountUpn") or row["AccountId"] for _, row in rows} == {victim}
    assert {row["IPAddress"] for _, row in rows} == {life.FOREIGN.ip}
    kinds = Counter(row.get("ActionType") or row["ErrorCode"] for _, row in rows)
    assert kinds == {50126: 6, 0: 1, "User registered security info": 1, "New-InboxRule": 1, "FileDownloaded": 64}


def test_the_spray_tries_everybody_once_and_nobody_falls(organisation):
    rows = rows_of(life.sprayed(organisation, end=NOW, seed=7))
    assert len({row["AccountUpn"] for _, row in rows}) == len(rows) == len(organisation.employees)
    assert {row["ErrorCode"] for _, row in rows} == {50126}


def test_accounts_in_both_directories_belong_together(organisation):
    here = {one.mail: one for one in accounts_on_premises(organisation, end=NOW, seed=7)}
    there = list(accounts_in_the_cloud(organisation, end=NOW))
    assert len(there) == len(organisation.employees)
    assert all(here[one.mail].sid == one.sid for one in there)
    assert all(Account.from_json(one.as_json()) == one for one in [*here.values(), *there])


def test_every_member_of_a_group_is_an_account_or_a_group(organisation):
    accounts = {one.key for one in accounts_on_premises(organisation, end=NOW, seed=7)}
    groups = {one.key: one for one in groups_of(organisation, end=NOW)}
    assert {member for one in groups.values() for member in one.members} <= accounts | groups.keys()
    assert [one.name for one in groups.values() if one.sensitive] == ["Server Operators", "Domain Admins"]
    assert all(DirectoryGroup.from_json(one.as_json()) == one for one in groups.values())


def test_some_files_are_shared_more_widely_than_is_good(organisation):
    files = list(files_of(organisation, end=NOW, seed=7))
    assert len({one.key for one in files}) == len(files) > 200
    assert any(share.whom == "anyone" for one in files for share in one.shares)
    assert all(OwnedFile.from_json(one.as_json()) == one for one in files)
