"""Builders of mails as Exchange Online exports them: the sender's headers between what our tenant wrote above and below."""

import base64

TENANT = "11111111-2222-3333-4444-555555555555"
NETWORK_ID = "429d1076-6547-4e2c-5408-08dad239803e"
SENDER_IP = "203.0.113.7"
HOPS = (
    "Received: from AM1PR01MB1.eurprd01.prod.outlook.com (::1) by DB1PR01MB2.eurprd01.prod.outlook.com with HTTPS; x",
    "Received: from DB1FT1.eop-EUR01.prod.protection.outlook.com (2603:10a6:1::44) by AM1PR01.outlook.office365.com"
    " (2603:10a6:1::22) with Microsoft SMTP Server via Frontend Transport; x",
)
RESULTS = (
    f"Authentication-Results: spf=pass (sender IP is {SENDER_IP}) smtp.mailfrom=b.example; dkim=none (message not signed)"
    " header.d=none;dmarc=bestguesspass action=none header.from=b.example;compauth=pass reason=109"
)
BORDER = (
    f"Received: from mail.b.example ({SENDER_IP}) by DB1FT1.mail.protection.outlook.com (10.1.2.3)"
    " with Microsoft SMTP Server via Frontend Transport; x"
)
SENDERS = (
    "From: Bo Berg <bo@b.example>",
    "To: Ada Lovelace <ada@corp.example>",
    "Subject: Minutes",
    "Message-ID: <1@b.example>",
    "Date: Mon, 9 Nov 2026 09:00:00 +0100",
    "Content-Type: text/plain; charset=utf-8",
)
IDS = (
    f"X-MS-Exchange-Organization-Network-Message-Id: {NETWORK_ID}",
    f"X-EOPTenantAttributedMessage: {TENANT}:0",
    "X-MS-Exchange-Organization-MessageDirectionality: Incoming",
)
LEVELS = (
    f"X-Sender-IP: {SENDER_IP}",
    "X-MS-Exchange-Organization-PCL: 2",
    "X-MS-Exchange-Organization-SCL: 6",
    "X-Microsoft-Antispam: BCL:4;",
    f"X-MS-Exchange-CrossTenant-Id: {TENANT}",
    "X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;jmr:0;auth:0;dest:J;OFR:SpamFilterAuthJ;ENG:(1)",
)


def packed(text: str) -> str:
    """A consumer mailbox's X-Message-Delivery."""
    return "X-Message-Delivery: " + base64.b64encode(text.encode()).decode()


def exported(
    *,
    above: tuple[str, ...] = (*HOPS, RESULTS, BORDER),
    senders: tuple[str, ...] = SENDERS,
    below: tuple[str, ...] = (*IDS, *LEVELS),
) -> bytes:
    """One exported mail in its three parts."""
    return "\r\n".join((*above, *senders, *below, "", "Good morning Ada, the minutes are done.\r\n")).encode()


def reported(report: str, *more: str) -> bytes:
    """An exported mail of a business tenant, with its filter's report, and `more` headers in place of the levels."""
    return exported(below=(*IDS, f"X-Forefront-Antispam-Report: {report}", *more))
