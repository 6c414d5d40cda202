"""An API that is slow, rude, broken or hostile is waited for, understood or left, and never gets more than it should."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from labs.rest import RestLab
from watchfloor.connectors.protocols import rest as module
from watchfloor.connectors.protocols.access_token import AccessToken, lasting
from watchfloor.connectors.protocols.rest import Answer, Rest, StartAgain, checked_address, message_of
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound, Unreachable


class Echo(RestLab):
    """Answers every question with what it was asked."""

    def answer(self, request):
        said = {"method": request.method, "query": request.query, "body": request.body}
        return 200, said | {"token": request.headers.get("authorization")}, {}


@pytest.fixture
def echo():
    with Echo() as server:
        yield server


@pytest.fixture
def waited():
    return []


@pytest.fixture
def rest(echo, waited):
    with Rest(echo.url, lasting("secret", scheme="Bearer"), pause=waited.append) as rest:
        yield rest


def test_a_question_carries_its_options_body_and_token(rest):
    said = rest.ask("PATCH", "/x", query={"$filter": "a eq 'b c'"}, body={"n": 1}).object
    assert said == {"method": "PATCH", "query": {"$filter": "a eq 'b c'"}, "body": {"n": 1}, "token": "Bearer secret"}


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadInput), (403, NotConfigured), (404, NotFound), (409, Conflict), (410, StartAgain), (302, BadInput)],
)
def test_each_refusal_is_the_error_that_says_what_to_do(echo, rest, status, error):
    echo.faults.fail(status=status, times=2 if status == 403 else 1, body=b'{"error": {"message": "no\\r\\nX: y"}}')
    with pytest.raises(error) as refused:
        rest.get("/x")
    assert refused.value.message.endswith("no  X: y")
    assert refused.value.retry is (error is StartAgain)


def test_a_redirect_is_not_followed(echo, rest):
    echo.faults.fail(status=307, body=b"")
    echo.faults.coming[0].headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    with pytest.raises(BadInput, match="307"):
        rest.get("/x")


def test_trouble_is_waited_out_longer_each_time_and_then_given_up(echo, rest, waited):
    echo.faults.fail(status=503, times=3)
    rest.get("/x")
    assert waited == [1.0, 2.0, 4.0]
    echo.faults.hang_up(times=99)
    with pytest.raises(Unreachable):
        rest.get("/x")
    assert len(waited) == 3 + 5


def test_a_word_in_place_of_seconds_is_waited_for_as_usual(echo, rest, waited):
    echo.faults.throttle(times=1)
    echo.faults.coming[0].headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}
    rest.get("/x")
    assert waited == [1.0]


def test_an_answer_without_end_is_cut_off(echo, rest, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    echo.faults.fail(status=200, body=b"x" * (2 << 20))
    with pytest.raises(BadInput, match="larger than 1 MB"):
        rest.get("/x")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 50_000])
def test_an_answer_that_is_no_json_is_none(echo, rest, body):
    echo.faults.fail(status=200, body=body)
    answer = rest.get("/x")
    assert (answer.body, answer.object) == (None, {})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://graph.example",
        "ftp://x",
        "https://",
        "https://user:word@graph.example",
        "https://x:99999",
        "javascript:x",
    ],
)
def test_an_address_that_would_show_the_token_is_refused(address):
    with pytest.raises(NotConfigured, match="https://"):
        checked_address(address, setting="url")


def test_an_address_loses_its_slash_and_may_be_this_machine():
    assert checked_address("https://graph.example/", setting="url") == "https://graph.example"
    assert checked_address("http://localhost:8080", setting="url") == "http://localhost:8080"


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/x", "https://evil.example/", "http://127.0.0.1.evil.example/"])
def test_a_token_goes_nowhere_else(echo, rest, link):
    with pytest.raises(BadInput, match="another server"):
        rest.get(link)
    assert rest.get(f"{echo.url}/x").status == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"error": {"message": "graph"}}, "graph"),
        ({"error": "invalid_grant", "error_description": "google"}, "google"),
        ({"errorSummary": "okta"}, "okta"),
        ({"error": "plain"}, "plain"),
        ({"error": {"message": 7}}, ""),
        ([], ""),
    ],
)
def test_what_went_wrong_is_found_where_each_service_puts_it(said, words):
    assert message_of(Answer(400, said)) == words


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_kept_until_shortly_before_its_end():
    now, given = [0.0], []

    def fetch():
        given.append(len(given))
        return f"t{len(given)}", 3600.0

    token = AccessToken(fetch, clock=lambda: now[0])
    assert token.header() == "Bearer t1"
    now[0] = 3400.0
    assert token.token() == "t1"
    now[0] = 3500.0
    assert token.token() == "t2"
    token.forget()
    assert token.token() == "t3"


def test_many_threads_fetch_one_token():
    fetched, together = [], threading.Barrier(8)

    def fetch():
        fetched.append(1)
        return "t", 3600.0

    token = AccessToken(fetch)

    def ask(_):
        together.wait(5)
        return token.token()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"t"}
    assert len(fetched) == 1
