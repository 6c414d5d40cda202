"""Sigma rules brought from files and archives: kept, changed, switched, deleted; what cannot be taken is told with its place."""

import io
import zipfile

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.models import SigmaEntry, SigmaImport
from watchfloor.hunting.sigma import keeping, sources
from watchfloor.hunting.sigma.documents import read
from watchfloor.hunting.sigma.keeping import bring, delete, schedule, switch
from watchfloor.hunting.sigma.sources import from_paths, from_upload
from watchfloor.hunting.tests.test_sigma_running import RULE
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Forbidden

NO_TABLE = (
    RULE.replace("0001", "0003").replace("Certutil", "Sysmon Config").replace("process_creation", "sysmon_status")
)


@pytest.fixture
def by_max(max):
    return actor_of(max)


def brought(by, *texts, **more):
    files = [(f"rules/{number}.yml", text.encode()) for number, text in enumerate(texts)]
    return bring(files=files, source="test", by=by, now=utc_now(), **more)


def zipped(members, **info):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            one = zipfile.ZipInfo(name)
            one.external_attr = info.get("attributes", 0o644 << 16)
            archive.writestr(one, text, zipfile.ZIP_DEFLATED)
    return held.getvalue()


# --- rules --------------------------------------------------------------------------------------------------------


def test_an_import_keeps_what_converts_and_what_does_not_with_its_place(by_max):
    told = brought(by_max, RULE, NO_TABLE)
    assert (told.new, told.converted, told.switched_on) == (2, 1, 0)
    (refused,) = told.refused
    assert refused["place"] == "rules/1.yml"
    assert refused["words"]
    good, bad = SigmaEntry.objects.order_by("title")
    assert (good.author, good.level, good.techniques) == ("Jane Doe, @someone", "critical", ["T1105"])
    assert (good.product, good.category, good.table) == ("windows", "process_creation", "DeviceProcessEvents")
    assert good.false_positives == ["Administrators"]
    assert good.text.startswith("title: Certutil")
    assert (bad.kql, bad.refused) == ("", refused["words"])


def test_a_rule_that_comes_again_changes_what_it_made_and_says_how(by_max):
    brought(by_max, RULE, switch_on="all")
    same = brought(by_max, RULE)
    assert (same.same, same.converted, same.new, same.changed) == (1, 1, 0, [])
    key = SigmaEntry.objects.get().pk
    told = brought(by_max, RULE.replace("level: critical", "level: low").replace("urlcache", "-split"))
    assert told.changed == [
        [key, "Certutil Fetches A File", "level “critical” is now “low”; what it looks for changed"]
    ]
    row = SigmaEntry.objects.get()
    assert (row.level, row.enabled, "-split" in row.kql) == ("low", True, True)
    assert row.changed == told.changed[0][2]


def test_a_rule_that_no_longer_converts_says_so_and_does_not_run(by_max):
    brought(by_max, RULE, switch_on="all")
    told = brought(by_max, RULE.replace("process_creation", "sysmon_status"))
    assert told.changed[0][2].startswith("it no longer converts: ")
    assert SigmaEntry.objects.get().kql == ""
    told = brought(by_max, RULE)
    assert "it converts now" in told.changed[0][2]


def test_what_was_refused_is_tried_again_and_told_again(by_max):
    first = brought(by_max, NO_TABLE)
    told = brought(by_max, NO_TABLE)
    assert (told.same, told.changed, told.refused) == (1, [], first.refused)
    SigmaEntry.objects.update(refused="we did not know this yet")
    assert "for another reason" in brought(by_max, NO_TABLE).changed[0][2]


def test_words_that_change_are_a_change_too(by_max):
    brought(by_max, RULE)
    assert brought(by_max, RULE.replace("asked for an address", "asked")).changed[0][2] == "its words changed"


def test_rules_are_converted_anew_only_when_asked(by_max):
    brought(by_max, RULE)
    SigmaEntry.objects.update(kql="DeviceProcessEvents")
    assert brought(by_max, RULE).changed == []
    assert brought(by_max, RULE, everything=True).changed[0][2] == "what it looks for changed"


