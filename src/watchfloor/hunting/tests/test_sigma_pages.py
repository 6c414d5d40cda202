"""The pages of Sigma rules: files in, a list to filter and switch, a rule with its author, its query and what it found."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.models import SigmaEntry, SigmaImport
from watchfloor.hunting.sigma.importing import go_on
from watchfloor.hunting.sigma.keeping import bring
from watchfloor.hunting.sigma.running import run_due
from watchfloor.hunting.tests.test_sigma_keeping import NO_TABLE, zipped
from watchfloor.hunting.tests.test_sigma_running import COUNTED, RULE, ran
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now

__all__ = ["ran"]

LOW = (
    RULE.replace("0001", "0005").replace("Certutil Fetches", "Another Fetches").replace("level: critical", "level: low")
)


def uploaded(*texts):
    return [SimpleUploadedFile(f"{number}.yml", text.encode()) for number, text in enumerate(texts)]


def worked_off():
    while go_on(now=utc_now()):
        pass


def body(response):
    return response.content.decode()


@pytest.fixture
def kept(max):
    """Four rules: a critical one, a low one, a refused one, a correlation of none of them that is refused too."""

    def bring_(*texts, **more):
        files = [(f"rules/{number}.yml", text.encode()) for number, text in enumerate(texts)]
        bring(files=files, source="test", by=actor_of(max), now=utc_now(), **more)
        return {one.title: one for one in SigmaEntry.objects.all()}

    return bring_


# --- bringing -----------------------------------------------------------------------------------------------------


def test_files_are_imported_and_the_result_has_an_address(as_max):
    assert "Up to 100 YAML files" in body(as_max.get("/hunting/sigma/import"))
    answer = as_max.post("/hunting/sigma/import", {"file": uploaded(RULE, NO_TABLE), "switch_on": "all"}, follow=True)
    told = SigmaImport.objects.get()
    assert answer.redirect_chain[-1][0] == told.href
    assert '<progress value="0" max="2"' in body(answer)
    assert 'hx-trigger="every 2s"' in body(answer)
    assert not SigmaEntry.objects.exists()
    worked_off()
    told.refresh_from_db()
    page = body(as_max.get(told.href))
    assert "every 2s" not in page
    assert "Import of 2 files" in page
    assert told.refused[0]["words"].split(" ")[0] in page
    assert "1.yml" in page
    download = as_max.get(f"/hunting/sigma/imports/{told.pk}/refused.csv")
    assert body(download).startswith('"Place","Rule","Field","Reason"\r\n"1.yml","Sysmon Config')
    assert "2 files" in body(as_max.get("/hunting/sigma/import"))
    assert SigmaEntry.objects.filter(enabled=True).count() == 1


def test_an_archive_is_imported(as_max):
    data = zipped({"sigma/rules/a.yml": RULE, "sigma/LICENSE": "x", "sigma/rules/b.yml": "name: pipeline\n"})
    as_max.post("/hunting/sigma/import", {"file": SimpleUploadedFile("sigma.zip", data)})
    worked_off()
    assert SigmaEntry.objects.get().place == "sigma/rules/a.yml"
    assert (SigmaImport.objects.get().source, SigmaImport.objects.get().skipped) == ("sigma.zip", 1)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "choose at least one file"),
        ([SimpleUploadedFile("a.txt", b"x")], "end in .yml or .yaml"),
        ([SimpleUploadedFile("a.yml", b"x: 1")], "no Sigma rule is among the files"),
        ([SimpleUploadedFile("a.zip", zipped({"../a.yml": "x"}))], "outside itself"),
    ],
)
def test_what_cannot_be_taken_is_said_in_the_form(as_max, files, words):
    answer = as_max.post("/hunting/sigma/import", {"file": files})
    assert answer.status_code == 400
    assert words in body(answer)
    assert not SigmaImport.objects.exists()


def test_a_hostile_rule_is_shown_as_text(as_max, kept):
    text = RULE.replace("title: Certutil Fetches A File", "title: '<script>alert(1)</script>'")
    text = text.replace("status: test", "references:\n    - javascript:alert(1)\nstatus: test")
    rule = next(iter(kept(text).values()))
    for path in ("/hunting/sigma", rule.href):
        page = body(as_max.get(path))
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
    assert "javascript:alert(1)" in body(as_max.get(rule.href))


# --- the list -----------------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do(as_max):
    page = body(as_max.get("/hunting/sigma"))
    assert "No Sigma rules yet" in page
    assert 'href="/hunting/sigma/import"' in page


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("", {"Certutil Fetches A File", "Another Fetches A File", "Sysmon Config Fetches A File"}),
        ("q=another", {"Another Fetches A File"}),
        ("q=jane doe", {"Certutil Fetches A File", "Another Fetches A File", "Sysmon Config Fetches A File"}),
        ("level=low", {"Another Fetches A File"}),
        ("level=low&level=critical&table=DeviceProcessEvents", {"Certutil Fetches A File", "Another Fetches A File"}),
        ("product=linux", set()),
        ("state=refused", {"Sysmon Config Fetches A File"}),
        ("state=on", {"Certutil Fetches A File"}),
        ("state=off", {"Another Fetches A File"}),
        ("tag=attack.t1105&state=on", {"Certutil Fetches A File"}),
        ("tag=attack.t11&state=off", {"Another Fetches A File"}),
        ("tag=t1105", set()),
        ("state=none-such&sort=none-such&page=99", {"Certutil Fetches A File"}),
    ],
)
def test_the_list_shows_what_its_address_asks_for(as_max, kept, asked, titles):
    kept(RULE, LOW, NO_TABLE, switch_on="high")
    page = body(as_max.get(f"/hunting/sigma?{asked}"))
    known = set(SigmaEntry.objects.values_list("title", flat=True))
    shown = {title for title in known if f'">{title}</a>' in page}
    assert shown >= titles
    if "none-such" not in asked:
        assert shown == titles


def test_the_list_is_sorted_by_what_was_asked_for(as_max, kept):
    kept(RULE, LOW)
    page = body(as_max.get("/hunting/sigma?sort=level"))
    assert page.index(">Certutil Fetches") < page.index(">Another Fetches")
    page = body(as_max.get("/hunting/sigma"))
    assert page.index(">Another Fetches") < page.index(">Certutil Fetches")


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_asks_the_database_a_fixed_number_of_times(as_max, kept, django_assert_max_num_queries, number):
    kept(*(RULE.replace("0001", f"{place:04}").replace("Fetches", f"Fetches {place}") for place in range(number)))
    with django_assert_max_num_queries(12):
        as_max.get("/hunting/sigma")


def test_the_list_is_exported_with_authors(as_max, kept):
    kept(RULE, NO_TABLE)
    answer = as_max.get("/hunting/sigma/export.csv?state=off")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert '"Jane Doe, @someone","critical"' in lines[1]


def test_chosen_rules_are_switched_and_who_did_it_is_known(as_max, kept):
    rules = kept(RULE, LOW, NO_TABLE)
    keys = [one.pk for one in rules.values()]
    back = "/hunting/sigma?level=low"
    answer = as_max.post("/hunting/sigma/change", {"row": keys, "do": "on", "return": back}, follow=True)
    assert answer.redirect_chain[-1][0] == back
    assert "2 rules switched on. 1 rule cannot run" in body(answer)
    assert SigmaEntry.objects.filter(enabled=True).count() == 2
    assert AuditEntry.objects.filter(verb="sigma.switch", outcome="success").count() == 1
    answer = as_max.post("/hunting/sigma/change", {"row": keys[:1], "do": "every", "every_minutes": "60"}, follow=True)
    assert "1 rule run every hour" in body(answer)
    as_max.post("/hunting/sigma/change", {"row": keys, "do": "delete"})
    assert not SigmaEntry.objects.exists()


def test_all_rules_of_a_filter_are_switched_at_once(as_max, kept):
    kept(RULE, LOW, NO_TABLE)
    as_max.post("/hunting/sigma/change", {"all": "yes", "do": "on", "return": "/hunting/sigma?level=critical"})
    assert list(SigmaEntry.objects.filter(enabled=True).values_list("title", flat=True)) == ["Certutil Fetches A File"]


@pytest.mark.parametrize("sent", [{}, {"do": "on"}, {"do": "explode", "row": "1"}, {"do": "every", "row": "1"}])
def test_a_change_that_says_nothing_changes_nothing(as_max, kept, sent):
    kept(RULE)
    answer = as_max.post("/hunting/sigma/change", {**sent, "return": "https://evil.example/"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/hunting/sigma"
    assert "Nothing was changed" in body(answer)


# --- one rule -----------------------------------------------------------------------------------------------------


def test_a_rule_shows_its_author_its_text_its_query_and_the_way_to_hunt(as_max, kept):
    page = body(as_max.get(kept(RULE)["Certutil Fetches A File"].href))
    for words in ("Sigma rule by Jane Doe, @someone", "attack.t1105", "Administrators", "CommandLine|contains"):
        assert words in page
    assert "| where" in page
    assert "/hunting?query=%2F%2F+Certutil+Fetches+A+File%0A%2F%2F+Sigma+rule+by+Jane+Doe" in page
    assert "The rule is off" in page


def test_a_rule_shows_what_it_found(as_max, kept, ran):
    rule = kept(RULE, switch_on="all")["Certutil Fetches A File"]
    ran()
    run_due(now=utc_now())
    promote(now=utc_now())
    page = body(as_max.get(rule.href))
    assert "1 row, 1 new finding" in page
    assert "Matches by day of the event" in page
    assert "ann@corp.example" in page
    assert 'data-column="Matches" class="number"' in body(as_max.get("/hunting/sigma?state=matched"))


def test_wherever_a_match_shows_its_author_stands_beside_it(as_max, kept, ran):
    kept(RULE, switch_on="all")
    ran()
    run_due(now=utc_now())
    promote(now=utc_now())
    from watchfloor.incidents.models import Alert

    alert = Alert.objects.get()
    number = alert.incident_id
    places = ("/alerts", f"/alerts/{alert.alert_id}", f"/incidents/{number}?tab=alerts", f"/incidents/{number}/summary")
    more = (f"/incidents/{number}?tab=story", f"/incidents/{number}?tab=activity", "/search?q=ann@corp.example")
    for path in (*places, *more):
        assert "Sigma rule by Jane Doe, @someone" in body(as_max.get(path)), path


def test_a_refused_rule_says_why_and_a_serving_one_that_it_serves(as_max, kept):
    rules = kept(RULE, COUNTED, NO_TABLE)
    assert "Not converted" in body(as_max.get(rules["Sysmon Config Fetches A File"].href))
    assert "Part of a correlation" in body(as_max.get(rules["Certutil Fetches A File"].href))


def test_one_rule_is_switched_rescheduled_and_deleted_from_its_page(as_max, kept):
    rule = kept(RULE)["Certutil Fetches A File"]
    for sent in ({"do": "on"}, {"do": "every", "every_minutes": "1440"}):
        assert as_max.post(f"{rule.href}/change", sent).url == rule.href
    rule.refresh_from_db()
    assert (rule.enabled, rule.every_minutes) == (True, 1440)
    assert "Nothing was changed" in body(as_max.post(f"{rule.href}/change", {"do": "every"}, follow=True))
    assert as_max.post(f"{rule.href}/change", {"do": "delete"}).url == "/hunting/sigma"
    assert as_max.get(rule.href).status_code == 404


def test_rules_are_converted_anew_on_request(as_max, kept):
    kept(RULE, RULE.replace("0001", "0009"))
    SigmaEntry.objects.update(kql="DeviceProcessEvents", place="same.yml")
    there = as_max.post("/hunting/sigma/again").url
    worked_off()
    page = body(as_max.get(there))
    assert page.count("what it looks for changed") >= 2


def test_readers_see_rules_and_change_none(as_ada, as_eve, kept):
    rule = kept(RULE)["Certutil Fetches A File"]
    for path in ("/hunting/sigma", rule.href, "/hunting/sigma/import", "/hunting/sigma/change"):
        assert as_eve.get(path).status_code in (403, 405)
    assert as_ada.get("/hunting/sigma").status_code == 200
    assert as_eve.post("/hunting/sigma/change", {"row": rule.pk, "do": "on"}).status_code == 403
