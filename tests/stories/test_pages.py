"""Every page of the product in a real browser, light and dark: accessible, without complaint, no wider than its window."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import BrowserContext, Page, expect

from tests.house.test_permissions import ALL as EVERY_ADDRESS
from tests.stories.conftest import INVOICE, PHISH, Demo, complaints_of

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HOW = {"resultTypes": ["violations"], "preload": False}
"""Without preload: axe would read our style sheets once more, into a style element that our policy forbids."""
SERIOUS = {"serious", "critical"}

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]

SIGMA = """
title: Certutil Fetches A File From An Address Somebody Else Chose
id: 4f1d2c3b-0000-4000-8000-000000000001
status: test
description: certutil.exe is asked for an address
author: Jane Doe (Example Labs), @someone
references: ["https://attack.mitre.org/techniques/T1105/"]
tags: [attack.command-and-control, attack.t1105]
logsource: {category: process_creation, product: windows}
detection:
    selection:
        CommandLine|contains: 'urlcache'
    condition: selection
falsepositives: [Administrators]
level: critical
"""

OUTSIDE = {"sign-in", "sign-out"}
"""Walked without being signed in, or ends the session."""
ELSEWHERE = {"settings/detections/policy-<int:number>/edit", "settings/webhook-deliveries/<int:id>"}
"""Walked by the story that makes what it shows."""

EXPLORER_VIEWS = ("all-email", "malware", "phish", "content-malware", "url-clicks")
EXPLORER_TABS = ("email", "clicks", "urls", "top-clicks", "targets", "origin", "senders", "attachments", "campaigns")
QUARANTINE = (
    *("?received=7d", "?received=any&q=none-such", "?received=any&pick=query"),
    *("/1", "/1/preview", "/1/headers", "/1/download", "/1/share"),
)
REPORTS = (
    *("threat-protection", "mail-flow", "mail-latency", "post-delivery", "url-protection"),
    "top-senders-recipients",
)
INCIDENT_TABS = ("story", "alerts", "assets", "paths", "investigations", "evidence", "summary", "similar", "activity")
INVESTIGATION_TABS = ("graph", "alerts", "mailboxes", "evidence", "entities", "log", "pending", "history")
PERSON_TABS = (
    "",
    "/incidents",
    "/alerts",
    "/observed",
    "/timeline",
    "/files",
    "/mail",
    "/account-settings",
)
PERSON_FLY_OUTS = ("/summary", "/organisation", "/risk", "/who", "/account-settings")
SUBMISSIONS = (
    "",
    "/reports/1",
    "?tab=emails",
    "?tab=attachments",
    "?tab=urls",
    "/new",
    "/new?what=url",
    "/new?what=file",
)
CAMPAIGN_TABS = ("clicks", "ips", "senders", "attachments", "urls", "grouping")
EMAIL_TABS = ("timeline", "analysis", "attachments", "urls", "similar", "headers")
SETTINGS = (
    "people",
    "people/add",
    "people/1",
    "roles",
    "roles/add",
    "roles/1",
    "audit",
    "audit/1",
    "connections",
    "connections/add",
    "connections/add/dovecot",
    "connections/add/milter",
    "connections/1",
    "connections/add/smtp_out",
    "outgoing-mail",
    "dead-letters",
    "import-events",
    "connections/add/syslog_events",
    "retention",
    "retention/table?name=EmailEvents",
    "lists",
    "allow-block-list",
    "allow-block-list?tab=indicators",
    "allow-block-list?tab=trusted",
    "allow-block-list/add",
    "allow-block-list/import",
    "click-protection",
    "verdict-policy",
    "verdict-labels",
    "detections",
    "detections?show=custom",
    "alert-categories",
    "detections/add?f=any(Subject~contains%20any%20of~invoice;SenderFromDomain~equal%20any%20of~x.example)",
    "detections/tenant-sending",
    "detections/reported-phish",
    "detections/reported-phish/notify",
    "alert-tuning",
    "alert-tuning/add",
    "connections/add/webhook",
    "webhook-deliveries",
    "correlation",
    "incident-notifications",
    "quarantine-digest",
    "response",
    "risk-score",
    "zero-hour",
    "user-reports",
    "quarantine",
    "investigations",
    "after-investigations",
)
FILTER = f"f=SenderFromAddress~equal%20any%20of~{PHISH.replace('@', '%40')}"


def attachment_of(demo: Demo, mail: str) -> str:
    """The analysis of the first file of a mail."""
    file = demo.home.ask("rows", table="EmailAttachmentInfo", where={"NetworkMessageId": mail})[0]
    return f"/email/{mail}/attachments/{file['SHA256']}"


@pytest.fixture(scope="module")
def things(demo: Demo) -> dict[str, str]:
    """Something of each kind to look at: a mail, an alert, an incident, a finished and a proposed remediation."""
    row = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": PHISH})[0]
    malware = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": INVOICE})[0]
    alert = demo.home.ask("alerts", message=row["NetworkMessageId"])[0]
    done = demo.home.ask("start", action="move-to-junk", where={"SenderFromAddress": INVOICE})
    asked = demo.home.ask("propose", action="soft-delete", where={"SenderFromAddress": INVOICE})
    demo.home.ended(done)
    return {
        **demo.home.ask(
            "sigma", texts=[SIGMA, SIGMA.replace("0001", "0002").replace("process_creation", "sysmon_status")]
        ),
        **demo.home.ask(
            "hunting", query="EmailEvents | summarize Mails = count() by SenderFromAddress, Day = bin(Timestamp, 1d)"
        ),
        "email": f"/email/{row['NetworkMessageId']}?recipient={row['RecipientEmailAddress']}",
        "malware": f"/email/{malware['NetworkMessageId']}?recipient={malware['RecipientEmailAddress']}",
        "summary": f"/email/{row['NetworkMessageId']}/summary?recipient={row['RecipientEmailAddress']}",
        "preview": f"/email/{row['NetworkMessageId']}/preview?recipient={row['RecipientEmailAddress']}",
        "attachment": attachment_of(demo, malware["NetworkMessageId"]),
        "download": f"/email/{row['NetworkMessageId']}/download?recipient={row['RecipientEmailAddress']}",
        "action": f"/actions/new?row={row['NetworkMessageId']}|{row['RecipientEmailAddress']}",
        "alert": f"/alerts/{alert['alert_id']}",
        "incident": f"/incidents/{alert['incident_id']}",
        "campaign": f"/campaigns/{row['EmailClusterId']}",
        "tracker": f"/trackers/{demo.home.ask('tracker', name='From the phish', parameters=FILTER)}",
        "done": f"/action-center/{done}",
        "asked": f"/action-center/{asked}",
    }


def addresses(things: dict[str, str]) -> Iterator[str]:
    """All pages, each in each of its parts."""
    yield from ("/", "/gallery", "/search", "/search?q=password", "/search?q=nothing-has-this-name", "/password")
    yield from (
        "/incidents",
        "/incidents?status=all&q=none-such",
        *(f"{things['incident']}?tab={t}" for t in INCIDENT_TABS),
        *(f"{things['incident']}?tab=assets&kind={kind}" for kind in ("mailboxes", "devices")),
    )
    yield from (
        "/incidents?status=any&severity=any&category=InitialAccess&tag=vip,night&has=device&sort=updated",
        "/incidents?range=custom&from=2026-01-01T00:00&to=2026-02-01T00:00",
        "/settings/incident-notifications/add",
    )
    yield from (
        "/reports",
        "/reports/overview?range=30d",
        "/reports/schedules",
        "/reports/mail-flow/schedule?range=30d",
    )
    yield from (f"/reports/{report}?range=30d" for report in REPORTS)
    yield from ("/reports/threat-protection?tab=malware&range=400d&by=sender-domain", "/reports/post-delivery?range=1d")
    yield from ("/alerts", "/alerts?q=none-such", "/alerts/hidden", things["alert"], f"{things['alert']}/similar")
    yield f"/settings/alert-tuning/add?alert={things['alert'].rpartition('/')[2]}"
    yield from ("/identities", "/identities?q=none-such&risk=high", "/identities/import", "/identities/groups/1")
    yield from (f"/identities/1{tab}" for tab in PERSON_TABS)
    yield from ("/identities/1/timeline?kind=Risk&period=7d", "/identities/1/files?view=shared")
    yield from (f"/identities/1/mail?view={view}" for view in ("threats", "sent", "clicks"))
    yield from (f"/explorer?range=30d&view={view}" for view in EXPLORER_VIEWS)
    yield from (f"/explorer?range=30d&tab={tab}" for tab in EXPLORER_TABS[1:])
    yield from (
        "/explorer?range=30d&view=malware&tab=families",
        "/explorer?range=30d&view=url-clicks&tab=top-clicks",
        "/explorer?range=24h&live=1",
        "/explorer?range=30d&show=list&f=any(Subject~is%20not%20empty~%3B!all(UrlCount~greater%20than~2))&into=0",
        "/explorer?range=30d&f=EmailUrlInfo.Url~equal%20any%20of~evil.example/a&f=Subject~matches%20regex~a(b",
        "/explorer/values?range=30d&column=SenderFromDomain",
        "/explorer/values?range=30d&column=Tags&sorted=rare&holding=none-such",
        "/explorer/recipient?value=petra.okafor@haldenwirth.example",
        "/explorer/url?value=https://haldenwirth-sso.example/",
        "/explorer/ip?value=192.0.2.1",
        "/explorer/family?value=Eicar",
    )
    yield from (
        f"/explorer?range=30d&{FILTER}",
        f"/explorer?range=30d&pick=query&{FILTER}",
        "/explorer?f=Subject~contains%20any%20of~none-such",
    )
    yield from ("/campaigns", "/campaigns?show=origin", "/campaigns?q=none-such", f"/campaigns?by=SenderIP&{FILTER}")
    yield from (f"{things['campaign']}?tab={tab}" for tab in CAMPAIGN_TABS)
    yield from ("/trackers", "/trackers?tab=tracked", "/trackers?tab=trending")
    yield from (f"/trackers/new?{FILTER}", f"{things['tracker']}/edit", f"{things['tracker']}/explore")
    yield from ("/hunting?query=EmailEvents&run=1", "/hunting?panel=queries", "/hunting?panel=history")
    yield from ("/hunting/queries/edit?query=EmailEvents", "/hunting/queries/import")
    yield from (
        "/hunting/detections",
        "/hunting/detections?show=failing",
        "/hunting/detections/edit",
        things["detection"],
    )
    yield from (
        "/hunting?sample=most-attacked&run=1",
        "/hunting/samples",
        "/hunting/usage",
        "/hunting/usage?state=failed",
    )
    yield from (things[one] for one in ("linked", "linked_alert", "linked_incident", "behind", "of_incident"))
    yield from ("/hunting/sigma", "/hunting/sigma?state=refused&sort=match", "/hunting/sigma?q=none-such")
    yield from ("/hunting/sigma/import", *(things[f"sigma_{one}"] for one in ("rule", "refused", "import")))
    yield from (f"{things['email']}&tab={tab}" for tab in EMAIL_TABS)
    yield from (f"{things['malware']}&tab=attachments", f"{things['preview']}&look=picture")
    yield from (f"{things['malware']}&tab=attachments", things["preview"], things["download"], things["action"])
    yield from (f"/quarantine{tail}" for tail in QUARANTINE)
    yield from (f"/submissions{tail}" for tail in SUBMISSIONS)
    yield from (
        "/action-center",
        "/action-center?tab=pending",
        things["done"],
        things["asked"],
        f"{things['done']}/cluster",
    )
    yield from (
        "/investigations",
        "/investigations?period=all&q=none-such",
        f"/investigations/new?alert={things['alert'].rpartition('/')[2]}",
    )
    yield from (f"/investigations/1?tab={tab}" for tab in INVESTIGATION_TABS)
    yield from (
        "/investigations/1?tab=entities&type=analyzedMessage",
        "/investigations/1?tab=evidence&verdict=Unknown",
        "/investigations/restricted",
        "/investigations/restricted?tab=released",
        "/investigations/restrict?address=nobody@haldenwirth.example",
    )
    yield from (
        "/actions/people/new?name=nobody@haldenwirth.example",
        *(
            f"/actions/people/new?action={one}&name=nobody@haldenwirth.example"
            for one in ("suspend", "confirm-compromised")
        ),
    )
    yield from ("/settings", *(f"/settings/{name}" for name in SETTINGS))


def troubles_of(page: Page, axe: Axe, complaints: list[str]) -> list[str]:
    """What is wrong with the page as it stands, in light and in dark."""
    found = [f"the browser: {words}" for words in complaints]
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    if wide > 0:
        found.append(f"wider than the window by {wide} px: {page.evaluate(WIDEST)}")
    page.evaluate(axe.axe_script)
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        # Only colours differ in the dark.
        rules = {"runOnly": STANDARDS if theme == "light" else ["color-contrast"], **HOW}
        for one in page.evaluate(f"axe.run({json.dumps(rules)}).then(told => told.violations)"):
            if one["impact"] in SERIOUS:
                places = sorted({node["html"][:150] for node in one["nodes"]})[:3]
                found.append(f"{theme}: {one['id']} × {len(one['nodes'])}: {places}")
    return found


WIDEST = """[...document.querySelectorAll("main *")].filter(
  (one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".grid-wrap")
).slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""


