"""Microsoft's codes in the words of EmailEvents, and its verdict as evidence that says where it comes from."""

import pytest

from watchfloor.inspection.contracts import Confidence, TenantFacts, ThreatType
from watchfloor.inspection.tests.exports import (
    BORDER,
    HOPS,
    IDS,
    LEVELS,
    RESULTS,
    SENDER_IP,
    TENANT,
    exported,
    packed,
    reported,
)
from watchfloor.inspection.tests.letters import FACTS, read

OURS = TenantFacts(own_domains=FACTS.own_domains, microsoft_tenants=frozenset({TENANT}))
ADMINS, USERS = "Sender address list (Admin override)", "Sender address list (User override)"


def inspected(raw: bytes):
    return read(raw, facts=OURS)


def told(raw: bytes):
    return inspected(raw).microsoft


def test_the_filters_report_is_read():
    found = inspected(reported("CIP:198.51.100.9;CTRY:DE;LANG:de;SCL:9;SFV:SPM;DIR:INB;CAT:HSPM;SFTY:9.25,9.20;"))
    report = found.microsoft
    assert (found.sender_ip, found.language, found.direction) == ("198.51.100.9", "de", "Inbound")
    assert (report.country, report.scl, report.filtered, report.category) == ("DE", 9, "SPM", "HSPM")
    assert report.tips == ("9.25", "9.20")


@pytest.mark.parametrize(
    ("report", "threat", "method", "confidence"),
    [
        ("SFV:SPM;CAT:PHSH;SCL:5", ThreatType.PHISH, "General filter", Confidence.NORMAL),
        ("SFV:SPM;CAT:HPHSH;SCL:8", ThreatType.PHISH, "General filter", Confidence.HIGH),
        ("SFV:SPM;CAT:HPHISH", ThreatType.PHISH, "General filter", Confidence.HIGH),
        ("SFV:SPM;CAT:PHSH;SCL:5;SFTY:9.20", ThreatType.PHISH, "Impersonation user", Confidence.NORMAL),
        ("SFV:SPM;CAT:UIMP;SCL:6", ThreatType.PHISH, "Impersonation user", Confidence.NORMAL),
        ("SFV:SPM;CAT:DIMP;SCL:6", ThreatType.PHISH, "Impersonation domain", Confidence.NORMAL),
        ("SFV:SPM;CAT:BIMP;SCL:6", ThreatType.PHISH, "Impersonation brand", Confidence.NORMAL),
        ("SFV:SPM;CAT:GIMP;SCL:6", ThreatType.PHISH, "Mailbox intelligence impersonation", Confidence.NORMAL),
        ("SFV:SPM;CAT:SPOOF;SCL:5", ThreatType.PHISH, "Spoof external domain", Confidence.NORMAL),
        ("SFV:SPM;CAT:MALW;SCL:7", ThreatType.MALWARE, "Antimalware protection", Confidence.HIGH),
        ("SFV:SPM;CAT:AMP;SCL:5", ThreatType.MALWARE, "Antimalware protection", Confidence.NORMAL),
        ("SFV:SPM;CAT:SAP;SCL:5", ThreatType.MALWARE, "File detonation", Confidence.NORMAL),
        ("SFV:SPM;CAT:SPM;SCL:6", ThreatType.SPAM, "General filter", Confidence.NORMAL),
        ("SFV:SPM;CAT:BULK;SCL:6", ThreatType.SPAM, "Bulk", Confidence.NORMAL),
        ("SFV:SPM;CAT:HSPM;SCL:9", ThreatType.SPAM, "General filter", Confidence.HIGH),
        ("SFV:SPM;SCL:5", ThreatType.SPAM, "General filter", Confidence.NORMAL),
    ],
)
def test_the_category_is_the_threat(report, threat, method, confidence):
    found = inspected(reported(report)).verdict
    assert found.threat_types == (threat,)
    assert found.methods_by_threat[threat] == (method,)
    assert found.confidence_by_threat == {threat: confidence}
    (reason,) = [reason for reason in found.reasons if reason.imported]
    assert reason.words.startswith(f"Imported header: our own Microsoft 365 judged it {threat.value}")


@pytest.mark.parametrize(
    ("reason", "method"),
    [("000", "Spoof DMARC"), ("001", "Spoof external domain"), ("601", "Spoof intra-org")],
)
def test_the_composite_results_code_says_what_was_forged(reason, method):
    results = RESULTS.replace("reason=109", f"reason={reason}").replace("compauth=pass", "compauth=fail")
    below = (*IDS, "X-Forefront-Antispam-Report: SFV:SPM;CAT:SPOOF;SCL:5")
    found = inspected(exported(above=(*HOPS, results, BORDER), below=below))
    assert method in found.verdict.methods_by_threat[ThreatType.PHISH]
    assert found.authentication.reason == reason


@pytest.mark.parametrize("report", ["SFV:NSPM;CAT:NONE;SCL:1", "SFV:SKN;SCL:-1", "SFV:;CAT:;SCL:x"])
def test_what_microsoft_let_pass_is_no_evidence_either_way(report):
    found = inspected(reported(report)).verdict
    assert not [reason for reason in found.reasons if reason.imported]


@pytest.mark.parametrize(
    ("scl", "pcl", "threats", "confidence"),
    [
        ("1", "2", set(), None),
        ("5", "2", {"Spam"}, "Normal"),
        ("6", "8", {"Spam", "Phish"}, "Normal"),
        ("7", "2", {"Spam"}, "High"),
        ("8", "4", {"Spam", "Phish"}, "High"),
        ("9", "0", {"Spam"}, "High"),
        ("-1", "2", set(), None),
    ],
)
def test_without_a_report_the_levels_speak(scl, pcl, threats, confidence):
    levels = (f"X-MS-Exchange-Organization-SCL: {scl}", f"X-MS-Exchange-Organization-PCL: {pcl}")
    found = inspected(exported(below=(*IDS, *levels))).verdict
    assert {threat.value for threat in found.threat_types} == threats
    assert set(found.confidence_by_threat.values()) == ({confidence} if confidence else set())


