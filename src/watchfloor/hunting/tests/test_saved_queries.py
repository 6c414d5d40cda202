"""Queries that people keep: private or shared, in folders, audited, taken over from community rules."""

import pytest

from watchfloor.access.models import AuditEntry, Role
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.advanced.drafts import Draft
from watchfloor.hunting.advanced.saving import delete, drafted, folders, import_rules, query_of, save
from watchfloor.hunting.models import SavedQuery
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound

RULE = b"""
id: 11111111-2222-4333-8444-555555555555
name: Mails from one sender to many
description: |
  A sender that nobody knew writes to many people.
severity: Medium
tactics: [InitialAccess]
relevantTechniques: [T1566]
query: |
  EmailEvents
  | summarize People = dcount(RecipientEmailAddress) by SenderFromAddress
entityMappings:
  - entityType: Account
    fieldMappings:
      - identifier: FullName
        columnName: SenderFromAddress
"""


@pytest.fixture(autouse=True)
def ada_may_save(ada):
    """Ada's own roles only let her read what others shared."""
    ada.roles.add(Role.objects.get(name="Security Administrator"))


@pytest.fixture
def by_ada(ada):
    return actor_of(ada)


@pytest.fixture
def by_max(max):
    return actor_of(max)


def kept(by, **changes):
    fields = {"name": "Phish of today", "text": "EmailEvents | take 5", **changes}
    return save(draft=Draft(**fields), by=by, now=utc_now())


def test_a_private_query_is_read_by_its_owner_alone(by_ada, by_max):
    row = kept(by_ada)
    assert query_of(row.pk, by=by_ada) == row
    with pytest.raises(NotFound):
        query_of(row.pk, by=by_max)


def test_a_shared_query_is_read_and_changed_by_others(by_ada, by_max):
    row = kept(by_ada, shared=True)
    changed = save(draft=Draft("Better", "EmailEvents", shared=True), by=by_max, now=utc_now(), key=row.pk)
    assert (changed.owner_name, changed.changed_by) == ("Ada", "Max")


def test_only_the_owner_makes_a_shared_query_private(by_ada, by_max):
    row = kept(by_ada, shared=True)
    with pytest.raises(BadInput, match="only they"):
        save(draft=Draft("Mine now", "EmailEvents"), by=by_max, now=utc_now(), key=row.pk)
    assert not save(draft=Draft("Ada's", "EmailEvents"), by=by_ada, now=utc_now(), key=row.pk).shared


def test_queries_stand_in_their_folders(by_ada):
    kept(by_ada, name="b", folder=" Phishing / Weekly ")
    kept(by_ada, name="a", folder="Phishing/Weekly")
    kept(by_ada, name="loose")
    assert [(one.name, [query.name for query in one.queries]) for one in folders(by_ada)] == [
        ("", ["loose"]),
        ("Phishing/Weekly", ["a", "b"]),
    ]


@pytest.mark.parametrize(
    ("changes", "place"), [({"name": " "}, "name"), ({"text": "\n"}, "query"), ({"text": "x" * 64_001}, "query")]
)
def test_what_cannot_be_kept_is_refused_where_it_was_written(by_ada, changes, place):
    with pytest.raises(BadInput) as refused:
        kept(by_ada, **changes)
    assert refused.value.place == place
    assert not SavedQuery.objects.exists()


def test_saving_needs_its_right_and_every_try_is_on_record(eve, by_ada):
    with pytest.raises(Forbidden):
        kept(actor_of(eve))
    kept(by_ada)
    told = list(AuditEntry.objects.filter(verb="query.save").order_by("id").values_list("actor_name", "outcome"))
    assert told == [("Eve", "refused"), ("Ada", "attempt"), ("Ada", "success")]


def test_a_change_is_recorded_with_what_it_was(by_ada):
    row = kept(by_ada)
    save(draft=Draft("New name", "EmailEvents | count"), by=by_ada, now=utc_now(), key=row.pk)
    entry = AuditEntry.objects.filter(verb="query.save", outcome="success").order_by("id").last()
    assert (entry.before["text"], entry.after["text"]) == ("EmailEvents | take 5", "EmailEvents | count")


def test_a_query_is_deleted_by_its_owner_or_an_administrator(by_ada, by_max, ada):
    row = kept(by_max, shared=True)
    with pytest.raises(Forbidden):
        delete(key=row.pk, by=by_ada)
    delete(key=row.pk, by=by_max)
    assert not SavedQuery.objects.exists()
    delete(key=kept(by_ada, shared=True).pk, by=by_max)
    assert not SavedQuery.objects.exists()


