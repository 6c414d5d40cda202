"""Where addresses lie by the administrator's own list, beside the packaged data."""

from datetime import timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import placing
from watchfloor.lake.enriching.completing import completed
from watchfloor.lake.selectors import place_of
from watchfloor.lake.services import remove_list, upload_list

KEEPER = system_actor("keeper", Permission.CONNECTION_MANAGE)
OWN = (
    b"network,country,country_code,latitude,longitude,operator\n"
    b"10.1.0.0/16,Austria,AT,48.2,16.4,Own network\n"
    b"10.1.7.0/24,CH,,,,\n"
    b"2001:db8::/32,Utopia,,1.5,nowhere,\n"
    b"8.8.8.8/32,Home,HM,,,\n"
    b"not a network,Nowhere,,,,\n"
)


@pytest.fixture
def listed(db):
    placing.forget()
    upload_list(alias="GeoIP", file_name="own.csv", data=OWN, now=utc_now(), by=KEEPER)
    yield
    remove_list(alias="GeoIP", by=KEEPER)


def test_without_a_list_the_packaged_data_answer(db):
    placing.forget()
    assert place_of("8.8.8.8").country_code == "US"
    assert (place_of("10.1.2.3").country, place_of("10.1.2.3").kind) == ("", "Private")


def test_the_smallest_network_of_the_list_says_where_an_address_lies(listed):
    vienna, swiss = place_of("10.1.2.3"), place_of("::ffff:10.1.7.9")
    assert (vienna.country_code, vienna.country, vienna.asn, vienna.network) == (
        "AT",
        "Austria",
        "Own network",
        "10.1.0.0/16",
    )
    assert (vienna.latitude, vienna.longitude) == (48.2, 16.4)
    assert (swiss.country_code, swiss.country, swiss.network) == ("CH", "CH", "10.1.7.0/24")
    assert (place_of("[2001:db8::1%eth0]").country, place_of("2001:db8::1").longitude) == ("Utopia", None)


def test_a_private_address_stays_one_wherever_the_list_puts_it(listed):
    assert place_of("10.1.2.3").kind == "Private"
    assert place_of("8.8.8.8").kind == "Public"


def test_the_list_goes_before_the_packaged_data_which_answer_for_the_rest(listed):
    assert place_of("8.8.8.8").country == "Home"
    assert place_of("8.8.4.4").country_code == "US"
    assert place_of("10.2.0.1").country == ""
    assert place_of("no address").kind == ""


def test_a_newer_list_takes_the_place_of_the_older_and_none_gives_way_to_the_packaged_data(listed):
    later = utc_now() + timedelta(seconds=1)
    upload_list(alias="GeoIP", file_name="own.csv", data=b"network,country\n10.1.0.0/16,Norway\n", now=later, by=KEEPER)
    assert place_of("10.1.2.3").country == "Norway"
    upload_list(alias="GeoIP", file_name="own.csv", data=b"place\nhere\n", now=later + timedelta(seconds=1), by=KEEPER)
    assert place_of("10.1.2.3").country == ""
    assert place_of("8.8.8.8").country_code == "US"


def test_events_are_completed_with_what_the_list_says(listed):
    row = completed("IdentityLogonEvents", {"IPAddress": "10.1.2.3"}, locate=place_of)
    assert (row["Location"], row["Isp"]) == ("AT", "Own network")
    row = completed("IdentityLogonEvents", {"IPAddress": "10.1.7.3"}, locate=place_of)
    assert (row["Location"], row["Isp"]) == ("CH", "Private network")