STILL_LOADING = "[hx-trigger=load], .htmx-request"
"""What the page asks for after it stands. (Waiting for a quiet network would cost half a second a page.)"""


def walk(context: BrowserContext, demo: Demo, paths: list[str], *, status: int = 200) -> dict[str, list[str]]:
    """Open each; returns what is wrong, by page."""
    axe, wrong = Axe(), {}
    page = context.new_page()
    complaints = complaints_of(page)
    for path in paths:
        complaints.clear()
        answer = page.goto(demo.url + path)
        expect(page.locator(STILL_LOADING)).to_have_count(0)
        expected = [f"answered {answer.status}"] if answer.status != status else []
        said = [words for words in complaints if status == 200 or f"status of {status}" not in words]
        if found := expected + troubles_of(page, axe, said):
            wrong[path] = found
    page.close()
    return wrong


def told(wrong: dict[str, list[str]], demo: Demo) -> str:
    """What is wrong, page by page, and the server's last words when it failed."""
    words = "\n".join(f"{path}\n    " + "\n    ".join(found) for path, found in wrong.items())
    return words + ("\n" + demo.log.read_text(errors="replace")[-3000:] if "answered 500" in words else "")


def test_every_page_is_accessible_quiet_and_fits(demo, desk, things):
    wrong = walk(desk, demo, list(addresses(things)))
    assert not wrong, told(wrong, demo)


