"""The question in Explorer as a person asks it: groups, patterns, other views, hunting, export, and what was asked before."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def opened(desk, demo, question: str) -> Page:
    page = desk.new_page()
    page.goto(f"{demo.url}/explorer?{question}")
    expect(page.locator("#results-part")).to_be_visible()
    return page


def typed(page: Page, label: str, operator: str, value: str) -> None:
    """One condition through the filter bar."""
    page.get_by_label("Property").select_option(label=label)
    expect(page.locator("#condition select[name=operator]")).to_be_enabled()
    page.locator("#condition select[name=operator]").select_option(operator)
    page.locator("#condition input[name=value]:not([type=checkbox])").fill(value)
    page.get_by_role("button", name=re.compile("^(Add|Change)$")).click()
    page.wait_for_load_state()


def test_conditions_are_put_into_a_group_joined_denied_and_taken_out_again(demo, desk):
    page = opened(desk, demo, "range=30d")
    complaints = complaints_of(page)
    typed(page, "Subject", "matches wildcard", "*invoice*")
    page.get_by_role("button", name="Put into brackets").click()
    page.get_by_role("link", name="Add a condition to this group").click()
    typed(page, "Sender domain", "ends with", ".example")
    expect(page.locator(".sentence")).to_contain_text(
        "(subject matches “*invoice*” or sender domain ends with “.example”)"
    )
    page.get_by_role("button", name="any of", exact=True).click()
    expect(page.locator(".sentence")).to_contain_text("“*invoice*” and sender domain")
    page.get_by_role("button", name="not", exact=True).click()
    expect(page.locator(".sentence")).to_contain_text("where not (subject")
    page.get_by_role("link", name="Remove this group").click()
    expect(page.locator(".sentence")).not_to_contain_text("where")
    assert not complaints


def test_a_condition_is_changed_by_double_click(demo, desk):
    page = opened(desk, demo, "range=30d&f=Subject~contains%20any%20of~invoice")
    page.locator(".chip a").first.dblclick()
    page.wait_for_load_state()
    box = page.locator("#condition input[name=value]:not([type=checkbox])")
    expect(box).to_have_value("invoice")
    box.fill("parcel")
    page.get_by_role("button", name="Change").click()
    expect(page.locator(".sentence")).to_contain_text("subject contains “parcel”")


def test_a_bad_regular_expression_says_where_it_is_wrong(demo, desk):
    page = opened(desk, demo, "range=30d")
    typed(page, "Subject", "matches regex", "in(voice")
    expect(page.locator(".chip-wrong")).to_contain_text("nothing closes, at character 3")


def test_the_commonest_values_stand_to_be_ticked_with_their_counts(demo, desk):
    page = opened(desk, demo, "range=30d")
    page.get_by_label("Property").select_option(label="Sender domain")
    first = page.locator("#condition .offered").first
    expect(first).to_contain_text(re.compile(r"\d"))
    first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".sentence")).to_contain_text("where sender domain is “")


def test_the_same_question_opens_in_hunting_and_finds_the_same(demo, desk):
    page = opened(desk, demo, "range=30d&f=any(Subject~is%20not%20empty~%3BUrlCount~greater%20than~2)&view=phish")
    total = page.locator("#results-part .toolbar").get_by_text(re.compile(r"[\d,]+ rows")).inner_text().split()[0]
    page.get_by_role("link", name="Open in hunting").click()
    expect(page).to_have_url(re.compile("/hunting"))
    expect(page.locator("#answer")).to_contain_text(total)


def test_a_question_about_mails_goes_on_among_clicks(demo, desk):
    page = opened(desk, demo, "range=30d&f=SenderFromDomain~ends%20with~.example")
    page.get_by_role("link", name="URL clicks").first.click()
    expect(page.locator(".sentence")).to_contain_text("Clicks on links in mail")
    expect(page.locator(".sentence")).to_contain_text("sender domain ends with “.example”")
    expect(page.locator("#results-part")).to_contain_text("Time clicked")


def test_all_rows_are_exported_in_chosen_columns(demo, desk):
    page = opened(desk, demo, "range=30d&view=phish")
    page.get_by_role("button", name="Export", exact=True).first.click()
    form = page.locator("#export")
    form.get_by_label("JSON, one line for each row").check()
    with page.expect_download() as download:
        form.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "explorer-mails.jsonl"


def test_what_was_asked_stands_as_a_tree_and_opens_again(demo, desk):
    page = opened(desk, demo, "range=7d&view=malware")
    typed(page, "Attachment count", "greater than", "0")
    expect(page.locator("#results-part")).to_be_visible()
    page.get_by_role("button", name="History").click()
    flyout = page.locator("#flyout-dialog")
    here = flyout.locator(".asked[aria-current]")
    expect(here).to_contain_text("attachment count is greater than “0”")
    expect(here).to_have_class(re.compile("level-[1-9]"))
    flyout.get_by_role("link", name=re.compile("Mail in which malware was found, of the last 7 days; ")).first.click()
    expect(page.locator(".sentence")).not_to_contain_text("attachment count")


def test_the_chart_gives_way_to_rows_and_comes_back(demo, desk):
    page = opened(desk, demo, "range=30d")
    page.get_by_role("link", name="List view").click()
    expect(page.locator("#results-part")).to_be_visible()
    expect(page.locator("#chart-part")).to_have_count(0)
    assert "show=list" in page.url
    page.get_by_role("link", name="Chart view").click()
    expect(page.locator("#chart-part")).to_be_visible()
