"""A click: judged by what is known now, on disk before it is answered, in the lake once."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from labs import wait_until
from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.selectors import observed_after
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.inspection.services import take_apart, unwrapped
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Forbidden, Unreachable
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import LateVerdict
from watchfloor.lake.models import Email
from watchfloor.lake.services import note_late_verdicts
from watchfloor.response.clicks import floods, journal, learning, policy, views
from watchfloor.response.clicks.deciding import Page, chain_of, decide, url_key
from watchfloor.response.clicks.journal import Journal
from watchfloor.response.clicks.keeping import keep_clicks
from watchfloor.response.clicks.long_urls import forget_long, keep_long
from watchfloor.response.clicks.models import KnownBad, LongUrl
from watchfloor.response.clicks.scanners import made_by_nobody
from watchfloor.response.clicks.snapshot import WATCH, Watch
from watchfloor.response.clicks.tokens import Link, shortened, sign

MAIL = "ab" * 32
URL = "https://login.evil.example/mailbox?user=ada"
WHO = "ada@corp.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


@pytest.fixture
def home(db, settings, tmp_path, monkeypatch):
    """Nothing known; what clicks are judged by is read when a test asks, not by a thread outside its transaction."""
    monkeypatch.setattr(Watch, "_keep_new", lambda self: None)
    settings.HOME = tmp_path
    floods.WRONG._counts.clear()
    floods.SAME._counts.clear()
    WATCH.forget()
    yield tmp_path
    WATCH.forget()


@pytest.fixture
def manager(max):
    return actor_of(max)


def protect(by, **more):
    said = {
        "enabled": True,
        "internal": False,
        "override": False,
        "exempt_domains": [],
        "exempt_recipients": [],
        **more,
    }
    return policy.change(by=by, at=utc_now(), **said)


@pytest.fixture
def key(home, manager):
    return protect(manager).key


def click(key, url=URL, *, mail=MAIL, who=WHO, method="get", **headers):
    WATCH.forget()
    path = f"/click/{sign(Link(url, mail, who), key=key)}"
    return getattr(Client(), method)(path, headers={"User-Agent": BROWSER, **headers})


def kept(home):
    return [json.loads(line) for path in sorted((home / "clicks").glob("*")) for line in path.read_text().splitlines()]


def block(by, value="login.evil.example", kind=Kind.URL):
    add_entry(by=by, kind=kind, effect=Effect.BLOCK, value=value, now=utc_now())


# --- the answer ---


def test_a_harmless_link_leads_where_it_led(home, key):
    answer = click(key)
    assert (answer.status_code, answer["Location"], answer["Referrer-Policy"]) == (302, URL, "no-referrer")
    (row,) = kept(home)
    assert (row["ActionType"], row["IsClickedThrough"], row["AccountUpn"], row["Url"]) == (
        "ClickAllowed",
        True,
        WHO,
        URL,
    )
    assert row["IPAddress"] == "127.0.0.1"
    assert "sessionid" not in answer.cookies


def test_a_long_url_and_one_in_other_letters_are_followed_whole(home, key):
    long = f"https://x.example/{'a' * 5000}"
    assert click(key, long)["Location"] == long
    assert click(key, "https://bücher.example/ä?q=ö\r\nSet-Cookie: x")["Location"].isascii()


def test_what_is_filled_into_a_form_is_sent_on_and_not_kept(home, key):
    path = f"/click/{sign(Link(URL, MAIL, WHO), key=key)}/form"
    WATCH.forget()
    posted = Client().post(path, {"password": "s3cret"}, headers={"User-Agent": BROWSER})
    assert (posted.status_code, posted["Location"]) == (307, URL)
    asked = Client().get(f"{path}?q=a+b&password=s3cret", headers={"User-Agent": BROWSER})
    assert (asked.status_code, asked["Location"]) == (302, f"{URL.partition('?')[0]}?q=a+b&password=s3cret")
    assert "s3cret" not in json.dumps(kept(home))


def test_a_form_that_leads_to_a_blocked_address_is_stopped_and_takes_nothing_past(home, key, manager):
    protect(manager, override=True)
    WATCH.forget()
    KnownBad.objects.create(key=f"mail:{MAIL}", threat="Phish", mail="m-1", at=utc_now())
    token = sign(Link(URL, MAIL, WHO), key=key)
    stopped = Client().post(f"/click/{token}/form", {"password": "s3cret"}, headers={"User-Agent": BROWSER})
    assert stopped.status_code == 200
    assert f'action="/click/{token}"' in stopped.content.decode()
    assert kept(home)[-1]["ActionType"] == "ClickBlocked"


def test_an_address_that_a_form_fills_in_is_judged_too_and_not_kept(home, key, manager):
    """A form that leads to somebody's redirector, with the address as one of its fields."""
    block(manager)
    WATCH.forget()
    token = sign(Link("https://www.google.com/url", MAIL, WHO), key=key)
    where = {"q": "https://login.evil.example/secret"}
    stopped = Client().get(f"/click/{token}/form", where, headers={"User-Agent": BROWSER})
    assert (stopped.status_code, "Location" in stopped) == (200, False)
    assert kept(home)[-1]["ActionType"] == "ClickBlockedByTenantPolicy"
    assert "secret" not in json.dumps(kept(home))


