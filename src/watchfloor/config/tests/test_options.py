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
