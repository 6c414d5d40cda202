"""The store's own client: signatures as Amazon prints them, whole objects, and clear words when something is wrong."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from labs import free_ports
from labs.s3 import BUCKET, KEY_ID, S3, SECRET
from watchfloor.kernel.errors import NotConfigured, NotFound, Unreachable
from watchfloor.lake.engines import object_store
from watchfloor.lake.engines.object_store import Bucket, Location
from watchfloor.lake.engines.signing import EMPTY, signed


def location(url, **changed):
    return Location(
        **{
            "bucket": BUCKET,
            "prefix": uuid4().hex,
            "endpoint": url,
            "region": "us-east-1",
            "key_id": KEY_ID,
            "secret": SECRET,
        }
        | changed
    )


@pytest.fixture
def bucket(s3):
    return Bucket(location(s3.url))


EXAMPLE = {
    "region": "us-east-1",
    "key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "now": datetime(2013, 5, 24, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("path", "query", "headers", "signature"),
    [
        (
            "/test.txt",
            {},
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("/", {"lifecycle": ""}, {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/", {"max-keys": "2", "prefix": "J"}, {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_requests_are_signed_as_in_amazons_own_examples(path, query, headers, signature):
    sent = signed("GET", path, query, {"Host": "examplebucket.s3.amazonaws.com", **headers}, payload=EMPTY, **EXAMPLE)
    assert sent["Authorization"].endswith(f"Signature={signature}")


def test_an_object_comes_back_as_it_was_put(bucket, tmp_path):
    data = bytes(range(256)) * 20_000
    path = tmp_path / "big"
    path.write_bytes(data)
    key = bucket.location.key("day=2026-11-21", "a file+1.parquet")
    assert bucket.size(key) is None
    assert bucket.put(key, path)
    assert bucket.size(key) == len(data)
    target = io.BytesIO(b"left from an attempt before")
    assert bucket.fetch(key, target) == len(data)
    assert target.getvalue() == data
    bucket.remove(key)
    bucket.remove(key)
    with pytest.raises(NotFound, match="has no"):
        bucket.fetch(key, io.BytesIO())


def test_of_writers_at_once_one_alone_creates_an_object(bucket):
    key = bucket.location.key("one")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: bucket.put(key, b"%d" % number, if_absent=True), range(8)))
    assert sum(made) == 1
    target = io.BytesIO()
    bucket.fetch(key, target)
    assert target.getvalue() == b"%d" % made.index(True)


def test_a_listing_goes_on_past_a_page(bucket):
    names = {bucket.location.key("many", f"{number:04}") for number in range(1003)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: bucket.put(key, b"x"), names))
    assert dict(bucket.listed(bucket.location.key("many/"))) == dict.fromkeys(names, 1)
    assert list(bucket.listed(f"{bucket.location.prefix}/", below=False)) == [(bucket.location.key("many/"), 0)]


def test_a_store_that_keeps_conditional_writes_passes_and_nothing_is_left(bucket):
    bucket.check(token="t")
    assert list(bucket.listed(bucket.location.prefix)) == []


def test_a_store_that_ignores_conditional_writes_is_refused():
    with S3(conditional=False) as careless:
        bucket = Bucket(location(careless.url))
        with pytest.raises(NotConfigured, match=r"ignores conditional writes .* not safe; use a store"):
            bucket.check(token="t")
        assert list(bucket.listed(bucket.location.prefix)) == []


def test_a_bucket_that_is_not_there_is_a_setting_to_correct(s3):
    with pytest.raises(NotConfigured, match="NoSuchBucket"):
        Bucket(location(s3.url, bucket="nobodys")).check(token="t")


def test_a_store_that_is_away_is_told_after_three_attempts(monkeypatch):
    monkeypatch.setattr(object_store, "PAUSE", 0.01)
    (port,) = free_ports(1)
    with pytest.raises(Unreachable, match=r"does not answer: .*refused") as told:
        Bucket(location(f"http://127.0.0.1:{port}")).size("x")
    assert SECRET not in str(told.value)


def test_a_store_that_accepts_and_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(object_store, "PAUSE", 0.01)
    monkeypatch.setattr(object_store, "ANSWER_SECONDS", 0.2)
    with S3() as server:
        bucket = Bucket(location(server.url))
        bucket.put("x", b"1")
        server.pause()
        try:
            with pytest.raises(Unreachable, match="timed out"):
                bucket.size("x")
        finally:
            server.resume()
        assert bucket.size("x") == 1


def test_the_secret_does_not_show_where_the_place_is_named():
    named = location("https://store.corp.example")
    assert SECRET not in f"{named} {named!r}"
    assert "store.corp.example" in str(named)


def test_amazons_own_store_is_asked_by_the_buckets_name():
    bucket = Bucket(location("", region="eu-central-1"))
    assert bucket._host == f"{BUCKET}.s3.eu-central-1.amazonaws.com"
    assert bucket._secure
    assert "AWS_ENDPOINT_URL" not in bucket.location.options()
    assert "AWS_ALLOW_HTTP" not in bucket.location.options()
