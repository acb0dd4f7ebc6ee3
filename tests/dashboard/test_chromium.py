"""The running system in a real browser: real `agent serve`, real Streamlit, headless Chromium."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, Page, expect

from agent.acting import approvals
from agent.acting.approvals import Binding
from agent.actions import Action, Autonomy
from agent.record import ledger
from benchmarks.dashboard_system import agent_over, browser, dashboard_of, open_page
from pipeline.store.open import open_store
from tests.chromium import program
from tests.dashboard.world import MODEL, Clock, live_through, settings_in

pytestmark = pytest.mark.chromium
WIDTH = 1280
PATIENCE_MS = 60_000
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"
# The others are opened by the tests of what is done on them.
PAGES = ("", "model", "versions", "timeline", "messages")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = settings_in(tmp_path_factory.mktemp("chromium"))
    store = open_store(settings)
    live_through(settings, store, Clock(), Autonomy.ACT)
    store.close()
    return settings.root


@pytest.fixture(scope="module")
def dashboard(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    files = tmp_path_factory.mktemp("files")
    with (
        agent_over(home, with_serving=False) as url,
        dashboard_of(url, files, refresh_seconds="5", timeout_seconds="60") as address,
    ):
        yield address


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser(program()) as found:
        yield found


@pytest.fixture
def page(opened: Browser) -> Iterator[Page]:
    context = opened.new_context(viewport={"width": WIDTH, "height": 900})
    found = context.new_page()
    found.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield found
    context.close()


def test_every_page_stands_without_an_error_and_fits_the_width(page, dashboard):
    for name in PAGES:
        open_page(page, f"{dashboard}/{name}?model={MODEL}" if name else dashboard)
        assert page.get_by_test_id("stException").count() == 0, name
        assert page.get_by_test_id("stAlertContentError").count() == 0, name
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, name


def test_a_page_follows_the_colour_scheme_of_its_reader(opened, dashboard):
    backgrounds = set()
    for scheme in ("light", "dark"):
        context = opened.new_context(viewport={"width": WIDTH, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        open_page(page, f"{dashboard}/timeline?model={MODEL}")
        expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible(timeout=PATIENCE_MS)
        backgrounds.add(page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor"))
        context.close()
    assert len(backgrounds) == 2


def test_a_page_refreshes_by_itself_and_keeps_the_readers_place(page, dashboard, home):
    _ask(home, Action.RETRAIN)
    open_page(page, f"{dashboard}/approvals")
    expect(page.get_by_role("heading", name="Retrain")).to_be_visible()
    who, reason = page.get_by_role("textbox", name="Who answers"), page.get_by_role("textbox", name="Reason")
    who.fill("ann")
    who.press("Enter")
    reason.fill("half a sentence that nobody has sent")
    page.mouse.move(WIDTH / 2, 600)
    page.mouse.wheel(0, 120)
    page.wait_for_function(f"{SCROLLED} > 0")
    place = page.evaluate(SCROLLED)
    _ask(home, Action.ROLL_BACK)
    expect(page.get_by_role("heading", name="Roll back")).to_be_visible()
    assert who.input_value() == "ann"
    assert reason.first.input_value() == "half a sentence that nobody has sent"
    assert page.evaluate(SCROLLED) == place


def _ask(home: Path, action: Action) -> None:
    """Another process asks for an approval of its newest decision."""
    store = open_store(settings_in(home))
    newest = ledger.decisions(store.control, MODEL, 1)[0]
    bound = Binding(
        decision_id=newest.decision_id,
        model=MODEL,
        action=action,
        arguments={},
        evidence_hash="0" * 64,
        champion_version=1,
    )
    approvals.request(store.control, bound, datetime.now(UTC), timedelta(hours=1))
    store.close()


def test_messages_are_labelled_with_the_keyboard_alone(page, dashboard):
    open_page(page, f"{dashboard}/labels?model={MODEL}")
    _press_until_it_counts(page, "s")
    expect(page.get_by_text("labelled in this session")).to_be_visible()
    _press_until_it_counts(page, "k")


def _press_until_it_counts(page: Page, key: str) -> None:
    """A key that is pressed while the page is being drawn is lost, as it is for a reader, who presses it again."""
    message = page.get_by_test_id("stText").first
    before = message.inner_text()
    for _ in range(10):
        page.keyboard.press(key)
        try:
            expect(message).not_to_have_text(before, timeout=PATIENCE_MS / 10)
        except AssertionError:
            continue
        return
    pytest.fail(f"{key} brings no other message than {before}")


def test_a_link_of_an_alert_opens_its_decision(page, dashboard):
    open_page(page, f"{dashboard}/decisions?model={MODEL}")
    shown = page.locator("h3 code").first.inner_text()
    open_page(page, f"{dashboard}/?model={MODEL}&decision={shown}")
    expect(page.get_by_role("heading", name="Decisions")).to_be_visible()
    assert page.locator("h3 code").first.inner_text() == shown
    expect(page.get_by_role("heading", name="What if")).to_be_visible()


def test_a_question_is_answered_on_the_page(page, dashboard):
    open_page(page, f"{dashboard}/chat?model={MODEL}")
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("How is the model doing?")
    box.press("Enter")
    expect(page.get_by_text("Answered without an LLM")).to_be_visible()
