"""People and roles: who is added, who may raise whom, and that somebody can always give roles."""

import re

import pytest

from watchfloor.access import services
from watchfloor.access.contracts import Permission
from watchfloor.access.models import AuditEntry, Person, Role
from watchfloor.access.selectors import actor_of, granters, person_of, roles_with, system_actor
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

NEW = {"email": "Bo@Corp.example", "name": "Bo", "password": "a whole new sentence", "roles": ["Security Reader"]}


def held(person):
    return set(person.roles.values_list("name", flat=True))


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


# --- verbs --------------------------------------------------------------------------------------------------------


def test_somebody_added_signs_in_with_their_address_in_small_letters(max):
    person = services.add_person(**NEW, by=actor_of(max))
    assert person.email == "bo@corp.example"
    assert held(person) == {"Security Reader"}
    assert AuditEntry.objects.first().after == {"name": "Bo", "roles": ["Security Reader"]}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"email": "not an address"}, BadInput, "not an e-mail address"),
        ({"email": "max@corp.example"}, Conflict, "already"),
        ({"password": "short"}, BadInput, "too short"),
        ({"roles": ["Emperor"]}, BadInput, "no role “Emperor”; roles are"),
    ],
)
def test_what_cannot_be_added_says_why(max, change, error, words):
    with pytest.raises(error, match=words):
        services.add_person(**{**NEW, **change}, by=actor_of(max))
    assert not Person.objects.filter(name="Bo").exists()


def test_whoever_lacks_the_right_adds_nobody(ada):
    with pytest.raises(Forbidden):
        services.add_person(**NEW, by=actor_of(ada))


def test_nobody_gives_themselves_a_right(max):
    with pytest.raises(Forbidden, match="another administrator"):
        services.set_roles(person=max, roles=["Global Administrator", "Preview"], by=actor_of(max))
    assert held(max) == {"Global Administrator"}
    assert AuditEntry.objects.first().outcome == "failure"


def test_another_administrator_gives_it(max):
    other = services.add_person(**{**NEW, "roles": ["Global Administrator"]}, by=None)
    services.set_roles(person=max, roles=["Global Administrator", "Preview"], by=actor_of(other))
    assert "Preview" in held(max)


def test_the_command_line_of_the_machine_gives_it(max):
    services.set_roles(person=max, roles=["Global Administrator", "Preview"], by=None)
    assert "Preview" in held(max)


def test_nobody_widens_a_role_they_hold_themselves(max):
    role = services.add_role(name="Desk", description="", permissions=[Permission.HOME_READ], by=actor_of(max))
    services.set_roles(person=max, roles=["Global Administrator", "Desk"], by=actor_of(max))
    wider = [Permission.HOME_READ, Permission.EMAIL_CONTENT_READ]
    with pytest.raises(Forbidden, match="Preview"):
        services.edit_role(role=role, name="Desk", description="", permissions=wider, by=actor_of(max))
    assert Role.objects.get(name="Desk").permissions == ["home.read"]


def test_giving_up_a_right_is_allowed(max):
    services.add_person(**{**NEW, "roles": ["Global Administrator"]}, by=None)
    services.set_roles(person=max, roles=["Security Reader"], by=actor_of(max))
    assert held(max) == {"Security Reader"}


def test_the_last_one_who_gives_roles_stays(max):
    by = actor_of(max)
    for attempt in (
        lambda: services.set_roles(person=max, roles=["Security Reader"], by=by),
        lambda: services.deactivate_person(person=max, by=by),
    ):
        with pytest.raises(Conflict, match="nobody would be left"):
            attempt()
    max.refresh_from_db()
    assert max.is_active
    assert held(max) == {"Global Administrator"}


