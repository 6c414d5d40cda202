"""The email entity page: left pane, tabs, recipients, exports."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.identities.contracts import PRIORITY, DirectoryEntry
from watchfloor.identities.services import import_people
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append
from watchfloor.mail.page import TABS


def text_of(response) -> str:
    return unescape(response.content.decode())


def know_ann() -> None:
    director = system_actor("test", Permission.CONNECTION_MANAGE)
    ann = DirectoryEntry("ann@corp.example", "Ann Lee", tags=(PRIORITY,))
    import_people(by=director, entries=[ann], source="test", now=utc_now())


@pytest.mark.parametrize("tab", [key for key, _ in TABS])
def test_every_tab_opens_and_keeps_the_left_pane(as_ada, received, tab):
    key = received(files=(("bill.pdf", b"%PDF-1.4 x"),))
    page = text_of(as_ada.get(f"/email/{key}?tab={tab}"))
    assert "Detection details" in page
    assert "Original delivery location" in page
    assert "it@evil.example" in page


def test_the_recipient_is_shown_by_name_with_the_priority_badge(as_ada, received):
    know_ann()
    page = text_of(as_ada.get(f"/email/{received()}"))
    assert "Ann Lee (ann@corp.example)" in page
    assert PRIORITY in page


def test_with_several_recipients_one_chooses_whose_copy_to_see(as_ada, received):
    key = received(to=("ann@corp.example", "bo@corp.example"))
    page = text_of(as_ada.get(f"/email/{key}?recipient=bo@corp.example"))
    assert '<option value="bo@corp.example" selected>' in page
    assert "2 recipients" in page


def test_analysis_shows_every_reason_with_its_points_and_the_sum_against_the_threshold(as_ada, received):
    from watchfloor.lake.selectors import inspection_of

    key = received()
    page = text_of(as_ada.get(f"/email/{key}?tab=analysis"))
    verdict = inspection_of(key)["verdict"]
    assert verdict["reasons"]
    for reason in verdict["reasons"]:
        assert f"{reason['points']:+.2f}" in page
        assert reason["words"] in page
    assert f"The reasons add up to {verdict['score']:.2f}" in page
    assert f"Sum, held against {verdict['threshold']:.2f}" in page


def test_headers_stand_in_order_with_a_copy_button(as_ada, received):
    page = text_of(as_ada.get(f"/email/{received()}?tab=headers"))
    assert page.index("<dt>From</dt>") < page.index("<dt>Message-ID</dt>")
    assert "Copy all headers" in page


def test_a_url_is_text_and_never_a_link(as_ada, received):
    page = text_of(as_ada.get(f"/email/{received()}?tab=urls"))
    assert "https://evil.example/login?u=ann" in page
    assert 'href="https://evil.example' not in page


def test_ticked_attachments_fill_the_form_of_new_entries(as_ada, as_eve, received):
    key = received(files=(("a.txt", b"one"), ("b.txt", b"two"), ("c.txt", b"three")))
    page = as_ada.get(f"/email/{key}?tab=attachments").content.decode()
    boxes = re.findall(r'name="row" value="([0-9a-f]{64})"', page)
    assert len(boxes) == 3
    answer = as_ada.post(f"/email/{key}/attachments/block", {"row": [*boxes[:2], "0" * 64]})
    filled = dict(parse_qsl(urlsplit(answer.url).query))
    assert (filled["kind"], filled["value"].split("\n"), filled["effect"]) == ("file", boxes[:2], "block")
    form = as_ada.get(answer.url).content.decode()
    assert all(box in form for box in boxes[:2])
    assert as_eve.post(f"/email/{key}/attachments/block", {"row": boxes}).status_code == 403
    assert as_ada.post("/email/nothing/attachments/block").status_code == 404


def test_attachments_show_their_real_type_and_hash(as_ada, received):
    page = text_of(as_ada.get(f"/email/{received(files=(('bill.txt', b'%PDF-1.4 x'),))}?tab=attachments"))
    assert "bill.txt" in page
    assert "application/pdf" in page


def test_similar_emails_share_the_cluster_and_can_be_exported(as_ada, received):
    first = received(text="Your mailbox is full. " * 20, subject="Mailbox full 1")
    page = text_of(as_ada.get(f"/email/{first}?tab=similar"))
    assert "Mailbox full 1" in page
    lines = b"".join(as_ada.get(f"/email/{first}/similar.csv").streaming_content).decode().splitlines()
    assert lines[0].startswith('"Timestamp","NetworkMessageId","Subject"')
    assert len(lines) == 2


def test_the_timeline_begins_with_the_delivery_and_tells_what_was_done_since(as_ada, received):
    key = received()
    append(
        "EmailPostDeliveryEvents",
        [
            {
                "Timestamp": utc_now(),
                "NetworkMessageId": key,
                "RecipientEmailAddress": "ann@corp.example",
                "Action": "Soft delete",
                "ActionType": "Manual remediation",
                "ActionTrigger": "Ada",
                "ActionResult": "Success",
                "SourceLocation": "Inbox/folder",
                "DeliveryLocation": "Recoverable items folder",
            }
        ],
    )
    page = text_of(as_ada.get(f"/email/{key}"))
    assert page.index("Original delivery</td>") < page.index("Manual remediation")
    assert "Inbox/folder to Recoverable items folder" in page
    found = text_of(as_ada.get(f"/email/{key}?q=remediation"))
    assert "Original delivery</td>" not in found
    lines = b"".join(as_ada.get(f"/email/{key}/timeline.csv").streaming_content).decode().splitlines()
    assert len(lines) == 3


def test_another_recipients_remediation_is_not_in_this_ones_timeline(as_ada, received):
    key = received(to=("ann@corp.example", "bo@corp.example"))
    event = {"Timestamp": utc_now(), "NetworkMessageId": key, "RecipientEmailAddress": "bo@corp.example"}
    append("EmailPostDeliveryEvents", [{**event, "Action": "Soft delete", "ActionType": "Manual remediation"}])
    assert "Manual remediation" not in text_of(as_ada.get(f"/email/{key}?recipient=ann@corp.example"))
    assert "Manual remediation" in text_of(as_ada.get(f"/email/{key}?recipient=bo@corp.example"))


def test_an_unknown_email_is_a_page_that_leads_back_to_explorer(as_ada, db):
    answer = as_ada.get("/email/nothing")
    assert answer.status_code == 404
    assert "Search in Explorer" in text_of(answer)


def test_a_manager_without_preview_reads_why_the_button_is_off_and_who_grants_it(as_max, received):
    page = text_of(as_max.get(f"/email/{received()}"))
    assert "Needs the right “Preview: read the content of any mail, download it” (role Preview). Ask Max." in page


def test_eve_sees_nothing_of_an_email(as_eve, received):
    key = received()
    for part in ("", "/summary", "/timeline.csv", "/similar.csv", "/preview", "/preview/body", "/download"):
        assert as_eve.get(f"/email/{key}{part}").status_code == 403


def test_the_number_of_sql_queries_does_not_grow_with_the_recipients(as_ada, received):
    one = received(subject="to one")
    many = received(subject="to many", to=tuple(f"p{number}@corp.example" for number in range(40)))
    as_ada.get(f"/email/{one}")  # the lake reads its hot batches once, whoever asks first
    counts = []
    for key in (one, many):
        with CaptureQueriesContext(connection) as queries:
            as_ada.get(f"/email/{key}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_unparsable_mail_says_so_in_words(as_ada, received):
    from watchfloor.mail.page import warnings_of
    from watchfloor.mail.selectors import entity

    found = entity(received())
    found.record.summary["unparsable"] = "its worker was killed\u202e"
    found.record.summary["limits_hit"] = ["headers cut at 64 kB"]
    assert warnings_of(found) == [
        "This mail could not be taken apart: its worker was killed⟨RLO⟩. Headers and what the transport knew are shown.",
        "A limit cut something while reading: headers cut at 64 kB.",
    ]