def test_a_url_too_long_for_its_link_is_kept_under_its_digest(home, key):
    url = f"https://x.example/{'ä' * 40_000}"
    short = shortened(Link(url, MAIL, WHO))
    token = sign(short, key=key)
    assert len(token) < 1000
    WATCH.forget()
    assert Client().get(f"/click/{token}", headers={"User-Agent": BROWSER}).status_code == 404
    keep_long([url, url], at=utc_now())
    answer = Client().get(f"/click/{token}", headers={"User-Agent": BROWSER})
    assert (answer.status_code, len(answer["Location"])) == (302, len("https://x.example/") + 6 * 40_000)
    [row] = kept(home)
    assert len(row["Url"]) <= 8000
    forget_long(now=utc_now() + timedelta(days=800))
    assert not LongUrl.objects.exists()


def test_inspection_reads_how_a_long_url_begins_and_where_a_form_leads(key):
    short = shortened(Link(f"https://x.example/{'a' * 9000}", MAIL, WHO))
    for link, begins in ((short, "https://x.example/aaa"), (Link(URL), URL)):
        url = f"https://wf.example/click/{sign(link, key=key)}/form"
        assert unwrapped(url, take_apart(url)).startswith(begins)


def test_a_link_nobody_signed_leads_nowhere(home, key):
    for token in ("x", sign(Link(URL, MAIL, WHO), key=b"somebody else"), sign(Link(URL), key=key)[:-2] + "AA"):
        answer = Client().get(f"/click/{token}")
        assert answer.status_code == 404
        assert "Location" not in answer
        assert "was not made here" in answer.content.decode()
    assert kept(home) == []


def test_without_a_policy_no_link_is_followed(home):
    assert Client().get(f"/click/{sign(Link(URL), key=b'')}").status_code == 404


def test_wrong_links_of_one_address_are_counted(home, key):
    statuses = [Client().get("/click/wrong").status_code for _ in range(floods.WRONG_A_MINUTE + 1)]
    assert statuses[-2:] == [404, 429]


def test_a_link_followed_hundreds_of_times_waits(home, key):
    path = f"/click/{sign(Link(URL, MAIL, WHO), key=key)}"
    assert {Client().get(path).status_code for _ in range(floods.SAME_A_MINUTE)} == {302}
    assert Client().get(path).status_code == 429


def test_a_blocked_address_shows_a_page_that_nobody_passes(home, key, manager):
    protect(manager, override=True)
    block(manager)
    answer = click(key)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Your organisation blocks this address" in page
    assert "Go on anyway" not in page
    assert "<script" not in page
    assert click(key, method="post").status_code == 200
    assert {row["ActionType"] for row in kept(home)} == {"ClickBlockedByTenantPolicy"}
    assert not any(row["IsClickedThrough"] for row in kept(home))


