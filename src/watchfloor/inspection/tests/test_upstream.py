"""A filter of our own is heard where nobody else can speak for it, and only against a mail."""

import pytest

from watchfloor.inspection.contracts import TenantFacts, ThreatType
from watchfloor.inspection.headers import split_headers
from watchfloor.inspection.limits import Limits
from watchfloor.inspection.tests.letters import FACTS, letter, read
from watchfloor.inspection.upstream import opinion_of

INSIDE = "Received: from mx.corp.example ([10.0.0.5]) by store.corp.example with LMTP id 4QAAAAAAAAA; x"
BORDER = (
    "Received: from mail.sender.example ([203.0.113.7]) by mx.corp.example (Postfix) with ESMTPS id 4QXcq41trPz9vNPp; x"
)
BEFORE = "Received: from laptop ([198.51.100.9]) by mail.sender.example with ESMTPSA id 4ZZZZZZZZZZ; x"
SPAM = "X-Spam-Status: Yes, score=7.1 required=5.0 tests=[BAYES_99=3.5] autolearn=no"
RSPAMD = (
    "X-Spamd-Result: default: False [13.81 / 15.00]; PH_SURBL_MULTI(5.50)[evil.example:url];",
    "X-Rspamd-Queue-Id: 4QXcq41trPz9vNPp",
    "X-Rspamd-Server: mx",
    "X-Spam: Yes",
)


def heard(*top: str, extra: tuple[str, ...] = (), facts: TenantFacts = FACTS, **envelope: object):
    found = read(letter(top=top, extra=extra), facts=facts, **envelope).verdict
    return [reason for reason in found.reasons if reason.imported]


@pytest.mark.parametrize("top", [(SPAM, BORDER), (SPAM, INSIDE, BORDER), (INSIDE, SPAM, BORDER)])
def test_a_filters_word_above_the_borders_line_is_heard(top):
    (reason,) = heard(*top)
    assert (reason.signal, reason.points, reason.threat) == ("filter_spam", 5.0, ThreatType.SPAM)
    assert reason.words == (
        "Imported header: our own filter at mx.corp.example judged it spam with 7.1 points of 5 needed (X-Spam-Status)"
    )


@pytest.mark.parametrize(
    "top", [(BORDER, SPAM), (BORDER, SPAM, BEFORE), (BORDER, BEFORE, SPAM), (INSIDE, BORDER, SPAM)]
)
def test_below_the_borders_line_a_sender_may_have_written_it(top):
    assert heard(*top) == []


def test_without_a_named_host_nobody_is_heard():
    assert heard(SPAM, BORDER, facts=TenantFacts()) == []
    assert heard(SPAM, BORDER, facts=TenantFacts(authserv_ids=frozenset({"elsewhere.example"}))) == []


def test_a_named_host_below_the_first_hop_from_outside_vouches_for_nothing():
    elsewhere = BORDER.replace("mx.corp.example", "unnamed.example")
    forged = "Received: from x ([198.51.100.1]) by mx.corp.example with ESMTP id 4FFFFFFFFFF; x"
    assert heard(elsewhere, SPAM, forged) == []


def test_a_mail_that_comes_straight_from_outside_bears_no_word_of_ours():
    assert heard(SPAM, BORDER, client_ip="198.51.100.9") == []
    assert len(heard(SPAM, BORDER, client_ip="10.0.0.9")) == 1


def test_headers_that_a_milter_added_below_are_known_by_the_queue_id():
    (reason,) = heard(BORDER, BEFORE, extra=RSPAMD)
    assert reason.words.endswith("judged it spam with 13.81 points of 15 needed (X-Spam, X-Spamd-Result)")
    other = tuple(line.replace("4QXcq41trPz9vNPp", "4ZZZZZZZZZZ") for line in RSPAMD)
    assert heard(BORDER, BEFORE, extra=other) == []
    assert heard(BORDER, BEFORE, extra=("X-Spam: Yes", "X-Other: x", *RSPAMD[1:3])) == []


def test_a_forged_result_before_the_filters_own_changes_nothing():
    forged = "X-Spamd-Result: default: False [-20.00 / 15.00]"
    assert heard(BORDER, extra=(forged, *RSPAMD)) == heard(BORDER, extra=RSPAMD)
    assert heard(BORDER, extra=(forged, "X-Other: x", *RSPAMD)) == heard(BORDER, extra=RSPAMD)


@pytest.mark.parametrize(
    ("lines", "spam", "score", "needed"),
    [
        (("X-Spam-Flag: YES",), True, None, None),
        (("X-Spam-Flag: NO",), False, None, None),
        (("X-Spam: Yes",), True, None, None),
        (("X-Spam: Not detected",), False, None, None),
        (("X-Spam-Status: No, hits=-4.9 required=5.0",), False, -4.9, 5.0),
        (("X-Spam-Status: Yes, score=5.9 tagged_above=-99 required=5.5",), True, 5.9, 5.5),
        (("X-Spam-Status: No",), False, None, None),
        (("X-Spam-Score: 6.2 (++++++)",), False, 6.2, None),
        (("X-Spamd-Result: default: True [19.99 / 15.00]; X(1)[a:b]",), True, 19.99, 15.0),
        (("X-Spamd-Result: default: False [-0.99 / 15.00]",), False, -0.99, 15.0),
        (("X-Rspamd-Action: add header",), True, None, None),
        (("X-Rspamd-Action: no action", "X-Rspamd-Score: 3.2"), False, 3.2, None),
        (("X-Rspamd-Action: greylist",), False, None, None),
        (("X-Spam-Status: Yes", "X-Spam-Status: No"), False, None, None),
        (("X-Spam-Status: " + "=" * 5000, "X-Spamd-Result: [[[["), False, None, None),
        ((), False, None, None),
    ],
)
def test_each_header_is_read(lines, spam, score, needed):
    found = opinion_of(split_headers("\r\n".join(lines).encode(), Limits()))
    assert (found.is_spam, found.score, found.needed) == (spam, score, needed)


@pytest.mark.parametrize(
    ("status", "signal", "points"),
    [
        ("No, score=4.0 required=5.0", "filter_doubt", 2.0),
        ("No, score=2.5 required=5.0", "filter_doubt", 1.25),
        ("No, score=9.0 required=5.0", "filter_doubt", 2.5),
        ("No, score=2.4 required=5.0", "", 0),
        ("No, score=-20 required=5.0", "", 0),
        ("No, score=5 required=0", "", 0),
        ("Yes, score=12 required=5.0", "filter_spam", 9.0),
        ("Yes", "filter_spam", 5.0),
    ],
)
def test_a_filter_can_only_speak_against_a_mail(status, signal, points):
    found = [(reason.signal, reason.points) for reason in heard(f"X-Spam-Status: {status}", BORDER)]
    assert found == ([(signal, points)] if signal else [])
