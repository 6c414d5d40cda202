"""A signature stays when the sender varies what means nothing, and changes with what the mail says."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.inspection.folding import fold
from watchfloor.inspection.grouping import ALIKE, likeness
from watchfloor.inspection.signature import pieces_of, signature_of, words_of
from watchfloor.inspection.tests.letters import letter, read

TEXT = (
    "Dear {name}, your invoice {number} over {amount} EUR is due. Please see {url} and answer within {days} days. "
    "Kind regards from the billing team of the partner company in the south."
)
TABLE = "<table><tr><td><a href='{url}'><img src='{url}'></a></td></tr><tr><td><p>x</p><br><hr></td></tr></table>"


def told(name="ada", number=1, amount=20, url="https://a.example/1", days=3):
    return TEXT.format(name=name, number=number, amount=amount, url=url, days=days)


def signed(text, *recipients, html=""):
    return signature_of(fold(text), recipients=recipients, html=html)


def test_links_numbers_and_the_readers_name_make_no_difference():
    signatures = {
        signed(told(), "ada@corp.example"),
        signed(told("max", 77, 1999, "https://b.example/zzz", 9), "max@corp.example"),
        signed(told().upper().replace("INVOICE", "IN\u200bVOICE"), "ada@corp.example"),
    }
    assert len(signatures) == 1
    assert 512 < len(signatures.pop()) < 1024


def test_some_changed_words_leave_it_alike_and_another_text_does_not():
    one = signed(told() + " We thank you for many years of trust and look forward to the next ones with you.")
    two = signed(told() + " We thank you for many years of trust and look forward to the next order with you.")
    other = signed(
        "Hello Ada, the minutes of our meeting on Monday are done, please find them attached and sign today."
    )
    assert ALIKE < likeness(one, two) < 1
    assert likeness(one, other) < 0.1


@pytest.mark.parametrize(
    "text", ["", " \n\t…", "thanks", "ok, see you", "short one there, my friend", "call me when you can today"]
)
def test_a_text_of_a_few_words_is_compared_with_nothing(text):
    assert signed(text) == b""


def test_few_words_count_together_with_the_shape_of_the_page():
    html = TABLE.format(url="https://a.example/1")
    assert signed("click here", html=html) == signed("click here", html=html.replace("a.example", "b.example")) != b""
    assert likeness(signed("click here", html=html), signed("click here", html="<ul><li><b><i><u><p>" * 3)) < ALIKE


def test_the_shape_of_the_page_means_nothing_once_the_text_says_enough():
    assert signed(told(), html=TABLE) == signed(told(), html="")


def test_scripts_without_blanks_are_read_letter_by_letter():
    one = signed("您的邮箱即将过期，请立即点击以下链接验证您的账户，否则将被停用。")
    two = signed("您的邮箱即将过期，请立即点击以下链接验证您的账户，否则将被关闭。")
    assert one
    assert likeness(one, two) > ALIKE
    assert words_of("ab見る") == ["ab", "見", "る"]


def test_pieces_are_three_words_in_a_row():
    words = "one two three four five six seven eight nine ten eleven twelve"
    assert pieces_of(words_of(words))[:2] == [b"one two three", b"two three four"]


def test_the_inspection_carries_the_signature_of_the_visible_text_and_not_of_the_subject():
    one, two = read(letter(told(), subject="Invoice")), read(letter(told(), subject="Reminder", message_id="<2@x>"))
    assert one.signature == two.signature == signed(told(), *one.recipients)
    assert one.cluster_id == two.cluster_id
    assert 0 < one.cluster_id < 1 << 63


def test_a_mail_that_says_nothing_belongs_nowhere():
    found = read(letter("ok"))
    assert (found.signature, found.cluster_id) == (b"", 0)


@given(st.text(st.characters(), max_size=300), st.lists(st.text(max_size=20), max_size=3), st.text(max_size=200))
def test_any_text_has_a_signature_or_none(text, recipients, html):
    found = signed(text, *recipients, html=html)
    assert not found or 512 < len(found) <= 2560


@pytest.mark.parametrize("text", ["a " * 500_000, "http" * 200_000, "9" * 500_000, "見" * 300_000, "<a" * 300_000])
def test_a_huge_text_costs_no_more_than_the_words_that_count(text):
    began = time.process_time()
    signature_of(text, html=text)
    assert time.process_time() - began < 0.2


def test_loading_the_hash_reserves_little_memory_and_leaves_the_environment_alone():
    code = (
        "import os; before = dict(os.environ); import watchfloor.inspection.minhash; assert dict(os.environ) == before; "
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmSize')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(told) < 150_000
