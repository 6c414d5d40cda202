"""Sieve scripts: what they do, in words, and the same without forwarding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.connectors.systems.dovecot.sieve_script import (
    commands,
    forwards,
    includes,
    sentences,
    without_forwarding,
)
from watchfloor.kernel.errors import BadInput

HIDING = """
require ["fileinto", "copy", "imap4flags"];
# redirect "in-a-comment@elsewhere.example";
/* redirect "in-another@elsewhere.example"; */
if anyof (header :contains "Subject" ["invoice; urgent", "redirect \\"x\\";"], size :over 100K) {
  redirect :copy "thief@elsewhere.example";
  setflag "\\\\Seen";
  fileinto "RSS Feeds";
  stop;
}
elsif true { redirect "second@elsewhere.example"; }
else { discard; }
"""


def test_a_script_is_told_in_sentences_without_its_comments():
    assert sentences(HIDING) == (
        "forwards to “thief@elsewhere.example”",
        "marks as “\\Seen”",
        "moves into “RSS Feeds”",
        "forwards to “second@elsewhere.example”",
        "throws away",
    )


def test_forwarding_is_found_whatever_stands_around_it():
    assert forwards(HIDING) == ("thief@elsewhere.example", "second@elsewhere.example")
    assert forwards('ReDirect "a@b.example";') == ("a@b.example",)


def test_without_forwarding_a_copy_is_dropped_and_a_move_is_kept():
    quiet = without_forwarding(HIDING)
    assert forwards(quiet) == ()
    assert "elsif true { keep; }" in quiet
    assert 'fileinto "RSS Feeds";' in quiet
    assert "in-a-comment@elsewhere.example" in quiet


def test_a_script_that_forwards_nothing_stays_as_it_is():
    script = 'require "fileinto";\nif true { fileinto "A"; }\n'
    assert without_forwarding(script) == script


def test_multi_line_text_may_hold_anything():
    script = 'require "vacation";\nvacation text:\nredirect "no@elsewhere.example";\n..dot\n.\n;\nredirect "yes@elsewhere.example";'
    assert forwards(script) == ("yes@elsewhere.example",)


def test_included_scripts_are_named():
    assert includes('require "include"; include :personal "other";') == ("other",)


@pytest.mark.parametrize(
    "broken", ['redirect "open', "if true { redirect", "\x00", '"text" redirect;', 'redirect "a@b.example"'], ids=repr
)
def test_what_is_no_sieve_is_refused_with_its_place(broken):
    with pytest.raises(BadInput, match=r"character \d"):
        list(commands(broken))


ADDRESS = st.emails()
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"\\\0'), max_size=40)


@given(address=ADDRESS, noise=TEXT, copy=st.booleans())
def test_no_string_or_comment_hides_a_redirect_or_makes_one(address, noise, copy):
    tag = ":copy " if copy else ""
    line = noise.replace("\n", " ").replace("\r", " ").replace("*/", "")
    quoted = address.replace("\\", "\\\\").replace('"', '\\"')
    script = f'if header "X" "{noise}" {{ /*{line}*/ redirect {tag}"{quoted}"; }} # {line}\nkeep;'
    assert forwards(script) == (address,)
    assert forwards(without_forwarding(script)) == ()
