"""The way to a directory: encrypted, verified, page by page; against a real slapd."""

from datetime import UTC, datetime, timedelta

import pytest

from labs.openldap import OpenLdap
from labs.tls import certificate
from watchfloor.connectors.protocols.ldap_entry import as_generalized_time, generalized_time
from watchfloor.connectors.protocols.ldap_settings import bases_of, server_of
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound, Unreachable


@pytest.fixture(scope="module")
def slapd():
    with OpenLdap(many=250) as server:
        yield server


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_it_signs_in_over_tls_with_a_verified_authority(slapd, security):
    port = slapd.tls_port if security == "tls" else slapd.port
    with server_of(slapd.settings(security=security, port=str(port))).open() as session:
        assert session.entry(slapd.dn("ada"), ("mail",)).text("mail") == "ada@corp.example"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_another_authority_is_refused_before_anything_is_sent(slapd, security, tmp_path):
    other, _ = certificate(tmp_path)
    port = slapd.tls_port if security == "tls" else slapd.port
    with pytest.raises(NotConfigured, match="not trusted"):
        server_of(slapd.settings(security=security, port=str(port), ca_file=str(other))).open()


def test_a_certificate_for_another_name_is_refused(slapd):
    with pytest.raises(NotConfigured, match="not trusted"):
        server_of(slapd.settings(host="127.1")).open()


def test_a_password_travels_unencrypted_only_where_somebody_allowed_it(slapd):
    plain = slapd.settings(security="none", port=str(slapd.port))
    with pytest.raises(NotConfigured, match="without encryption"):
        server_of(plain).open()
    with server_of({**plain, "plain_password": "yes"}).open() as session:
        assert session.entry(slapd.dn("ada"), ("uid",)).text("uid") == "ada"


def test_a_wrong_password_names_the_setting(slapd):
    with pytest.raises(NotConfigured) as refused:
        server_of(slapd.settings(password="wrong")).open()
    assert refused.value.place == "bind_dn"


def test_an_empty_password_is_never_tried(slapd):
    # A server would take it as an anonymous sign-in, and say yes.
    with pytest.raises(NotConfigured, match="name and a password"):
        server_of(slapd.settings(password="")).open()


def test_a_server_that_is_not_there_may_come_back(slapd):
    with pytest.raises(Unreachable):
        server_of(slapd.settings(port="1")).open()


def test_every_page_is_read_and_binary_stays_binary(slapd):
    server = server_of(slapd.settings(page="100"))
    assert server.page == 100
    with server.open() as session:
        found = list(session.search("(objectClass=inetOrgPerson)", ("uid", "entryUUID")))
    assert len({entry.text("entryUUID") for entry in found}) == len(found) == 253
    assert isinstance(found[0].raw("uid"), bytes)


def test_an_account_that_gets_only_a_part_is_told_so():
    with OpenLdap(many=600) as slapd, server_of(slapd.settings(bind_dn=slapd.reader)).open() as session:
        everybody = session.search("(uid=*)", ("uid",))
        with pytest.raises(NotConfigured, match="size limit"):
            list(everybody)


def test_a_base_that_is_not_there_is_named(slapd):
    with server_of(slapd.settings(base_dn="dc=elsewhere")).open() as session:
        everybody = session.search("(uid=*)", ("uid",))
        with pytest.raises(NotFound, match="dc=elsewhere"):
            list(everybody)


def test_whoever_stops_reading_halfway_can_go_on_asking(slapd):
    with server_of(slapd.settings(page="100")).open() as session:
        assert next(session.search("(uid=u*)", ("uid",))).has("uid")
        assert session.modify(slapd.dn("ada"), {"title": [("replace", ["Queen"])]}).code == 50
        assert session.entry(slapd.dn("max"), ("uid",)).text("uid") == "max"
        assert len(list(session.search("(uid=u*)", ("uid",), limit=5))) == 5
        assert session.root("supportedControl").has("supportedControl")


def test_a_filter_that_is_none_is_bad_input(slapd):
    with server_of(slapd.settings()).open() as session, pytest.raises(BadInput):
        list(session.search("(uid=", ("uid",)))


def test_a_refused_change_is_an_answer_and_changes_nothing(slapd):
    with server_of(slapd.settings()).open() as session:
        assert session.modify(slapd.dn("ada"), {"title": [("replace", ["Queen"])]}).code == 50
        assert session.compare(slapd.dn("ada"), "uid", "ada").code == 6
        assert not session.entry(slapd.dn("ada"), ("title",)).has("title")


def test_a_server_that_falls_silent_is_unreachable():
    with OpenLdap() as slapd:
        session = server_of(slapd.settings(seconds="1")).open()
        slapd.stop()
        with pytest.raises(Unreachable):
            list(session.search("(uid=*)", ("uid",)))
        session.close()


def test_bases_are_separated_by_semicolons_that_belong_to_no_name():
    assert bases_of(r"dc=a ; ou=x\;y,dc=b") == ("dc=a", r"ou=x\;y,dc=b")
    with pytest.raises(BadInput):
        bases_of(" ; ")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20261122143356Z", datetime(2026, 11, 22, 14, 33, 56, tzinfo=UTC)),
        ("20261122143356.5Z", datetime(2026, 11, 22, 14, 33, 56, 500_000, tzinfo=UTC)),
        ("20261122143356.0Z", datetime(2026, 11, 22, 14, 33, 56, tzinfo=UTC)),
        ("20261122143356.123456789Z", datetime(2026, 11, 22, 14, 33, 56, 123_456, tzinfo=UTC)),
        ("20261122143356+0100", datetime(2026, 11, 22, 13, 33, 56, tzinfo=UTC)),
        ("20261122143356.25-0230", datetime(2026, 11, 22, 17, 3, 56, 250_000, tzinfo=UTC)),
        ("000001010000Z", None),
        ("20261322143356Z", None),
        ("99991231235959-1400", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_read_as_directories_write_them(text, moment):
    assert generalized_time(text) == moment


def test_a_time_is_written_as_it_is_read():
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    assert generalized_time(as_generalized_time(moment)) == moment