@pytest.mark.parametrize("width", [1280, 1920])
def test_tables_fit_their_window_until_somebody_chooses_more_columns(demo, desk, things, width):
    page = desk.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    too_wide = {}
    for path in (
        *(f"/explorer?range=30d&view={view}" for view in EXPLORER_VIEWS),
        *(f"{things['email']}&tab={tab}" for tab in ("timeline", "urls", "similar")),
        f"{things['malware']}&tab=attachments",
        *(f"/reports/{report}?range=30d" for report in REPORTS),
        *(
            "/campaigns",
            *(f"{things['campaign']}?tab={tab}" for tab in CAMPAIGN_TABS),
            "/trackers",
            "/trackers?tab=tracked",
            "/alerts",
            things["alert"],
            "/hunting/detections",
            "/hunting/sigma",
            "/hunting/sigma?state=refused",
            things["sigma_rule"],
            things["sigma_import"],
            "/incidents?status=all",
            f"{things['incident']}?tab=alerts",
            "/action-center",
            "/action-center?tab=history",
            things["done"],
        ),
        *(f"/settings/{name}" for name in ("detections", "retention", "roles", "audit", "connections")),
    ):
        page.goto(demo.url + path)
        expect(page.locator(STILL_LOADING)).to_have_count(0)
        if wide := page.evaluate(HIDDEN_BY_SCROLLING):
            too_wide[path] = wide
    page.close()
    assert not too_wide


