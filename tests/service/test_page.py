"""The page, in a real headless Chromium, with its Content-Security-Policy in force."""

import os
import shutil

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from service.api_keys import Scope, make_key

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
QUESTION = "How does the twin wake up from zero?"
# How long is waited for what the page shows: a browser beside other tests has seconds of work to start.
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def browser():
    # Chromium refuses its sandbox to root, who runs tests in containers.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Open the page of a service; nothing may be complained of on its console."""
    contexts, complaints = [], []

    def open_at(url: str, **options) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.goto(url)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page, service):
    page = open_page(service.url)
    expect(page.locator("#state")).to_have_text("Ready")
    return page


def ask(page: Page, question: str = QUESTION) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def test_an_answer_appears_with_its_stages_sources_and_citations(page, say):
    ask(page)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    expect(page.locator(".answer")).to_have_text("The twin scales to zero 1.")
    expect(page.locator(".stages li")).to_have_text(
        ["Reading the question", "Searching", "Choosing passages", "Writing"]
    )
    expect(page.locator(".sources .is-cited .title")).to_have_text(["Scaling"])
    expect(page.locator(".exchange")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".costs")).to_contain_text("40 tokens read")


def test_tokens_appear_while_the_rest_is_still_made(page, endpoint, say):
    endpoint.answer = say.chat("First words", say.HANG)
    ask(page)
    expect(page.locator(".answer")).to_have_text("First words")
    expect(page.locator(".stages [aria-current=step]")).to_have_text("Writing")
    expect(page.locator(".sources li")).not_to_have_count(0)
    expect(page.locator(".exchange")).to_have_attribute("aria-busy", "true")


def test_stop_ends_the_generation_and_keeps_what_came(page, endpoint, say):
    endpoint.answer = say.chat("First words", say.HANG)
    ask(page)
    expect(page.locator(".answer")).to_have_text("First words")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".notes")).to_contain_text("You stopped the answer here.")
    expect(page.locator(".answer")).to_have_text("First words")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    assert endpoint.answers_asked[0].left_early.wait(10)


def test_escape_stops_too(page, endpoint, say):
    endpoint.answer = say.chat("First words", say.HANG)
    ask(page)
    expect(page.locator(".answer")).to_have_text("First words")
    page.keyboard.press("Escape")
    expect(page.locator(".notes")).to_contain_text("You stopped")
    assert endpoint.answers_asked[0].left_early.wait(10)


def test_a_source_opens_from_its_citation_and_focus_comes_back(page):
    ask(page)
    citation = page.get_by_role("button", name="Source 1: Scaling")
    citation.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("1. Scaling")
    expect(dialog.locator("blockquote")).to_contain_text("A step policy on the alarm")
    expect(dialog).to_contain_text("docs/scaling.md")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(citation).to_be_focused()


def test_everything_is_reached_by_keyboard_alone(page):
    ask(page)
    expect(page.locator(".exchange")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".sources button").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("dialog").get_by_role("button", name="Close the source")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_happens_is_told_to_a_screen_reader(page, endpoint, say):
    endpoint.answer = say.chat("First words", 0.4, " and last.")
    ask(page)
    status = page.get_by_role("status")
    expect(status).to_have_text("Writing")
    expect(status).to_have_text("Answer: First words and last.")


def test_a_failure_says_why_and_can_be_tried_again(page, endpoint, say):
    endpoint.answer = say.NO_CAPACITY
    ask(page)
    failure = page.get_by_role("alert")
    expect(failure).to_contain_text("The model is waking up")
    expect(failure).to_contain_text("Ask again in about a minute")
    expect(page.locator(".stages .broken")).to_have_text("Writing")
    endpoint.answer = say.chat("Awake now.")
    failure.get_by_role("button", name="Ask again").click()
    expect(page.locator(".answer").last).to_have_text("Awake now.")


def test_an_answer_that_breaks_keeps_its_beginning(page, endpoint, say):
    endpoint.answer = say.chat("The beginning", say.CUT)
    ask(page)
    expect(page.get_by_role("alert")).to_contain_text("The model gave no whole answer")
    expect(page.locator(".answer")).to_have_text("The beginning")


def test_hostile_words_stay_words(page, endpoint, say):
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script> [1] [99]"
    endpoint.answer = say.chat(hostile)
    ask(page, "<b>bold?</b> How does the twin wake up?")
    expect(page.locator(".answer")).to_contain_text("<img src=x onerror=alert(1)><script>alert(2)</script>")
    expect(page.locator(".exchange h2")).to_have_text("<b>bold?</b> How does the twin wake up?")
    expect(page.locator(".answer .cite")).to_have_text(["1"])
    expect(page.locator(".answer img, .answer script, .exchange h2 b")).to_have_count(0)


def test_filters_are_offered_and_sent(page, endpoint):
    page.get_by_text("Filters").click()
    page.get_by_label("Category").select_option("post")
    expect(page.locator("#filters summary")).to_have_text("Filters (1)")
    ask(page, "What gives a model a voice?")
    expect(page.locator(".sources .title")).to_have_text(["A voice of one's own"])


@pytest.fixture(scope="module")
def locked(serve, knowledge):
    key, stored = make_key("reader", scopes=[Scope.ASK])
    with serve(store=knowledge, api_keys=f'{{"keys": [{stored.model_dump_json()}]}}') as service:
        yield service, key


def test_a_key_is_asked_for_kept_for_the_tab_only_and_forgotten(open_page, locked, endpoint, say):
    service, key = locked
    page = open_page(service.url)
    expect(page.locator("#state")).to_have_text("Needs an API key")
    ask(page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Send one as")
    dialog.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text("Ready")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".answer").last).to_have_text("The twin scales to zero 1.")
    stored = page.context.storage_state()
    assert key not in str(stored)
    page.get_by_role("button", name="API key").click()
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("#state")).to_have_text("Needs an API key")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_narrow_and_wide_in_both_colour_schemes(open_page, service, scheme):
    page = open_page(service.url, color_scheme=scheme)
    ask(page)
    expect(page.locator(".exchange")).to_have_attribute("aria-busy", "false")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        for part in ("#ask", ".exchange", ".top"):
            box = page.locator(part).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    background = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert background == {"light": "rgb(250, 249, 246)", "dark": "rgb(20, 22, 20)"}[scheme]


def test_the_page_loads_nothing_from_elsewhere(browser, service):
    context = browser.new_context()
    addresses = []
    page = context.new_page()
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(service.url, wait_until="networkidle")
    context.close()
    assert len(addresses) > 4
    assert all(address.startswith(service.url) for address in addresses)