def test_the_last_role_that_gives_roles_stays(eve):
    role = services.add_role(name="Keys", description="", permissions=[Permission.PEOPLE_MANAGE], by=None)
    services.set_roles(person=eve, roles=["Keys"], by=None)
    for attempt in (
        lambda: services.delete_role(role=role, by=actor_of(eve)),
        lambda: services.edit_role(
            role=role, name="Keys", description="", permissions=[Permission.HOME_READ], by=actor_of(eve)
        ),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert actor_of(eve).may(Permission.PEOPLE_MANAGE)


def test_built_in_roles_are_neither_changed_nor_deleted(max):
    role = Role.objects.get(name="Preview")
    with pytest.raises(Forbidden, match="built in; copy it"):
        services.delete_role(role=role, by=actor_of(max))
    with pytest.raises(Forbidden):
        services.edit_role(role=role, name="X", description="", permissions=[], by=actor_of(max))


def test_two_roles_do_not_share_a_name_in_any_case(max):
    with pytest.raises(Conflict):
        services.add_role(name="preview", description="", permissions=[], by=actor_of(max))


def test_a_one_time_password_works_once_and_is_not_in_the_log(client, max, ada):
    password = services.give_one_time_password(person=ada, by=actor_of(max))
    assert client.post("/sign-in", {"username": ada.email, "password": password}).status_code == 302
    assert client.get("/settings/people").headers["Location"] == "/password"
    assert password not in str(list(AuditEntry.objects.values()))


def test_one_time_passwords_differ_and_are_long():
    made = {services.one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", word) for word in made)


def test_ones_own_password_is_changed_elsewhere(max):
    with pytest.raises(BadInput, match="password page"):
        services.give_one_time_password(person=max, by=actor_of(max))


def test_people_are_found_by_address(max):
    assert services.person_by_email(" MAX@corp.example") == max
    with pytest.raises(NotFound, match="nobody signs in as"):
        services.person_by_email("bo@corp.example")


def test_who_can_grant_and_which_roles_hold_a_right(max, ada):
    assert granters() == ["Max"]
    assert roles_with(Permission.EMAIL_CONTENT_READ) == ["Preview"]


def test_an_actor_is_a_person_or_the_product(max):
    assert person_of(actor_of(max)) == max
    assert person_of(system_actor("worker")) is None


def test_an_unknown_permission_in_a_role_is_left_out(eve):
    eve.roles.set([Role.objects.create(name="Old", permissions=["home.read", "gone.right"])])
    assert actor_of(eve).permissions == {Permission.HOME_READ}


# --- pages --------------------------------------------------------------------------------------------------------


def test_the_list_shows_roles_last_sign_in_and_state(as_max, ada, eve):
    Person.objects.filter(pk=eve.pk).update(is_active=False)
    page = text(as_max.get("/settings/people"))
    for words in ("Ada", "Search and Purge", "Deactivated", "Active", "eve@corp.example"):
        assert words in page


def test_the_list_takes_the_same_number_of_queries_for_more_people(as_max, django_assert_max_num_queries):
    for number in range(20):
        services.add_person(**{**NEW, "email": f"p{number}@corp.example"}, by=None)
    with django_assert_max_num_queries(6):
        as_max.get("/settings/people")


def test_adding_somebody_shows_their_one_time_password_once(as_max, client):
    answer = as_max.post("/settings/people/add", {"name": "Bo", "email": "bo@corp.example", "roles": ["Preview"]})
    password = re.search(r"<code>([a-z2-9-]{23})</code>", answer.content.decode())[1]
    assert client.post("/sign-in", {"username": "bo@corp.example", "password": password}).status_code == 302
    assert password not in text(as_max.get("/settings/people"))


def test_a_form_with_a_mistake_comes_back_with_the_reason(as_max):
    page = text(as_max.post("/settings/people/add", {"name": "Bo", "email": "max@corp.example"}))
    assert "somebody signs in as max@corp.example already" in page


def test_htmx_gets_the_form_as_a_fly_out_and_leaves_it_when_done(as_max, ada):
    headers = {"HX-Request": "true"}
    form = as_max.get(f"/settings/people/{ada.pk}", headers=headers)
    assert "<html" not in text(form)
    answer = as_max.post(f"/settings/people/{ada.pk}", {"roles": ["Security Reader"]}, headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/settings/people")
    assert held(ada) == {"Security Reader"}


def test_taking_a_right_for_oneself_is_refused_on_the_page_in_words(as_max, max):
    page = text(as_max.post(f"/settings/people/{max.pk}", {"roles": ["Global Administrator", "Preview"]}))
    assert "nobody raises their own rights; ask another administrator" in page


def test_people_are_deactivated_reactivated_and_unlocked_by_post_only(as_max, ada):
    for verb, active in (("deactivate", False), ("reactivate", True), ("unlock", True)):
        address = f"/settings/people/{ada.pk}/{verb}"
        assert as_max.get(address).status_code == 405
        assert as_max.post(address).status_code == 302
        ada.refresh_from_db()
        assert ada.is_active is active


def test_deactivating_the_last_administrator_answers_with_a_conflict(as_max, max):
    assert as_max.post(f"/settings/people/{max.pk}/deactivate").status_code == 409


def test_a_one_time_password_is_given_on_the_page(as_max, ada):
    assert "one-time password" in text(as_max.post(f"/settings/people/{ada.pk}/one-time-password"))


def test_the_roles_page_shows_every_role_and_every_right(as_max):
    page = text(as_max.get("/settings/roles"))
    for role in Role.objects.all():
        assert role.name in page
    assert "Preview and download any mail" in page


def test_every_right_has_an_activity_in_words():
    from watchfloor.access.roles import ACTIVITIES

    assert {right for _, _, right in ACTIVITIES} == set(Permission)


def test_a_custom_role_is_copied_changed_and_deleted(as_max):
    reader = Role.objects.get(name="Security Reader")
    assert "Copy of Security Reader" in text(as_max.get(f"/settings/roles/add?copy={reader.pk}"))
    made = {"name": "Night desk", "description": "after hours", "permissions": ["home.read", "incident.read"]}
    assert as_max.post("/settings/roles/add", made).status_code == 302
    role = Role.objects.get(name="Night desk")
    assert as_max.post(f"/settings/roles/{role.pk}", {**made, "permissions": ["home.read"]}).status_code == 302
    role.refresh_from_db()
    assert role.permissions == ["home.read"]
    assert as_max.post(f"/settings/roles/{role.pk}/delete").status_code == 302
    assert not Role.objects.filter(pk=role.pk).exists()


def test_a_taken_role_name_is_refused_in_the_form(as_max):
    page = text(as_max.post("/settings/roles/add", {"name": "Preview", "permissions": ["home.read"]}))
    assert "there is a role “Preview” already" in page


def test_a_hostile_name_is_inert_everywhere(as_max):
    evil = "<script>alert(1)</script>"
    services.add_person(**{**NEW, "name": evil}, by=None)
    services.add_role(name=evil, description=evil, permissions=[], by=None)
    for address in ("/settings/people", "/settings/roles", "/settings/audit"):
        assert evil not in as_max.get(address).content.decode()


# --- why not ------------------------------------------------------------------------------------------------------


def test_a_person_without_the_right_reads_which_and_who_can_grant_it(as_ada, max):
    answer = as_ada.get("/settings/people")
    page = text(answer)
    assert answer.status_code == 403
    assert "“Add people and give them roles”" in page
    assert "Max can give it to you" in page
    assert "Global Administrator" in page


def test_htmx_reads_the_refusal_as_a_fragment(as_ada, max):
    answer = as_ada.get("/settings/people", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert "<html" not in text(answer)
    assert "Max can give it to you" in text(answer)


def test_without_an_administrator_the_operator_of_the_machine_is_named(as_ada):
    assert "The operator of this machine" in text(as_ada.get("/settings/people"))


def test_a_gate_takes_a_permission_and_not_a_word():
    with pytest.raises(TypeError):
        services.requires("people.manage")
