"""Where many addresses lie at once: the same as one by one, only sooner."""

import random
import time

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import placing
from watchfloor.lake.enriching import many, place_of
from watchfloor.lake.selectors import whereabouts
from watchfloor.lake.services import remove_list, upload_list

KEEPER = system_actor("keeper", Permission.CONNECTION_MANAGE)


def said(ips):
    return [(one.code, one.country, one.operator, one.kind) for one in many.whereabouts(ips)]


def one_by_one(ips):
    return [(one.country_code, one.country, one.asn, one.kind) for one in map(place_of, ips)]


def test_many_addresses_lie_where_each_of_them_lies():
    dice = random.Random(7)
    ips = [".".join(str(dice.randrange(256)) for _ in range(4)) for _ in range(3000)]
    assert said(ips) == one_by_one(ips)


def test_the_edges_of_special_networks_are_told_apart():
    around = [first.split("/")[0] for first in many.SPECIAL]
    ips = [f"{a}.{b}.{c}.{d}" for one in around for a, b, c, d in [one.split(".")]]
    ips += ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0"]
    ips += ["192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "255.255.255.255"]
    assert said(ips) == one_by_one(ips)


@pytest.mark.parametrize(
    "ip", ["", "no address", "1.2.3", "2001:4860:4860::8888", "::ffff:8.8.8.8", "[8.8.8.8]", "8.8.8.8\0"]
)
def test_what_is_no_plain_address_is_asked_the_long_way(ip):
    assert said([ip]) == one_by_one([ip])


def test_no_operator_is_named_beyond_the_end_of_its_network():
    assert place_of("107.48.249.14").asn == ""
    assert place_of("107.20.1.1").asn.startswith("AMAZON")


def test_an_address_costs_a_few_microseconds():
    dice = random.Random(8)
    ips = [f"8.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}" for _ in range(20_000)]
    next(many.whereabouts(ips))
    began = time.process_time()
    list(many.whereabouts(ips))
    assert time.process_time() - began < 0.2


def test_the_administrators_list_goes_first_here_too(db):
    placing.forget()
    upload_list(
        alias="GeoIP",
        file_name="own.csv",
        data=b"network,country,country_code\n8.8.8.0/24,Home,HM\n",
        now=utc_now(),
        by=KEEPER,
    )
    assert [one.code for one in whereabouts(["8.8.8.8", "8.8.4.4"])] == ["HM", "US"]
    remove_list(alias="GeoIP", by=KEEPER)
    assert [one.code for one in whereabouts(["8.8.8.8"])] == ["US"]


def test_the_data_are_read_beforehand_once_and_in_the_background():
    many.warm()
    many.warm()
    assert said(["8.8.8.8"])[0][0] == "US"