@pytest.mark.django_db(transaction=True)
def test_an_entry_takes_effect_without_a_restart(settings, tmp_path, max):
    settings.HOME = tmp_path
    manager = actor_of(max)
    link = sign(Link(URL), key=protect(manager).key)
    WATCH.forget()
    try:
        assert Client().get(f"/click/{link}").status_code == 302
        block(manager)
        wait_until(lambda: Client().get(f"/click/{link}").status_code == 200, seconds=5)
    finally:
        WATCH.forget()
        wait_until(lambda: not any(one.name == "clicks" for one in threading.enumerate()), seconds=5)


def test_whoever_may_goes_on_past_a_threat_and_is_recorded(home, key, manager):
    KnownBad.objects.create(key=f"mail:{MAIL}", threat="Phish", mail="m", at=utc_now())
    assert "Go on anyway" not in click(key).content.decode()
    assert click(key, method="post").status_code == 200
    protect(manager, override=True)
    assert "Go on anyway" in click(key).content.decode()
    answer = click(key, method="post")
    assert (answer.status_code, answer["Location"]) == (303, URL)
    row = kept(home)[-1]
    assert (row["ActionType"], row["IsClickedThrough"], row["ThreatTypes"]) == ("Block page override", True, "Phish")
    assert json.loads(row["DetectionMethods"]) == {"Phish": ["URL malicious reputation"]}


def test_what_cannot_be_kept_is_not_followed(home, key, monkeypatch):
    def full(click):
        raise Unreachable("the disk is full")

    monkeypatch.setattr(views.JOURNAL, "keep", full)
    answer = click(key)
    assert answer.status_code == 503
    assert "Location" not in answer


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("head", {}),
        ("get", {"Purpose": "prefetch"}),
        ("get", {"Sec-Purpose": "prefetch;prerender"}),
        ("get", {"User-Agent": "Slackbot-LinkExpanding 1.0"}),
        ("get", {"User-Agent": "facebookexternalhit/1.1"}),
    ],
)
def test_what_no_person_did_is_no_click(home, key, method, headers):
    assert click(key, method=method, **headers).status_code == 302
    assert kept(home) == []


def test_a_browser_is_a_person():
    assert not made_by_nobody("GET", {"User-Agent": BROWSER})


def test_other_methods_are_refused(home, key):
    assert click(key, method="put").status_code == 405


# --- the decision ---


def verdict(url=URL, mail=MAIL, bad=None, **facts):
    return decide(url, mail, facts=TenantFacts(**facts), bad=bad or {})


def test_a_block_entry_precedes_an_allow_entry():
    both = {"blocked": frozenset({"domain:evil.example"}), "allowed": frozenset({"url:login.evil.example"})}
    assert verdict(**both).page is Page.BLOCK
    assert verdict(allowed=both["allowed"], indicators={"domain:evil.example": "a feed"}).page is Page.GO


def test_an_indicator_stops_the_click():
    assert verdict(indicators={"url:login.evil.example/mailbox": "a feed"}).page is Page.BLOCK


@pytest.mark.parametrize(
    ("key", "page"),
    [
        (f"mail:{MAIL}", Page.BLOCK),
        ("url", Page.BLOCK),
        ("host:login.evil.example", Page.WARN),
        ("host:x.example", Page.GO),
    ],
)
def test_what_mail_told_since_stops_or_warns(key, page):
    from watchfloor.inspection.services import take_apart

    name = url_key(URL, take_apart(URL)) if key == "url" else key
    assert verdict(bad={name: "Phish"}).page is page


def test_what_lies_inside_another_filters_link_is_judged_too():
    inside = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fa&data=x"
    assert chain_of(inside) == (inside, "https://evil.example/a")
    assert verdict(inside, blocked=frozenset({"domain:evil.example"})).page is Page.BLOCK


def test_what_the_milter_signs_inspection_reads_without_the_key():
    link = f"https://watch.example/click/{sign(Link(URL, MAIL, WHO), key=b'k')}"
    assert chain_of(link) == (link, URL)


# --- durable, and in the lake once ---


