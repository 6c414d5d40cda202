"""Where addresses lie, what clients say they are, and how rows are completed."""

import pytest

from watchfloor.lake.enriching import client_of, completed, place_of
from watchfloor.lake.enriching.addresses import _middles

EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0"
)


def test_a_public_address_has_a_country_an_operator_and_a_point_on_the_map():
    place = place_of("8.8.8.8")
    assert (place.country_code, place.country, place.asn, place.kind) == ("US", "United States", "GOOGLE", "Public")
    assert place.network.startswith("8.8.")
    assert (place.latitude, place.longitude) == (38.0, -97.0)
    assert not place.private


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("10.1.2.3", "Private"),
        ("192.168.7.7", "Private"),
        ("100.64.0.9", "Private"),
        ("fd00::1", "Private"),
        ("127.0.0.1", "Loopback"),
        ("::1", "Loopback"),
        ("169.254.1.1", "LinkLocal"),
        ("fe80::1%eth0", "LinkLocal"),
        ("224.0.0.251", "Multicast"),
        ("255.255.255.255", "Broadcast"),
        ("0.0.0.0", "Reserved"),
        ("2001:0:53aa:64c:0:7cff:b9f5:9c28", "Teredo"),
    ],
)
def test_an_address_that_only_means_something_inside_is_marked_and_has_no_country(ip, kind):
    place = place_of(ip)
    assert (place.kind, place.country_code, place.private) == (kind, "", True)


def test_addresses_are_read_however_they_are_written():
    assert place_of("::ffff:8.8.8.8") == place_of("8.8.8.8") == place_of(" [8.8.8.8] ")
    assert place_of("2001:4860:4860::8888").country_code == "US"


@pytest.mark.parametrize("ip", ["", "-", "mail.example", "99.99", "1.2.3.4.5", "LOCAL"])
def test_what_is_no_address_is_nowhere(ip):
    assert place_of(ip).kind == ""
    assert not place_of(ip).private


def test_every_point_of_the_map_lies_on_the_globe_and_most_countries_have_one():
    assert len(_middles()) > 240
    assert all(-90 <= north <= 90 and -180 <= east <= 180 for north, east in _middles().values())


def test_a_client_is_told_by_its_user_agent():
    client = client_of(EDGE)
    assert (client.browser, client.system, client.platform) == ("Edge 125", "Windows 10", "Windows")
    assert client_of("").browser == client_of("???").browser == ""


def test_a_sign_in_gets_country_and_provider_from_its_address():
    row = completed("IdentityLogonEvents", {"IPAddress": "8.8.8.8", "AccountUpn": "ada@corp.example"})
    assert (row["Location"], row["Isp"]) == ("US", "GOOGLE")
    assert (row["AccountName"], row["AccountDomain"]) == ("ada", "corp.example")


def test_what_the_source_said_stays():
    row = completed("IdentityLogonEvents", {"IPAddress": "8.8.8.8", "Location": "Wien", "Isp": "Haus"})
    assert (row["Location"], row["Isp"]) == ("Wien", "Haus")


def test_a_private_address_is_named_so():
    row = completed("IdentityLogonEvents", {"IPAddress": "10.0.0.7"})
    assert (row["Location"], row["Isp"]) == ("", "Private network")


def test_a_windows_name_is_taken_apart():
    row = completed("DeviceLogonEvents", {"AccountName": "CORP\\ada", "RemoteIP": "10.0.0.7"})
    assert (row["AccountName"], row["AccountDomain"], row["RemoteIPType"]) == ("ada", "CORP", "Private")


def test_a_cloud_sign_in_gets_system_and_browser():
    row = completed("EntraIdSignInEvents", {"UserAgent": EDGE, "IPAddress": "8.8.8.8"})
    assert (row["OSPlatform"], row["Browser"], row["Country"]) == ("Windows", "Edge 125", "US")


def test_a_table_without_rules_is_left_alone():
    assert completed("AlertInfo", {"Title": "x"}) == {"Title": "x"}
