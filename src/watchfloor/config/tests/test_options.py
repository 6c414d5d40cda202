"""Settings come from the environment and one file, and a wrong one ends the start with its name."""

import pytest

from watchfloor.config.options import Options, read_options
from watchfloor.kernel.errors import BadInput


@pytest.fixture
def given(tmp_path):
    def read(text="", **environ):
        (tmp_path / "watchfloor.toml").write_text(text)
        return read_options({"WATCHFLOOR_HOME": str(tmp_path), **environ})

    return read


def test_nothing_given_means_the_defaults(tmp_path):
    assert read_options({"WATCHFLOOR_HOME": str(tmp_path)}) == Options(home=str(tmp_path))


def test_the_file_is_read_and_the_environment_wins(given):
    text = 'listen = "127.0.0.1:9000"\nweb_threads = 3'
    assert given(text).listen == "127.0.0.1:9000"
    read = given(text, WATCHFLOOR_LISTEN="127.0.0.1:9001")
    assert (read.listen, read.web_threads) == ("127.0.0.1:9001", 3)


def test_another_file_can_be_named(given, tmp_path):
    (tmp_path / "other.toml").write_text("lookups_allowed = true")
    assert given("", WATCHFLOOR_CONFIG=str(tmp_path / "other.toml")).lookups_allowed is True


def test_database_url_counts_under_its_common_name(given):
    assert given(DATABASE_URL="postgresql://wf@db/wf").database_url == "postgresql://wf@db/wf"


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("TRUE", True), ("1", True), ("off", False), ("0", False)])
def test_a_switch_takes_the_usual_words(given, word, value):
    assert given(WATCHFLOOR_LOOKUPS_ALLOWED=word).lookups_allowed is value


def test_a_list_is_small_letters_without_blanks(given):
    assert given(WATCHFLOOR_OWN_DOMAINS="Corp.example, ,b.example").list_of("own_domains") == (
        "corp.example",
        "b.example",
    )


def test_people_are_sent_to_the_public_address_when_there_is_one(given):
    assert given().address == "http://127.0.0.1:8000"
    assert given(WATCHFLOOR_PUBLIC_URL="https://soc.corp.example").address == "https://soc.corp.example"


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ('colour = "red"', {}, r"watchfloor\.toml: unknown setting “colour”; known are home,"),
        ("listen = 8000", {}, "“listen” must be text in quotes"),
        ("inspection_workers = true", {}, "must be a whole number"),
        ("listen = ", {}, r"watchfloor\.toml: not valid TOML"),
        ("", {"WATCHFLOOR_WEB_THREADS": "many"}, "WATCHFLOOR_WEB_THREADS: “many” is not a whole number"),
        ("", {"WATCHFLOOR_LOOKUPS_ALLOWED": "perhaps"}, "neither true nor false"),
        ("", {"WATCHFLOOR_LISTEN": "8000"}, "listen: “8000” is not host:port"),
        ("", {"WATCHFLOOR_LISTEN": "127.0.0.1:99999"}, "is not host:port"),
        ("", {"WATCHFLOOR_PUBLIC_URL": "soc.corp.example"}, "must begin with http"),
        ("", {"DATABASE_URL": "mysql://db"}, "or empty for SQLite"),
        ("", {"WATCHFLOOR_INSPECTION_WORKERS": "0"}, "at least 1"),
        ("", {"WATCHFLOOR_TIME_ZONE": "Moon/Base"}, "not a time zone"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(given, text, environ, words):
    with pytest.raises(BadInput, match=words):
        given(text, **environ)


STORE = {
    "WATCHFLOOR_LAKE_LOCATION": "s3://events/lake",
    "WATCHFLOOR_LAKE_KEY_ID": "AKIA",
    "WATCHFLOOR_LAKE_SECRET": "of the environment",
    "WATCHFLOOR_LAKE_ENDPOINT": "https://store.corp.example:9000",
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"WATCHFLOOR_LAKE_ENDPOINT": ""},
        {"WATCHFLOOR_LAKE_ENDPOINT": "http://127.0.0.1:9000"},
        {"WATCHFLOOR_LAKE_ENDPOINT": "http://store:9000", "WATCHFLOOR_LAKE_ALLOW_HTTP": "yes"},
        {"WATCHFLOOR_LAKE_LOCATION": "s3://events"},
    ],
)
def test_a_lake_in_an_object_store_can_be_named(given, changed):
    read = given(**STORE | changed)
    assert read.lake_location.startswith("s3://events")
    assert read.lake_secret == "of the environment"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"LOCATION": "/srv/lake"}, "is not s3://bucket/prefix"),
        ({"LOCATION": "s3://Events/lake"}, "is not s3://bucket/prefix"),
        ({"KEY_ID": ""}, "needs lake_key_id"),
        ({"SECRET": ""}, "needs lake_key_id, lake_secret"),
        ({"ENDPOINT": "store.corp.example"}, "is not https://host:port"),
        ({"ENDPOINT": "https://store/path"}, "is not https://host:port"),
        ({"ENDPOINT": "http://store:9000"}, "travel unencrypted; use https, or set lake_allow_http"),
        ({"CACHE_MB": "5"}, "at least 100"),
    ],
)
def test_an_object_store_that_cannot_work_is_refused(given, changed, words):
    with pytest.raises(BadInput, match=words):
        given(**STORE | {f"WATCHFLOOR_LAKE_{name}": value for name, value in changed.items()})


def test_the_stores_secret_stands_in_the_file_only_sealed(given):
    with pytest.raises(BadInput, match="watchfloor lake seal") as told:
        given('lake_secret = "plain as day"')
    assert "plain as day" not in str(told.value)
    assert given('lake_secret = "gAAAAABsealed"').lake_secret == "gAAAAABsealed"
