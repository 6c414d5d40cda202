"""The operator's rules are matched against the parts of a mail, in a process that a hostile mail or rule may kill."""

import hashlib
import io
import os
import time
import zipfile

import pytest

from watchfloor.connectors.registry import system
from watchfloor.connectors.services import take_parts_from
from watchfloor.connectors.systems.yara.scanning import opinions_of
from watchfloor.inspection.services import scannable
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

from .letters import envelope, letter

RULE = """
rule lab_dropper : lab {
  meta:
    threat = "%s"
    words = "the lab's dropper"
    points = %s
  strings:
    $text = "lab dropper"
  condition:
    $text
}
"""
SLOW = "rule slow { condition: for all i in (0..filesize * 1000000) : (uint8(i %% filesize) != %d) }"


@pytest.fixture
def folder(tmp_path):
    take_parts_from(scannable)
    (tmp_path / "own.yar").write_text(RULE % ("malware", "7.5"))
    return tmp_path


@pytest.fixture
def made():
    """Opinions over a folder; their processes end with the test."""
    opened = []

    def over(folder, name="yara", **settings):
        one = system("yara")._made({"folder": str(folder), "shipped": "no", "seconds": "15"} | settings, name)
        opened.append(one)
        return one

    yield over
    for one in opened:
        one.close()


def test_a_rule_of_the_operator_names_the_attachment_it_matches(folder, made):
    data = b"MZ the lab dropper"
    (found,) = made(folder)(letter(notes_txt=b"minutes", tool_exe=data), mail=envelope())
    assert found.words == 'yara: rule lab_dropper matches in "tool.exe": the lab\'s dropper'
    assert (found.threat, found.threat_name, found.points) == ("Malware", "lab_dropper", 7.5)
    assert found.files == (hashlib.sha256(data).hexdigest(),)


def test_what_lies_in_a_zip_is_matched_too(folder, made):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.bin", b"the lab dropper" * 50)
    (found,) = made(folder)(letter(files_zip=packed.getvalue()), mail=envelope())
    assert 'in "files.zip/inner.bin"' in found.words
    assert found.files == (hashlib.sha256(packed.getvalue()).hexdigest(),)


def test_an_ordinary_mail_matches_nothing_of_ours(folder, made):
    assert made(folder, shipped="yes")(letter(notes_txt=b"minutes of the meeting"), mail=envelope()) == ()


def test_a_changed_rule_counts_from_the_next_mail(folder, made):
    asked = made(folder)
    raw = letter("the lab dropper")
    assert asked(raw, mail=envelope())[0].threat == "Malware"
    (folder / "own.yar").write_text(RULE % ("phish", "3"))
    asked.files._looked = float("-inf")  # as if the few seconds were over for which it does not look again
    (found,) = asked(raw, mail=envelope())
    assert (found.threat, found.points, found.threat_name) == ("Phish", 3, "")


def test_a_broken_rule_is_named_with_its_line_and_the_others_match(folder, made):
    (folder / "broken.yar").write_text(
        'rule fine { condition: false }\nrule broken {\n  strings:\n    $a = "x"\n  condition:\n    $b\n}\n'
    )
    asked = made(folder)
    assert asked(letter("the lab dropper"), mail=envelope())
    assert asked.warning() == (
        f"a broken rule is left out: {folder}/broken.yar line 6: unknown pattern `$b`: "
        "this pattern is not declared in the `strings` section"
    )
    report = system("yara").test({"folder": str(folder), "shipped": "no"})
    assert not report.ok
    assert f"{folder}/broken.yar line 6: unknown pattern `$b`" in report.lines[1][1]


def test_two_files_may_call_their_rules_alike(folder, made):
    (folder / "more.yara").write_text(RULE % ("spam", "2"))
    found = made(folder)(letter("the lab dropper"), mail=envelope())
    assert {(one.threat, one.points) for one in found} == {("Malware", 7.5), ("Spam", 2)}


def test_a_rule_may_not_read_other_files(folder, made):
    (folder / "nosy.yar").write_text('include "/etc/passwd"\n')
    asked = made(folder)
    assert asked.rules().errors
    assert "root:" not in asked.rules().errors[0]


def test_a_rule_without_end_is_ended_and_mail_goes_on(folder, made):
    (folder / "slow.yar").write_text(SLOW % 1)
    asked = made(folder, seconds="1")
    asked.rules()
    before = time.monotonic()
    with pytest.raises(Unreachable):
        asked(letter("x" * 200), mail=envelope())
    assert time.monotonic() - before < 8
    (folder / "slow.yar").unlink()
    asked.files._looked = float("-inf")
    asked.rules()
    assert asked(letter("the lab dropper"), mail=envelope())


def test_a_process_that_is_killed_is_started_anew(folder, made):
    asked = made(folder)
    asked.rules()
    os.kill(asked._child._process.pid, 9)
    asked._child._process.wait()
    assert asked(letter("the lab dropper"), mail=envelope())


def test_a_mail_that_unpacks_to_gigabytes_harms_nobody(folder, made):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(30):
            archive.writestr(f"{number}.bin", b"\0" * (8 << 20))
    assert made(folder)(letter(bomb_zip=packed.getvalue()), mail=envelope()) == ()


def test_trouble_with_the_folder_is_said_in_words(folder, made):
    with pytest.raises(NotConfigured, match="there is no folder"):
        made(folder / "missing")(letter(), mail=envelope())
    (folder / "empty").mkdir()
    with pytest.raises(NotConfigured, match="there is no rule file"):
        made(folder / "empty")(letter(), mail=envelope())
    report = system("yara").test({"folder": "", "shipped": "no"})
    assert report.lines == ((False, "there are no rules: name a folder, or use the shipped ones"),)
    with pytest.raises(BadInput, match="larger than 1 MB"):
        made(folder, megabytes="1")(b"x" * (2 << 20), mail=envelope())


def test_the_test_of_the_shipped_rules_is_good(folder):
    report = system("yara").test({"folder": "", "shipped": "yes"})
    assert report.ok
    assert "can read 3 rule files" in report.lines[0][1]


def test_the_same_settings_keep_the_same_process_and_new_ones_replace_it(folder):
    settings = {"folder": str(folder), "shipped": "no", "seconds": "15"}
    first = system("yara").opinion(settings, name="kept")
    first.rules()
    assert system("yara").opinion(settings, name="kept") is first
    second = system("yara").opinion(settings | {"seconds": "14"}, name="kept")
    assert second is not first
    assert first._child._process is None
    second.close()


def test_many_matches_for_one_thing_count_once():
    found = [{"rule": f"rule{n}", "meta": {"points": n}, "piece": "", "sha256": ""} for n in range(1, 12)]
    (one,) = opinions_of(found, who="yara")
    assert one.points == 11
    assert one.words == "yara: rule rule11 matches (also rule1, rule2, rule3, rule4, rule5)"


@pytest.mark.parametrize("points", ["nan", "-4", "much", None, True])
def test_odd_points_of_a_rule_do_no_harm(points):
    (one,) = opinions_of([{"rule": "odd", "meta": {"points": points}, "piece": "", "sha256": ""}], who="yara")
    assert one.points is None or one.points >= 0
