"""Which mailboxes one question to doveadm covers: all that are wanted, few others, some at a time."""

from hypothesis import given
from hypothesis import strategies as st

from watchfloor.connectors.protocols.doveadm_masks import bundles, masks_for

PEOPLE = [f"u{number:04}@corp.example" for number in range(1000)]
NAMES = st.text("ab.@*?Ä", min_size=1, max_size=6)


def covers(mask, user):
    return user.startswith(mask.text[:-1])


@given(st.sets(NAMES, min_size=1, max_size=60), st.data(), st.integers(1, 10), st.integers(1, 8))
def test_every_wanted_mailbox_is_covered_and_counted_once(users, data, size, most):
    wanted = {user.lower() for user in data.draw(st.sets(st.sampled_from(sorted(users))))}
    masks = masks_for(users, wanted, size=size, most=most)
    assert len(masks) <= max(1, most)
    for user in users:
        found = [mask for mask in masks if covers(mask, user)]
        assert all(user in mask.users for mask in found)
        if user.lower() in wanted:
            assert len(found) == 1
    assert sum(mask.wanted for mask in masks) == sum(user.lower() in wanted for user in users)


def test_a_thousand_mailboxes_are_asked_about_two_hundred_at_a_time():
    together = list(bundles(masks_for(PEOPLE, set(PEOPLE))))
    assert [sum(mask.wanted for mask in masks) for masks in together] == [200] * 5
    assert [mask.text for mask in together[0]] == ["u00*", "u01*"]


def test_people_named_as_people_are_cut_by_their_first_letters():
    names = [f"{first}{number}@corp.example" for first in ("ada", "ben", "eva", "max") for number in range(90)]
    masks = masks_for(names, set(names), size=100)
    assert [mask.text for mask in masks] == ["ada*", "ben*", "eva*", "max*"]


def test_only_the_wanted_prefix_is_searched():
    wanted = {f"u05{number:02}@corp.example" for number in range(50)}
    (mask,) = masks_for(PEOPLE, wanted)
    assert (mask.text, mask.wanted, len(mask.users)) == ("u05*", 50, 100)


def test_a_few_scattered_over_a_large_server_cost_one_question_not_twenty():
    wanted = {PEOPLE[number] for number in range(0, 1000, 40)}
    assert [mask.text for mask in masks_for(PEOPLE, wanted, size=5)] == ["u0*"]


def test_a_name_that_ends_where_others_go_on_keeps_its_mask_whole():
    names = ["ann", "anna", "anne"]
    assert [mask.text for mask in masks_for(names, set(names), size=1)] == ["ann*"]


def test_names_are_asked_for_as_the_server_writes_them():
    (mask,) = masks_for(["Ada@Corp.example"], {"ada@corp.example"})
    assert mask.text == "Ada@Corp.example*"


def test_nobody_wanted_is_nobody_asked():
    assert masks_for(PEOPLE, {"stranger@else.example"}) == []
    assert list(bundles([])) == []