@pytest.mark.parametrize(
    ("report", "organization", "user", "override", "sources"),
    [
        ("SFV:SKA", ("Allow", ADMINS), ("", ""), "Allowed by organization policy", (ADMINS,)),
        ("SFV:SKB", ("Block", ADMINS), ("", ""), "Blocked by organization policy", (ADMINS,)),
        ("SFV:SKN", ("Allow", "Exchange transport rule"), ("", ""), "Allowed by organization policy", None),
        ("SFV:SKQ", ("Allow", "Quarantine release"), ("", ""), "Allowed by organization policy", None),
        ("SFV:NSPM;IPV:CAL", ("Allow", "Connection policy"), ("", ""), "Allowed by organization policy", None),
        ("SFV:SFE", ("", ""), ("Allow", USERS), "Allowed by user policy", (USERS,)),
        ("SFV:BLK", ("", ""), ("Block", USERS), "Blocked by user policy", (USERS,)),
        ("SFV:NSPM;IPV:NLI", ("", ""), ("", ""), "", ()),
    ],
)
def test_overrides_are_named(report, organization, user, override, sources):
    found = told(reported(report))
    assert (found.organization_action, found.organization_policy) == organization
    assert (found.user_action, found.user_policy) == user
    assert found.override == override
    assert found.overrides == (sources if sources is not None else (organization[1],))


@pytest.mark.parametrize(
    ("delivery", "place", "action", "user", "override"),
    [
        ("dest:J;OFR:SpamFilterAuthJ;", "Junk folder", "Move to Junk Email folder", "", ""),
        ("dest:I;OFR:TrustedSenderList;", "Inbox/folder", "", USERS, "Allowed by user policy"),
        ("dest:C;OFR:CustomRules;", "Inbox/folder", "", "Inbox rule", ""),
        ("dest:J;OFR:BlockedSenderList;", "Junk folder", "", USERS, "Blocked by user policy"),
        ("dest:D;", "Deleted items folder", "", "", ""),
        ("dest:Q;", "", "", "", ""),
    ],
)
def test_the_folder_and_who_chose_it(delivery, place, action, user, override):
    found = told(exported(below=(*IDS, f"X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;{delivery}ENG:(1)")))
    assert (found.location, found.action, found.user_policy, found.override) == (place, action, user, override)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (packed("V=1.1;l=0;D=2;SCL=6"), "Junk folder"),
        (packed("V=1.1;l=0;D=1;SCL=1"), "Inbox/folder"),
        (packed("V=1.1;l=0"), ""),
        ("X-Message-Delivery: !!", ""),
        ("X-Message-Delivery: A", ""),
    ],
)
def test_a_consumer_mailbox_packs_the_folder(line, place):
    assert told(exported(below=(*IDS, line))).location == place


def test_junk_by_the_anti_phishing_policy_is_called_so():
    delivery = "X-Microsoft-Antispam-Mailbox-Delivery: dest:J;OFR:SpamFilterAuthJ;"
    assert told(reported("SFV:SPM;CAT:SPOOF;SCL:5", delivery)).action_policy == "Anti-phishing"
    assert told(reported("SFV:SPM;CAT:SPM;SCL:5", delivery)).action_policy == "Hosted content filter"


@pytest.mark.parametrize(
    ("lines", "ip"),
    [
        (("X-Forefront-Antispam-Report: CIP:255.255.255.255;SFV:SKI",), ""),
        (("X-Forefront-Antispam-Report: CIP:2001:db8::9;SFV:NSPM",), "2001:db8::9"),
        (("X-Sender-IP: 198.51.100.9",), "198.51.100.9"),
        (("X-Sender-IP: nonsense",), SENDER_IP),
        ((), SENDER_IP),
    ],
)
def test_the_sender_is_whom_microsoft_talked_to(lines, ip):
    assert inspected(exported(below=(*IDS, *lines))).sender_ip == ip


@pytest.mark.parametrize(
    ("report", "direction"),
    [("DIR:INB", "Inbound"), ("DIR:OUT", "Outbound"), ("DIR:INT", "Intra-org"), ("DIR:XYZ", "Inbound")],
)
def test_the_direction_is_microsofts(report, direction):
    assert inspected(reported(report)).direction == direction


def test_without_a_report_the_direction_is_the_mails():
    leaving = tuple(line.replace("Incoming", "Originating") for line in IDS)
    assert inspected(exported(below=(*leaving, *LEVELS))).direction == "Outbound"
    unsaid = tuple(line for line in IDS if "Directionality" not in line)
    assert inspected(exported(below=(*unsaid, *LEVELS))).direction == "Inbound"


@pytest.mark.parametrize("value", ["x" * 30_000, "SCL:" * 5_000, ";:;:;:", "SFV:\x00;CAT:" + "A" * 900])
def test_a_report_of_any_bytes_breaks_nothing(value):
    assert told(reported(value)).tenant == TENANT


def test_an_analyst_may_silence_what_microsoft_says():
    facts = TenantFacts(microsoft_tenants=frozenset({TENANT}), silenced=frozenset({"microsoft_spam"}))
    found = read(exported(), facts=facts).verdict
    assert found.threat_types == ()
    assert [reason.silenced for reason in found.reasons if reason.imported] == [True]
