"""The story of an alert as a tree: mail with its parts, clicks and what was done; processes below those that started them; activities."""

from datetime import UTC, datetime, timedelta

from watchfloor.detection.contracts import Activity
from watchfloor.incidents.alert_tree import WIDEST, Told, activity_tree, mail_tree, pane_of, process_tree
from watchfloor.lake.services import append

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PANE = pane_of(7, [("sender", "billing@x.example"), ("url", "https://x.example/a")])


def mail(number=1, **columns):
    return {
        "Timestamp": NOW,
        "NetworkMessageId": f"m-{number}",
        "SenderFromAddress": "billing@x.example",
        "SenderIP": "192.0.2.7",
        "Subject": "Overdue",
        "ThreatTypes": "Phish",
        "RecipientEmailAddress": f"p{number}@corp.example",
        "LatestDeliveryLocation": "Inbox/folder",
    } | columns


def shape(branches):
    return [(one.kind, one.name, shape(one.children)) for one in branches]


def test_a_mail_stands_below_its_sender_with_parts_clicks_and_mailboxes_below_it():
    told = Told(
        [mail(1), mail(2)],
        [{"NetworkMessageId": "m-1", "Url": "https://x.example/a"}],
        [{"NetworkMessageId": "m-2", "FileName": "a.pdf", "SHA256": "aa", "ThreatTypes": "", "ThreatNames": ""}],
        [{"NetworkMessageId": "m-1", "Url": "https://x.example/a", "AccountUpn": "p1@corp.example"}
         | {"ActionType": "ClickAllowed", "Timestamp": NOW}],
        [{"NetworkMessageId": "m-2", "RecipientEmailAddress": "p2@corp.example", "Action": "Soft delete"}
         | {"ActionType": "Manual Remediation", "ActionResult": "Success", "Timestamp": NOW}],
    )  # fmt: skip
    (sender,) = found = mail_tree(told, PANE)
    assert shape(found) == [
        ("sender", "billing@x.example", [
            ("analyzedMessage", "Overdue", [
                ("file", "a.pdf", []),
                ("url", "https://x.example/a", [("click", "p1@corp.example", [])]),
                ("mailbox", "p1@corp.example", []),
                ("mailbox", "p2@corp.example", [("action", "Soft delete", [])]),
            ]),
        ]),
    ]  # fmt: skip
    assert (sender.note, sender.children[0].note) == ("from 192.0.2.7", "2 mails, Phish")
    assert sender.pane == "/incidents/7/entity?type=sender&value=billing%40x.example"
    assert sender.children[0].children[0].pane == "", "the alert names no such file"


def test_a_wide_branch_says_how_many_more_there_are():
    (sender,) = mail_tree(Told([mail(number) for number in range(WIDEST + 5)]), PANE)
    assert (len(sender.children[0].children), sender.children[0].more) == (WIDEST, 5)


def test_links_that_each_recipient_has_of_their_own_are_one_line_and_crowd_nothing_out():
    links = [{"NetworkMessageId": "m-1", "Url": f"https://x.example/a?u={number}"} for number in range(40)]
    click = {"NetworkMessageId": "m-1", "Url": "https://x.example/a?u=7", "AccountUpn": "p1@corp.example"}
    told = Told([mail(1)], links, clicks=[click | {"ActionType": "ClickAllowed", "Timestamp": NOW}])
    (sender,) = mail_tree(told, PANE)
    assert shape(sender.children[0].children) == [
        ("url", "40 × https://x.example/a", [("click", "p1@corp.example", [])]),
        ("mailbox", "p1@corp.example", []),
    ]


def process(number, name, parent, parent_name):
    return {
        "Timestamp": NOW,
        "ProcessId": number,
        "FileName": name,
        "ProcessCommandLine": f"{name} -x",
        "SHA256": "",
        "AccountName": "ada",
        "InitiatingProcessId": parent,
        "InitiatingProcessFileName": parent_name,
    }


def test_processes_stand_below_those_that_started_them_and_circles_end():
    rows = [
        process(2, "winword.exe", 1, "explorer.exe"),
        process(3, "powershell.exe", 2, "WINWORD.EXE"),
        process(4, "whoami.exe", 3, "powershell.exe"),
        process(8, "a.exe", 9, "b.exe"),
        process(9, "b.exe", 8, "a.exe"),
    ]
    device = process_tree("pc-1", rows, PANE)
    assert shape([device]) == [
        ("device", "pc-1", [
            ("process", "explorer.exe", [
                ("process", "winword.exe", [("process", "powershell.exe", [("process", "whoami.exe", [])])]),
            ]),
        ]),
    ]  # fmt: skip


def test_activities_stand_below_the_account_and_the_address_they_came_from():
    done = [
        Activity(NOW, "New-InboxRule", "ada", "Rule 1", "192.0.2.7"),
        Activity(NOW, "New-InboxRule", "ada", "Rule 2", "192.0.2.7"),
    ]
    (account,) = activity_tree(done, PANE)
    assert shape([account]) == [
        (
            "user",
            "ada",
            [
                (
                    "ip",
                    "192.0.2.7",
                    [("activity", "New-InboxRule", [("activity", "Rule 1", []), ("activity", "Rule 2", [])])],
                )
            ],
        )
    ]
    assert account.children[0].children[0].note == "2 times"


def test_the_page_of_an_alert_brings_its_tree(findings, make, as_ada):
    alert = findings.raised(make.message(1), make.sender(), make.mailbox(), at=NOW)
    append("EmailEvents", [mail(1, RecipientEmailAddress="ada@corp.example", ReportId="r-1")])
    append(
        "UrlClickEvents",
        [{"Timestamp": NOW + timedelta(days=3), "NetworkMessageId": "m-1", "Url": "https://x.example/a"}
         | {"AccountUpn": "ada@corp.example", "ActionType": "ClickAllowed", "ReportId": "c-1"}],
    )  # fmt: skip
    assert f"/alerts/{alert.alert_id}/story" in as_ada.get(f"/alerts/{alert.alert_id}").content.decode()
    text = as_ada.get(f"/alerts/{alert.alert_id}/story").content.decode()
    for words in ("billing@x.example", "1 mail, Phish", "https://x.example/a", "ClickAllowed", "Inbox/folder"):
        assert words in text
    assert "type=sender" in text


def test_an_alert_of_which_nothing_more_is_known_says_so(findings, make, as_ada):
    alert = findings.raised(make.ip("192.0.2.9"))
    assert "Nothing more is known" in as_ada.get(f"/alerts/{alert.alert_id}/story").content.decode()
