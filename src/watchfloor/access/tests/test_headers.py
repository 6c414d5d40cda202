"""What the browser is told to refuse, and what it may send back."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.test import Client

PAGES = ("/sign-in", "/settings/people", "/settings/roles", "/settings/audit", "/nothing-here")


@pytest.mark.parametrize("address", PAGES)
def test_every_page_forbids_inline_script_foreign_frames_and_sniffing(as_max, address):
    headers = as_max.get(address).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"].startswith(("no-store", "max-age=0"))
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


@pytest.mark.parametrize("address", PAGES)
def test_no_page_needs_what_the_policy_forbids(as_max, address):
    page = as_max.get(address).content.decode()
    assert not re.search(r"<[^>]+\s(on[a-z]+|style)=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>\s*[^<\s{]", page)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(max, client, password):
    client.post("/sign-in", {"username": max.email, "password": password})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_post_without_the_token_is_refused(max, password):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/sign-in", {"username": max.email, "password": password}).status_code == 403


ASK = """
import json, django; django.setup()
from django.conf import settings
from django.test import Client
answer = Client().get("/sign-in", secure=True)
print(json.dumps({
    "hsts": answer.headers.get("Strict-Transport-Security", ""),
    "session": settings.SESSION_COOKIE_SECURE,
    "csrf": [settings.CSRF_COOKIE_SECURE, answer.cookies["csrftoken"]["secure"]],
    "name": settings.ALLOWED_HOSTS,
}))
"""


def ask(tmp_path, public_url):
    environ = {
        **os.environ,
        "WATCHFLOOR_HOME": str(tmp_path),
        "WATCHFLOOR_PUBLIC_URL": public_url,
        "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings",
    }
    program = (
        ASK.replace("Client()", f"Client(SERVER_NAME={public_url.split('/')[2]!r})")
        if public_url
        else ASK.replace("Client()", "Client(SERVER_NAME='localhost')")
    )
    return json.loads(subprocess.check_output([sys.executable, "-c", program], env=environ).splitlines()[-1])


def test_behind_tls_cookies_are_secure_and_browsers_stay_on_https(tmp_path):
    found = ask(tmp_path, "https://soc.corp.example")
    assert found["hsts"].startswith("max-age=31536000")
    assert found["session"] is True
    assert found["csrf"] == [True, True]
    assert "soc.corp.example" in found["name"]


def test_without_tls_nothing_promises_it(tmp_path):
    found = ask(tmp_path, "")
    assert (found["hsts"], found["session"], found["csrf"]) == ("", False, [False, ""])