@pytest.mark.parametrize(("switch_on", "on"), [("none", set()), ("high", {"a"}), ("all", {"a", "b"})])
def test_an_import_turns_on_what_was_asked_for(by_max, switch_on, on):
    low = RULE.replace("0001", "0002").replace("Certutil", "b").replace("level: critical", "level: low")
    told = brought(by_max, RULE.replace("Certutil", "a"), low, NO_TABLE, switch_on=switch_on)
    assert {title[0] for title in SigmaEntry.objects.filter(enabled=True).values_list("title", flat=True)} == on
    assert told.switched_on == len(on)


def test_a_rule_without_an_id_is_known_by_its_title_and_author(by_max):
    bare = RULE.replace("id: 4f1d2c3b-0000-4000-8000-000000000001\n", "")
    brought(by_max, bare)
    assert brought(by_max, bare.replace("urlcache", "-f")).new == 0
    assert SigmaEntry.objects.count() == 1


def test_a_correlation_finds_the_rules_it_names_among_those_kept_before(by_max):
    from watchfloor.hunting.tests.test_sigma_running import COUNTED

    brought(by_max, RULE)
    told = brought(by_max, COUNTED)
    assert (told.new, told.converted, told.refused) == (1, 1, [])
    assert SigmaEntry.objects.get(kind="rule").kql


def test_only_so_many_imports_are_remembered(by_max, monkeypatch):
    monkeypatch.setattr(keeping, "KEPT_IMPORTS", 2)
    for number in range(4):
        brought(by_max, RULE.replace("asked for", f"asked {number} for"))
    assert SigmaImport.objects.count() == 2


def test_nothing_that_is_a_rule_is_said(by_max):
    with pytest.raises(BadInput, match="no Sigma rule"):
        brought(by_max, "name: a workflow\non: push\n")
    assert not SigmaImport.objects.exists()


def test_whoever_may_not_read_a_table_turns_no_rule_over_it_on(by_max):
    tuner = Actor("t", "Tuner", frozenset({Permission.DETECTION_TUNE}))
    with pytest.raises(Forbidden, match="DeviceProcessEvents"):
        brought(tuner, RULE, switch_on="all")
    assert not SigmaEntry.objects.exists()
    brought(tuner, RULE)
    with pytest.raises(Forbidden):
        switch(keys=[SigmaEntry.objects.get().pk], enabled=True, by=tuner, now=utc_now())


def test_each_verb_needs_the_right_and_is_audited(eve, by_max):
    brought(by_max, RULE, NO_TABLE)
    keys = list(SigmaEntry.objects.values_list("pk", flat=True))
    verbs = (
        lambda by: brought(by, RULE),
        lambda by: switch(keys=keys, enabled=True, by=by, now=utc_now()),
        lambda by: schedule(keys=keys, every_minutes=60, by=by, now=utc_now()),
        lambda by: delete(keys=keys, by=by),
    )
    for verb in verbs:
        with pytest.raises(Forbidden):
            verb(actor_of(eve))
    assert [verb(by_max) for verb in verbs[1:]] == [1, 2, 2]
    done = AuditEntry.objects.filter(outcome="success", verb__startswith="sigma.").order_by("id")
    assert [one.verb.partition(".")[2] for one in done] == ["import", "switch", "schedule", "delete"]
    assert done[1].target == "2 rules"
    assert done[1].after["rules"] == ["4f1d2c3b-0000-4000-8000-000000000001 Certutil Fetches A File"]


def test_a_choice_of_none_or_another_frequency_is_refused(by_max):
    brought(by_max, RULE)
    with pytest.raises(BadInput):
        switch(keys=[], enabled=True, by=by_max, now=utc_now())
    with pytest.raises(BadInput):
        schedule(keys=[SigmaEntry.objects.get().pk], every_minutes=7, by=by_max, now=utc_now())


# --- files --------------------------------------------------------------------------------------------------------


