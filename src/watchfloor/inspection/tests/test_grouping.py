"""Mails of one text are one campaign; a file joins them too; no flood makes the index long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.inspection.contracts import FoundAttachment
from watchfloor.inspection.grouping import (
    ALIKE,
    MOST_OF_A_BAND,
    MOST_REPRESENTATIVES,
    Groups,
    Representative,
    file_keys,
    keys_of,
    likeness,
    name_of_first,
)
from watchfloor.inspection.signature import pieces_of, sketch_of


def signature(seed: int = 1) -> bytes:
    """Of 200 words that no other seed says."""
    return sketch_of(pieces_of(said(seed)))


def said(seed: int, *, count: int = 200) -> list[str]:
    return [f"w{seed}x{at}" for at in range(count)]


def altered(seed: int, *, words: int, by: int = 5) -> bytes:
    """The signature with so many of its first words changed."""
    return sketch_of(pieces_of([f"a{by}x{at}" for at in range(words)] + said(seed)[words:]))


def attached(name="invoice.pdf", kind="application/pdf", size=20_000, sha="a" * 64):
    return FoundAttachment(name, kind, name.rpartition(".")[2], size, sha)


def test_the_first_mail_names_its_campaign_and_its_like_belong_to_it():
    groups = Groups()
    first = groups.place(signature())
    again = groups.place(signature())
    near = groups.place(altered(1, words=18))
    assert first.founds
    assert not again.founds
    assert {first.campaign, again.campaign, near.campaign} == {name_of_first(signature())}
    assert (again.likeness, near.likeness) == (1.0, 180 / 216)


def test_the_name_is_the_same_wherever_the_campaign_begins():
    assert Groups().place(signature()).campaign == Groups().place(signature()).campaign


def test_what_is_less_alike_is_another_campaign():
    groups = Groups()
    groups.place(signature())
    far = groups.place(altered(1, words=60))
    assert far.founds
    assert likeness(signature(), altered(1, words=60)) < ALIKE


def test_nothing_to_compare_belongs_nowhere():
    assert Groups().place(b"").campaign == 0
    assert likeness(b"", b"") == 0
    assert keys_of(b"") == ()


def test_finding_remembers_nothing():
    groups = Groups()
    assert groups.find(signature()).campaign == 0
    assert groups.find(signature()).campaign == 0
    assert not groups.added


def bridge():
    """Three signatures: the middle one is like both ends, the ends are not like each other."""
    words = said(1, count=240)
    return tuple(sketch_of(pieces_of(words[at : at + 200])) for at in (0, 20, 40))


def test_a_mail_between_two_campaigns_joins_them_under_the_smaller_name():
    left, middle, right = bridge()
    groups = Groups()
    names = [groups.place(left).campaign, groups.place(right).campaign]
    joining = groups.place(middle)
    assert len(set(names)) == 2
    assert joining.campaign == min(names)
    assert joining.joins == {max(names)}
    assert {groups.place(one).campaign for one in (left, middle, right)} == {min(names)}


def test_names_are_followed_through_several_joins():
    groups = Groups(renamed={3: 2})
    for campaign in (1, 2, 3):
        groups.know(Representative(campaign, b"", (9,), campaign), 9)
    assert groups.place(b"", (9,)).campaign == 1
    assert groups.renamed == {3: 1, 2: 1}


def test_the_same_file_joins_mails_of_other_texts_and_of_none():
    groups, files = Groups(), file_keys([attached()])
    one = groups.place(signature(1), files)
    other = groups.place(signature(2), files)
    textless = groups.place(b"", files)
    assert one.campaign == other.campaign == textless.campaign
    assert other.likeness == 0
    assert groups.place(signature(2)).campaign == one.campaign


def test_pictures_cards_signatures_and_crumbs_join_nothing():
    assert file_keys([attached(), attached()]) == file_keys([attached()])
    for common in (
        attached("logo.png", "image/png"),
        attached("max.vcf", "text/plain"),
        attached("smime.p7s", "application/pkcs7-signature"),
        attached("invite.ics", "text/calendar"),
        attached(size=300),
    ):
        assert file_keys([common]) == ()


def test_a_mail_with_a_thousand_files_gives_few_keys():
    assert len(file_keys([attached(sha=f"{n:064}") for n in range(1000)])) == 8


def test_a_flood_of_one_mail_is_one_representative():
    groups = Groups()
    for _ in range(5_000):
        groups.place(signature(), file_keys([attached()]))
    assert len(groups.added) == 1
    assert max(map(len, groups.of_key.values())) == 1


def test_a_flood_of_variants_keeps_a_bounded_number_of_representatives():
    groups = Groups()
    for seed in range(400):
        groups.place(altered(1, words=20, by=seed), file_keys([attached(sha=f"{seed:064}")]))
    assert len(groups.added) == MOST_REPRESENTATIVES
    assert len({groups.name_of(one) for one in groups.added}) == 1


def test_a_flood_of_other_texts_that_share_a_band_keeps_the_band_short():
    groups, shared_band = Groups(), signature()[:24]
    for seed in range(200):
        groups.place(shared_band + signature(seed)[24:])
    assert max(map(len, groups.of_key.values())) == MOST_OF_A_BAND
    assert len({one.campaign for one in groups.added}) == 200


def test_long_texts_are_compared_by_a_sample_and_kept_numbers_by_an_estimate():
    long, changed = said(1, count=1500), said(1, count=1350) + said(2, count=150)
    one, other = sketch_of(pieces_of(long)), sketch_of(pieces_of(changed))
    assert len(one) == 512 + 4 * 512
    assert likeness(one, other) == pytest.approx(1348 / 1648, abs=0.06)
    assert likeness(one[:512], other) == pytest.approx(1348 / 1648, abs=0.12)
    assert likeness(one, one) == likeness(one[:512], one[:512]) == 1


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_equal_mails_are_always_in_equal_campaigns(seeds):
    groups = Groups()
    placed = [groups.place(signature(seed)).campaign for seed in seeds]
    assert len(set(placed)) == len(set(seeds))
    assert all(0 < one < 1 << 63 for one in placed)
