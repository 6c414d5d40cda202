"""Only what our own Microsoft 365 tenant wrote counts: named, at its place, in a mail that it took in itself."""

import pytest

from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.tests.exports import (
    BORDER,
    HOPS,
    IDS,
    LEVELS,
    NETWORK_ID,
    RESULTS,
    SENDER_IP,
    SENDERS,
    TENANT,
    exported,
)
from watchfloor.inspection.tests.letters import FACTS, read

OURS = TenantFacts(own_domains=FACTS.own_domains, microsoft_tenants=frozenset({TENANT}))
OTHER = "99999999-2222-3333-4444-555555555555"


def told(raw: bytes, facts: TenantFacts = OURS, **envelope: object):
    return read(raw, facts=facts, **envelope).microsoft


def test_our_tenants_headers_are_read():
    found = read(exported(), facts=OURS)
    report = found.microsoft
    assert (report.tenant, report.network_message_id) == (TENANT, NETWORK_ID)
    assert (report.scl, report.pcl, report.bcl) == (6, 2, 4)
    assert found.sender_ip == SENDER_IP
    assert found.delivery_location == "Junk folder"
    proof = found.authentication
    assert (proof.spf, proof.dkim, proof.dmarc, proof.composite) == ("pass", "none", "bestguesspass", "pass")
    assert (proof.reason, proof.source) == ("109", "our own Microsoft 365 tenant")


def test_unnamed_nobody_is_believed():
    found = read(exported())
    assert found.microsoft is None
    assert found.authentication.source == "none"
    assert found.delivery_location == ""
    assert not [reason for reason in found.verdict.reasons if reason.imported]


@pytest.mark.parametrize("name", ["protection.outlook.com", "outlook.com"])
def test_the_name_of_a_microsoft_host_is_no_tenant(name):
    assert told(exported(), TenantFacts(authserv_ids=frozenset({name}))) is None


def test_another_tenants_block_is_not_ours():
    assert told(exported(), TenantFacts(microsoft_tenants=frozenset({OTHER}))) is None
    mixed = exported(below=(*IDS, *LEVELS, f"X-MS-Exchange-CrossTenant-Id: {OTHER}"))
    assert told(mixed) is None


def test_an_export_that_somebody_vouches_for_needs_no_name():
    assert told(exported(), FACTS, exported=True).scl == 6
    assert told(exported(), TenantFacts(microsoft_tenants=frozenset({"any"}))).scl == 6


def test_a_mail_that_a_stranger_hands_in_is_no_export():
    assert told(exported(), client_ip="198.51.100.9") is None
    assert told(exported(), exported=True, client_ip="198.51.100.9") is None
    assert told(exported(), client_ip="10.0.0.4").scl == 6


@pytest.mark.parametrize(
    "top",
    [
        "Received: from x.outlook.com (40.107.1.1) by mx.elsewhere.example with ESMTPS; x",
        "Received: from x (40.107.1.1) by mail.protection.outlook.com.evil.example with ESMTPS; x",
        "Received: by 2002:a05:6a10:b0 with SMTP id 1",
    ],
)
def test_a_mail_that_another_server_took_in_last_tells_nothing(top):
    assert told(exported(above=(top, *HOPS, RESULTS, BORDER))) is None


def test_without_the_borders_line_or_without_the_block_nothing_is_read():
    assert told(exported(above=HOPS)) is None
    assert told(exported(above=())) is None
    assert told(exported(below=())) is None
    assert told(exported(below=tuple(line for line in (*IDS, *LEVELS) if TENANT not in line))) is None


def test_a_client_that_greets_as_microsoft_moves_no_border():
    """Its own lines below stay the sender's, though its name ends in outlook.com."""
    greeting = BORDER.replace("mail.b.example", "fake.eop-EUR01.prod.protection.outlook.com")
    forged = "Authentication-Results: spf=pass; dkim=pass; dmarc=pass; compauth=pass reason=100"
    lower = BORDER.replace(SENDER_IP, "198.51.100.66")
    found = read(exported(above=(*HOPS, greeting), senders=(forged, lower, *SENDERS)), facts=OURS)
    assert found.authentication.source == "none"
    assert found.sender_ip == SENDER_IP


def test_results_below_the_border_are_the_senders():
    found = read(exported(above=(*HOPS, BORDER), senders=(RESULTS, *SENDERS)), facts=OURS)
    assert found.microsoft is not None
    assert found.authentication.source == "none"


@pytest.mark.parametrize(
    "forged",
    [
        "X-Forefront-Antispam-Report: CIP:198.51.100.66;SFV:SKA;CAT:NONE;DIR:INT;LANG:xx",
        "X-Microsoft-Antispam: BCL:9;",
        "X-Sender-IP: 198.51.100.66",
        "X-Microsoft-Antispam-Mailbox-Delivery: dest:I;OFR:TrustedSenderList;",
        "X-IncomingHeaderCount: 1",
    ],
)
def test_what_the_sender_wrote_is_not_the_tenants(forged):
    plain, with_forgery = told(exported()), told(exported(senders=(forged, *SENDERS)))
    assert with_forgery == plain


@pytest.mark.parametrize("twin", ["Untrusted", "Original"])
def test_reports_of_the_senders_own_tenant_are_never_ours(twin):
    report = f"X-Forefront-Antispam-Report-{twin}: CIP:198.51.100.66;SFV:SPM;CAT:HPHSH;DIR:OUT;LANG:xx"
    levels = f"X-Microsoft-Antispam-{twin}: BCL:9;"
    assert told(exported(below=(*IDS, *LEVELS, report, levels))) == told(exported())


def test_of_two_headers_of_one_name_the_lower_is_the_tenants():
    assert told(exported(below=("X-MS-Exchange-Organization-SCL: -1", *IDS, *LEVELS))).scl == 6


def test_headers_before_the_count_of_those_that_came_in_are_the_senders():
    forged = ("X-MS-Exchange-Organization-SCL: -1", "X-Microsoft-Antispam: BCL:9;", "X-IncomingHeaderCount: 8")
    below = tuple(line for line in (*IDS, *LEVELS) if "SCL" not in line and "BCL" not in line)
    found = told(exported(senders=(*SENDERS, *forged), below=below))
    assert (found.scl, found.bcl) == (None, None)