def test_clicks_from_many_threads_are_all_on_disk(home):
    kept_by = Journal()
    threads = [
        threading.Thread(target=lambda n=n: [kept_by.keep({"n": n, "i": i}) for i in range(20)]) for n in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(kept(home)) == len({(row["n"], row["i"]) for row in kept(home)}) == 160


def test_a_killed_process_leaves_every_click_it_answered(home):
    code = (
        "import os, signal, django; django.setup()\n"
        "from watchfloor.response.clicks.journal import Journal\n"
        "j = Journal()\n"
        "for n in range(25):\n    j.keep({'n': n}); print(n, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings", "WATCHFLOOR_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert [row["n"] for row in kept(home)] == [int(n) for n in done.stdout.split()] == list(range(25))


def written(home, *rows, name="1-1.jsonl"):
    folder = home / "clicks"
    folder.mkdir(exist_ok=True)
    path = folder / name
    with path.open("ab") as file:
        file.write(b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows))
    return path


def a_row(n, *, who=WHO, mail="", at=None):
    at = at or datetime.now(UTC)
    return {"Timestamp": at.isoformat(), "ReportId": f"r{n}", "Url": URL, "AccountUpn": who, "mail": mail}


def observed():
    kinds = [ObservedKind.EVENTS, ObservedKind.CLICKS]
    return [(one.kind, item) for one in observed_after(0, kinds=kinds) for item in one.items]


def test_clicks_reach_the_lake_once_and_their_file_goes(home):
    path = written(home, a_row(1), a_row(2, who=""))
    assert keep_clicks(now=utc_now()) == 2
    assert {(kind, row["ReportId"]) for kind, row in observed()} == {
        (ObservedKind.EVENTS, "r1"),
        (ObservedKind.CLICKS, "r2"),
    }
    assert keep_clicks(now=utc_now()) == 0
    assert not path.exists()
    assert len(observed()) == 2


def test_a_file_in_use_is_read_on_and_stays(home):
    path = written(home, a_row(1), b'{"half')
    handle = os.open(path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        assert keep_clicks(now=utc_now()) == 1
        assert keep_clicks(now=utc_now()) == 0
        assert path.exists()
    finally:
        os.close(handle)
    keep_clicks(now=utc_now())
    assert not path.exists()
    assert len(observed()) == 1


def test_a_line_that_is_no_click_stops_no_other(home):
    written(home, b"nonsense\n", a_row(1))
    assert keep_clicks(now=utc_now()) == 1


def test_a_click_waits_for_its_mail_and_gets_its_id(home):
    written(home, a_row(1, mail=MAIL))
    assert keep_clicks(now=utc_now()) == 0
    stored("11111111-1111-4111-8111-111111111111", MAIL)
    assert keep_clicks(now=utc_now()) == 1
    assert observed()[0][1]["NetworkMessageId"] == "11111111-1111-4111-8111-111111111111"


def test_a_click_of_a_mail_nobody_stored_comes_in_without(home):
    written(home, a_row(1, mail=MAIL, at=datetime.now(UTC) - timedelta(minutes=2)))
    assert keep_clicks(now=utc_now()) == 1
    assert observed()[0][1]["NetworkMessageId"] == ""


def test_a_full_file_is_followed_by_another(home, monkeypatch):
    monkeypatch.setattr(journal, "MOST_BYTES", 100)
    kept_by = Journal()
    for n in range(5):
        kept_by.keep({"n": n, "text": "x" * 60})
    assert len(list((home / "clicks").glob("*"))) > 1
    assert [row["n"] for row in kept(home)] == list(range(5))


# --- learning ---


def stored(id, fingerprint):
    now = utc_now()
    Email.objects.create(
        network_message_id=id, fingerprint=fingerprint, sha256=fingerprint, received_at=now, last_at=now, summary=b""
    )


def url_row(mail, url, host, threats=(), location="Body"):
    return {
        "Timestamp": utc_now(),
        "NetworkMessageId": mail,
        "Url": url,
        "UrlDomain": host,
        "UrlLocation": location,
        "ThreatTypes": list(threats),
        "ReportId": f"{mail}-{url}",
    }


BAD, GOOD = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def told(home):
    """A phish with a link of its own and a bank's logo, to which harmless mail leads too."""
    stored(BAD, MAIL)
    stored(GOOD, "cd" * 32)
    lake.append(
        "EmailUrlInfo",
        [
            url_row(GOOD, "https://bank.example/logo", "bank.example"),
            url_row(BAD, URL, "login.evil.example", ["Phish"]),
            url_row(BAD, "https://bank.example/logo", "bank.example", ["Phish"]),
            url_row(BAD, "https://h.example/", "h.example", ["Phish"], location="Header"),
        ],
    )


def test_a_harmful_mail_tells_of_its_own_links_only(told, key):
    assert learning.learn(now=utc_now()) == 1
    assert {one for one in KnownBad.objects.values_list("key", flat=True) if not one.startswith("url:")} == {
        f"mail:{MAIL}",
        "host:login.evil.example",
    }
    assert click(key, mail="ee" * 32).status_code == 200
    assert click(key, "https://bank.example/logo", mail="ee" * 32).status_code == 302
    assert click(key, "https://bank.example/logo", mail=MAIL).status_code == 200
    assert learning.learn(now=utc_now()) == 0


def test_a_verdict_that_comes_later_counts_at_the_click_and_one_taken_back_does_not(home, key):
    stored(BAD, MAIL)
    lake.append("EmailUrlInfo", [url_row(BAD, URL, "login.evil.example")])
    learning.learn(now=utc_now())
    assert click(key).status_code == 302
    note_late_verdicts([LateVerdict(utc_now(), BAD, ("Phish",), "High", "person", "Max said so")])
    learning.learn(now=utc_now())
    assert click(key).status_code == 200
    note_late_verdicts([LateVerdict(utc_now(), BAD, (), "", "person", "Max was wrong")])
    learning.learn(now=utc_now())
    assert click(key).status_code == 302


def test_what_was_learned_long_ago_is_forgotten(home):
    KnownBad.objects.create(key="host:x.example", threat="Phish", mail="m", at=utc_now() - timedelta(days=91))
    assert learning.forget(now=utc_now()) == 1


# --- the policy ---


def test_the_policy_is_changed_on_its_page_and_stands_in_the_audit_log(home, as_max):
    answer = as_max.post("/settings/click-protection", {"enabled": "on", "exempt_domains": "*.Corp.example\n"})
    assert answer.status_code == 302
    kept_policy = policy.current()
    assert (kept_policy.enabled, kept_policy.exempt_domains) == (True, frozenset({"corp.example"}))
    assert kept_policy.key is not None
    assert AuditEntry.objects.filter(verb="clicks.policy", outcome="success").exists()
    page = as_max.get("/settings/click-protection").content.decode()
    assert "Try a protected link" in page


def test_the_test_link_leads_back_and_counts_as_no_click(home, key, as_max):
    WATCH.forget()
    page = as_max.get("/settings/click-protection")
    link = page.context["test_link"]
    answer = Client().get(link[link.index("/click/") :])
    assert answer["Location"].endswith("/settings/click-protection?reached=1")
    assert kept(home) == []


@pytest.mark.parametrize("field", ["exempt_domains", "exempt_recipients"])
def test_what_is_no_domain_is_refused_beside_its_field(home, as_max, field):
    answer = as_max.post("/settings/click-protection", {field: "not a domain"})
    assert answer.status_code == 400
    assert "is no domain" in answer.content.decode()


def test_only_people_who_connect_systems_change_the_policy(home, ada):
    with pytest.raises(Forbidden):
        protect(actor_of(ada))
    assert Permission.CONNECTION_MANAGE not in actor_of(ada).permissions


def test_the_key_stays_when_protection_is_switched_off(home, manager):
    key = protect(manager).key
    assert protect(manager, enabled=False).key == key


def test_one_link_written_in_several_ways_is_one_link(home, key):
    """The last letter of base64 has bits that say nothing."""
    token = sign(Link(URL, MAIL, WHO), key=key)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = [token[:-1] + one for one in last if views.verify(token[:-1] + one, key=key)]
    assert len(same) > 1
    statuses = [click_token(one) for one in same for _ in range(floods.SAME_A_MINUTE)]
    assert statuses.count(302) == floods.SAME_A_MINUTE


def click_token(token):
    return Client().get(f"/click/{token}", headers={"user-agent": "curl/8"}).status_code
