"""What KQL can name: our tables, the views over them, both spellings of the time, and only what the reader may see."""

import pytest
from sqlglot import exp

from watchfloor.access.contracts import Actor, Permission
from watchfloor.kernel.errors import Forbidden
from watchfloor.lake.catalogue import table, tables
from watchfloor.lake.kql.types import Type
from watchfloor.lake.kql_tables import TIMES, KqlTables, documented_order, place_of, views

ALL = KqlTables()
EVERY = ALL.names()
ANALYST = Actor("ada", "Ada", frozenset({Permission.EMAIL_METADATA_READ}))


def named(name: str, of: str = "EmailEvents"):
    return next(column for column in ALL.table(of).columns if column.name == name)


@pytest.mark.parametrize("name", EVERY)
def test_both_spellings_of_the_time_can_be_named_everywhere(name):
    columns = {column.name: column for column in ALL.table(name).columns}
    assert all(columns[time].type is Type.DATETIME for time in TIMES)
    assert len(columns) == len(ALL.table(name).columns)


@pytest.mark.parametrize("name", EVERY)
def test_texts_are_never_null(name):
    assert not [column.name for column in ALL.table(name).columns if column.type is Type.STRING and column.null]


def test_every_table_and_view_is_there_and_the_old_name_of_sign_ins_too():
    assert set(ALL.names()) == {one.name for one in tables()} | {one.name for one in views()}
    assert ALL.table("AADSignInEventsBeta").table == "EntraIdSignInEvents"
    assert ALL.table("emailevents") is None
    assert place_of("Nothing") is None


def test_our_own_columns_can_be_named_but_star_leaves_them_out():
    shown = [column.name for column in ALL.table("EmailEvents").columns if not column.extra]
    assert "VerdictScore" not in shown
    assert named("VerdictScore").extra
    assert table("EmailEvents").has("VerdictScore")


def test_a_column_kept_as_json_text_is_read_as_json():
    raw = named("RawEventData", "CloudAppEvents")
    assert raw.type is Type.DYNAMIC
    assert raw.sql.sql(dialect="duckdb") == 'TRY_CAST("RawEventData" AS JSON)'
    assert raw.null


def test_what_nothing_tells_is_empty_and_typed():
    assert named("TenantId").sql.sql(dialect="duckdb") == "''"
    assert named("Type").sql.sql(dialect="duckdb") == "'EmailEvents'"
    assert named("To").sql.sql(dialect="duckdb") == "CAST(NULL AS JSON)"


def test_another_spelling_reads_the_same_column():
    assert named("AccountUPN", "IdentityInfo").sql.sql(dialect="duckdb") == '"AccountUpn"'
    assert named("LogonID", "DeviceProcessEvents").sql.sql(dialect="duckdb") == '"LogonId"'


def test_a_view_narrows_and_renames_the_table_below():
    signins = ALL.table("SigninLogs")
    assert signins.table == "EntraIdSignInEvents"
    assert signins.where is not None
    assert named("UserPrincipalName", "SigninLogs").sql.sql(dialect="duckdb") == "COALESCE(AccountUpn, '')"


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_a_view_explains_itself_and_reads_only_what_is_there(view):
    assert view.description
    assert all(column.description for column in view.columns)
    below = {column.name.lower() for column in table(view.over).columns} if view.over else None
    for column in ALL.table(view.name).columns:
        if below is not None and column.sql is not None:
            assert {found.name.lower() for found in column.sql.find_all(exp.Column)} <= below


def test_eve_without_rights_is_told_which_one_is_missing():
    reader = KqlTables(Actor("eve", "Eve", frozenset()))
    assert reader.names() == ()
    with pytest.raises(Forbidden, match=r"email\.metadata\.read") as refused:
        reader.table("EmailEvents")
    assert refused.value.permission == Permission.EMAIL_METADATA_READ


def test_ada_sees_mail_but_not_sign_ins():
    reader = KqlTables(ANALYST)
    assert reader.table("EmailUrlInfo") is not None
    assert "SigninLogs" not in reader.names()
    with pytest.raises(Forbidden, match=r"identity\.read"):
        reader.table("SigninLogs")


def test_search_goes_over_tables_with_rows_and_never_over_a_view_of_them():
    assert KqlTables(held=frozenset({"AlertInfo", "SecurityAlert", "Nothing"})).names() == ("AlertInfo",)
    assert len(KqlTables(held=frozenset()).names()) == 1


def bare(name: str) -> list[str]:
    return [column.name for column in ALL.table(name).columns if not column.extra]


def test_star_lists_columns_as_a_workspace_does_and_a_person_reads_them_as_documented():
    listed = bare("EmailEvents")
    assert listed[:2] == ["TenantId", "AttachmentCount"]
    shown = [listed[place] for place in documented_order(listed)]
    assert shown[:4] == ["Timestamp", "NetworkMessageId", "InternetMessageId", "SenderMailFromAddress"]
    assert sorted(shown) == sorted(listed)
    assert "TimeGenerated" in bare("AlertInfo")


def test_columns_that_a_query_chose_stay_in_its_order():
    assert documented_order(["Subject", "Timestamp"]) == [0, 1]
    assert documented_order([]) == []


def test_a_name_microsoft_gave_up_reads_the_column_that_took_its_place():
    assert named("RiskLevelDuringSignIn", "AADSignInEventsBeta").sql.name == "RiskLevelAggregated"
    assert named("AadDeviceId", "EntraIdSignInEvents").sql.name == "EntraIdDeviceId"
    assert named("_TimeReceived", "EmailEvents").sql.name == "Timestamp"


def test_a_text_column_that_holds_json_says_so():
    assert named("AdditionalFields", "DeviceEvents").json
    assert not named("Subject").json