def test_an_archive_gives_its_yaml_files_alone():
    data = zipped({"rules/a.yml": "x", "README.md": "y", ".github/b.yml": "z", "__MACOSX/c.yml": "z", "rules/": ""})
    assert list(from_upload("rules.zip", data)) == [("rules/a.yml", b"x")]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"../../etc/cron.yml": "x"}, "outside itself"),
        ({"/etc/cron.yml": "x"}, "outside itself"),
        ({"a/..\\b.yml": "x"}, "outside itself"),
        ({"more.zip": "x"}, "another archive"),
        ({"a.yml": "x" * (sources.LARGEST_FILE + 1)}, "at most 256 kB"),
    ],
)
def test_an_archive_made_to_harm_is_refused(members, words):
    with pytest.raises(BadInput, match=words):
        list(from_upload("rules.zip", zipped(members)))


def test_a_link_in_an_archive_is_left_out():
    assert list(from_upload("rules.zip", zipped({"a.yml": "/etc/passwd"}, attributes=0o120777 << 16))) == []


def test_what_is_no_archive_inside_is_told():
    data = bytearray(zipped({"a.yml": "x" * 5000}))
    data[45:60] = b"\xff" * 15
    with pytest.raises(BadInput, match="cannot be read"):
        list(from_upload("rules.zip", bytes(data)))


def test_an_import_holds_so_many_files_and_bytes_and_no_more(monkeypatch):
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    with pytest.raises(BadInput, match="at most 2 files"):
        list(sources.bounded([(f"{number}.yml", b"x") for number in range(3)]))
    monkeypatch.setattr(sources, "LARGEST_IN_ALL", 10)
    with pytest.raises(BadInput, match="in parts"):
        list(sources.bounded([("a.yml", b"x" * 11)]))


def test_an_archive_of_very_many_entries_is_refused(monkeypatch):
    monkeypatch.setattr(sources, "MOST_MEMBERS", 2)
    with pytest.raises(BadInput, match="at most 2 entries"):
        list(from_upload("rules.zip", zipped({f"{number}.txt": "x" for number in range(3)})))


def test_other_files_are_not_taken():
    with pytest.raises(BadInput, match=r"\.yml or \.yaml"):
        list(from_upload("rules.txt", b"x"))


def test_a_folder_gives_its_rules_by_their_names_below_it_and_follows_no_link(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yml").write_text("x")
    (tmp_path / "b.yaml").write_text("y")
    (tmp_path / "c.txt").write_text("z")
    (tmp_path / "d.yml").symlink_to("/etc/passwd")
    assert list(from_paths([tmp_path])) == [("b.yaml", b"y"), ("deep/a.yml", b"x")]
    assert list(from_paths([tmp_path / "b.yaml"])) == [("b.yaml", b"y")]
    with pytest.raises(BadInput, match="no such file"):
        list(from_paths([tmp_path / "none"]))


# --- documents ----------------------------------------------------------------------------------------------------


def test_each_document_of_a_file_is_a_rule_of_its_own():
    text = f"{RULE}---\n{NO_TABLE}\n---\nname: something else\n"
    found = read([("a.yml", text.encode())])
    assert list(found.documents) == ["a.yml, document 1", "a.yml, document 2"]
    assert found.skipped == 1
    assert found.documents["a.yml, document 2"].text.startswith("title: Sysmon Config")


def test_the_old_form_of_several_documents_in_one_is_refused():
    found = read([("a.yml", f"action: global\nauthor: x\n---\n{RULE}".encode())])
    assert (len(found.wrong), found.wrong[0].field, dict(found.documents)) == (1, "action", {})


def test_two_rules_of_one_id_are_not_both_taken():
    found = read([("a.yml", RULE.encode()), ("b.yml", RULE.encode())])
    assert list(found.documents) == ["a.yml"]
    assert "same id: a.yml" in found.wrong[0].words


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"x: ]", "no YAML in line 1"),
        (b"[" * 100_000, "nested more than 30"),
        (b"a: {" * 3000, "nested more than 30"),
        (BOMB.encode() + b"detection: *i\n", "more than 20,000 values"),
        (b"a: &a [*a]\ndetection: *a\n", "more than 20,000 values"),
    ],
)
def test_texts_that_are_no_rule_or_made_to_harm_are_told(text, words):
    found = read([("a.yml", text)])
    assert not found.documents
    assert words in found.wrong[0].words