def test_a_community_rule_becomes_a_query_with_its_tactics_and_entities(by_ada):
    told = import_rules(data=RULE, name="many.yaml", folder="Community", by=by_ada, now=utc_now())
    assert (told.new, told.changed, told.refused) == (1, 0, ())
    row = SavedQuery.objects.get()
    assert row.text.startswith("EmailEvents\n| summarize")
    assert (row.folder, row.severity, row.tactics, row.techniques) == (
        "Community",
        "medium",
        ["InitialAccess"],
        ["T1566"],
    )
    assert row.entities == [{"type": "Account", "fields": [{"identifier": "FullName", "column": "SenderFromAddress"}]}]
    assert not row.shared


def test_a_rule_imported_again_changes_what_it_made(by_ada):
    import_rules(data=RULE, name="many.yaml", folder="", by=by_ada, now=utc_now())
    changed = RULE.replace(b"to many", b"to very many")
    assert import_rules(data=changed, name="many.yaml", folder="", by=by_ada, now=utc_now()).changed == 1
    assert SavedQuery.objects.get().name == "Mails from one sender to very many"


def test_one_wrong_rule_does_not_stop_the_others(by_ada):
    data = RULE + b"---\nname: Without a query\n---\nname: Odd\nquery: x\nentityMappings: 3\n"
    told = import_rules(data=data, name="all.yaml", folder="", by=by_ada, now=utc_now())
    assert told.new == 1
    assert told.refused == (("Without a query", "it has no query"), ("Odd", "entityMappings must be a list"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"name: [", "line"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"just a text", "no rule"),
        (b"a: !!python/object/apply:os.system ['true']", "no YAML"),
        (b"x" * (4 * 1024 * 1024 + 1), "at most 4 MB"),
    ],
)
def test_a_file_that_is_no_rule_is_refused_in_words(by_ada, data, words):
    with pytest.raises(BadInput, match=words):
        import_rules(data=data, name="odd.yaml", folder="", by=by_ada, now=utc_now())


def test_changing_the_text_in_the_form_keeps_what_the_form_does_not_show(by_ada):
    import_rules(data=RULE, name="many.yaml", folder="", by=by_ada, now=utc_now())
    row = SavedQuery.objects.get()
    values = {"name": "N", "text": "EmailEvents", "folder": "", "description": "", "shared": False}
    save(draft=drafted(values, key=row.pk, by=by_ada), by=by_ada, now=utc_now(), key=row.pk)
    row.refresh_from_db()
    assert (row.name, row.techniques, row.severity) == ("N", ["T1566"], "medium")
    assert row.entities


def test_the_pages_save_change_and_delete(as_ada):
    assert "take 7" in as_ada.post("/hunting/queries/edit", {"query": "EmailEvents | take 7"}).content.decode()
    saved = as_ada.post("/hunting/queries/save", {"name": "Seven", "text": "EmailEvents | take 7", "folder": "Mine"})
    page = as_ada.get(saved.headers["Location"]).content.decode()
    assert "Seven" in page
    assert "EmailEvents | take 7" in page
    row = SavedQuery.objects.get()
    again = as_ada.post("/hunting/queries/save", {"name": "", "text": "x", "key": row.pk})
    assert again.status_code == 400
    assert "give the query a name" in again.content.decode()
    as_ada.post("/hunting/queries/save", {"name": "Copy", "text": "x", "key": row.pk, "copy": "yes"})
    assert SavedQuery.objects.count() == 2
    as_ada.post(f"/hunting/queries/{row.pk}/delete")
    assert list(SavedQuery.objects.values_list("name", flat=True)) == ["Copy"]


def test_the_page_imports_files_and_tells_what_was_left_out(as_ada, tmp_path):
    (tmp_path / "a.yaml").write_bytes(RULE)
    (tmp_path / "b.yaml").write_bytes(b"nothing")
    with (tmp_path / "a.yaml").open("rb") as good, (tmp_path / "b.yaml").open("rb") as bad:
        page = as_ada.post("/hunting/queries/import/files", {"file": [good, bad], "folder": "F"}).content.decode()
    assert "1 new, 0 changed" in page
    assert "b.yaml" in page