HIDDEN_BY_SCROLLING = """[...document.querySelectorAll(".grid-wrap")]
  .map((one) => one.scrollWidth - one.clientWidth).filter((hidden) => hidden > 0)"""


def test_fly_outs_are_accessible_too(demo, desk, things):
    page, axe = desk.new_page(), Axe()
    complaints = complaints_of(page)
    page.goto(f"{demo.url}/gallery")
    wrong = {}
    openers = (
        things["summary"],
        things["attachment"],
        "/explorer/history",
        things["action"],
        things["done"],
        f"{things['incident']}/manage",
        f"{things['alert']}/manage",
        "/incidents/filters?category=InitialAccess",
        "/alerts/filters",
        f"{things['incident']}/export",
        f"{things['incident']}/entity?type=sender&value={PHISH}",
        "/incidents/merge/choose?row=1&row=2",
        "/settings/retention/table?name=EmailEvents",
        f"{things['incident']}/device?name=pc-1",
        *(f"/identities/1{one}" for one in PERSON_FLY_OUTS),
        "/identities/groups/1/summary",
    )
    for path in openers:
        page.evaluate("path => htmx.ajax('GET', path, '#flyout')", path)
        page.locator("#flyout-dialog .flyout-header").wait_for()
        if found := troubles_of(page, axe, complaints):
            wrong[path] = found
        page.keyboard.press("Escape")
        complaints.clear()
    assert not wrong, told(wrong, demo)


def test_pages_that_refuse_or_find_nothing_are_accessible(demo, stranger, desk, browser, things):
    wrong = walk(stranger, demo, ["/explorer", "/settings/people", things["preview"]], status=403)
    wrong |= walk(
        desk,
        demo,
        [
            "/no/such/page",
            "/email/none-such",
            "/incidents/999999",
            "/alerts/none-such",
            "/identities/of/nobody@else.example",
        ],
        status=404,
    )
    with browser.new_context(viewport={"width": 1280, "height": 800}) as nobody:
        wrong |= walk(nobody, demo, ["/sign-in", "/sign-in?ended=1", "/sign-in?out=1"])
    assert not wrong, told(wrong, demo)


def test_no_page_is_left_out(demo, desk, things):
    walked = {resolve(urlsplit(path).path).route for path in addresses(things)}
    left_out = []
    for found in EVERY_ADDRESS:
        if found.route in walked | OUTSIDE | ELSEWHERE:
            continue
        answer = desk.request.get(demo.url + found.path, max_redirects=0)
        if answer.ok and "text/html" in answer.headers.get("content-type", "") and "<html" in answer.text():
            left_out.append(found.route)
    assert not left_out, "add them to `addresses`"
