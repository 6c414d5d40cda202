"""What our own Microsoft 365 tenant wrote fills the columns of EmailEvents; without it they stay as they are."""

import json

from watchfloor.inspection.tests.exports import IDS, NETWORK_ID, TENANT, exported, packed, reported
from watchfloor.lake import selectors
from watchfloor.lake.contracts import Operator
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.microsoft_columns import microsoft_columns, microsoft_details, with_overrides

from .conftest import NOON, asked
from .test_ingest import AtOnce, take

VOUCHED = {"exported": True}


def stored(raw, **more):
    take(raw, **more)
    ingest_pending(AtOnce(), 10, NOON)
    (row,) = selectors.rows(asked())
    return row


def test_an_export_fills_what_defender_would_show(lake):
    row = stored(exported(), facts=VOUCHED)
    assert (row["SenderIP"], row["SenderIPv4"], row["EmailDirection"]) == ("203.0.113.7", "203.0.113.7", "Inbound")
    assert (row["DeliveryAction"], row["DeliveryLocation"]) == ("Junked", "Junk folder")
    assert (row["EmailAction"], row["EmailActionPolicy"]) == ("Move to Junk Email folder", "Hosted content filter")
    assert row["BulkComplaintLevel"] == 4
    assert (row["ThreatTypes"], row["ConfidenceLevel"]) == ("Spam", '{"Spam":"Normal"}')
    assert row["DetectionMethods"] == '{"Spam":["General filter"]}'
    assert (row["Spf"], row["Dkim"], row["Dmarc"]) == ("Pass", "None", "Best guess pass")
    assert json.loads(row["AuthenticationDetails"]) == {
        "SPF": "pass",
        "DKIM": "none",
        "DMARC": "bestguesspass",
        "CompAuth": "pass",
        "CompAuthReason": "109",
    }
    assert json.loads(row["AdditionalFields"]) == {
        "SCL": 6,
        "PCL": 2,
        "BCL": 4,
        "MicrosoftTenantId": TENANT,
        "MicrosoftNetworkMessageId": NETWORK_ID,
    }


def test_overrides_are_filled_and_filtered(lake):
    delivery = "X-Microsoft-Antispam-Mailbox-Delivery: dest:I;OFR:TrustedSenderList;"
    row = stored(reported("SFV:SKA;CAT:NONE;SCL:-1;CTRY:DE;LANG:de;DIR:INB", delivery), facts=VOUCHED)
    assert (row["OrgLevelAction"], row["UserLevelAction"]) == ("Allow", "Allow")
    assert row["PrimaryOverride"] == "Allowed by organization policy"
    assert row["PrimaryOverrideSource"] == "Sender address list (Admin override)"
    assert row["EmailLanguage"] == "de"
    assert (row["DeliveryAction"], row["DeliveryLocation"]) == ("Delivered", "Inbox/folder")
    said = json.loads(row["AdditionalFields"])
    assert (said["SCL"], said["SFV"], said["CAT"], said["SenderCountry"]) == (-1, "SKA", "NONE", "DE")
    for source in ("Sender address list (Admin override)", "sender address list (user override)"):
        assert selectors.count(asked(("OverrideSources", Operator.EQUAL_ANY, (source,)))) == 1


def test_spam_that_its_reader_wanted_is_an_override_not_a_miss(lake):
    lines = (
        "X-MS-Exchange-Organization-SCL: 9",
        "X-Microsoft-Antispam-Mailbox-Delivery: dest:I;OFR:TrustedSenderList;",
    )
    row = stored(exported(below=(*IDS, *lines, packed("V=1.1;D=2"))), facts=VOUCHED)
    assert (row["DeliveryLocation"], row["ThreatTypes"]) == ("Inbox/folder", "Spam")
    assert (row["UserLevelAction"], row["PrimaryOverride"]) == ("Allow", "Allowed by user policy")


def test_the_same_headers_mean_nothing_when_nobody_vouches_for_them(lake):
    row = stored(exported())
    assert (row["BulkComplaintLevel"], row["AdditionalFields"], row["PrimaryOverride"]) == (0, "", "")
    assert row["Spf"] == "None"


def test_what_was_decided_here_comes_before_what_microsoft_decided():
    assert microsoft_columns(None) == microsoft_details(None) == {}
    theirs = {"PrimaryOverride": "Allowed by user policy", "OverrideSources": ["b", "a"]}
    ours = {"PrimaryOverride": "Blocked by organization policy", "OverrideSources": ["a"]}
    assert with_overrides(theirs, ours) == {
        "PrimaryOverride": "Blocked by organization policy",
        "OverrideSources": ["a", "b"],
    }
    assert with_overrides(theirs, {"VerdictScore": 1.0})["PrimaryOverride"] == "Allowed by user policy"
    assert with_overrides({}, {}) == {"OverrideSources": []}
