"""The system that the dashboard shows, running: prediction service, agent, dashboard; and a headless browser."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from launch.processes import Child, start, wait_until_ready

READY_SECONDS = 90.0
PATIENCE_MS = 60_000
NOBODY = "http://127.0.0.1:9"
# A page stands when its title is there, no script runs, and nothing waits to be drawn.
STANDS = """() => document.querySelector('h1')
    && document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"]')"""


@contextmanager
def agent_over(home: Path, *, with_serving: bool = True) -> Iterator[str]:
    """The agent's control plane over a store, with the service beside it; its address."""
    environment = {"REFIT_HOME": str(home), "REFIT_MODELS_DIR": str(home / "models"), "REFIT_AGENT_SERVING_URL": NOBODY}
    (home / "models").mkdir(exist_ok=True)
    with ExitStack() as stack:
        if with_serving:
            serving = _started(stack, "serving", ["serving"], home, environment)
            environment["REFIT_AGENT_SERVING_URL"] = _address(serving, home, "serving", "/health/live")
        agent = _started(stack, "agent", ["agent", "serve"], home, environment)
        yield _address(agent, home, "agent", "/health")


@contextmanager
def dashboard_of(agent_url: str, home: Path, **settings: str) -> Iterator[str]:
    """A dashboard that was just started; its address."""
    named = {f"REFIT_DASHBOARD_{name.upper()}": value for name, value in settings.items()}
    with ExitStack() as stack:
        environment = {"REFIT_DASHBOARD_AGENT_URL": agent_url, **named}
        child = _started(stack, "dashboard", ["dashboard"], home, environment)
        yield _address(child, home, "dashboard", "/_stcore/health")


def _started(stack: ExitStack, name: str, words: list[str], home: Path, environment: Mapping[str, str]) -> Child:
    port_file = home / f"{name}.port"
    port_file.unlink(missing_ok=True)
    child = start(name, [*words, "--port", "0", "--port-file", str(port_file)], environment)
    stack.callback(child.stop)
    return child


def _address(child: Child, home: Path, name: str, path: str) -> str:
    return wait_until_ready(child, home / f"{name}.port", READY_SECONDS, path=path)


def chromium() -> str | None:
    """The program of the browser; None where it is not installed."""
    named = os.environ.get("REFIT_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def browser(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Inside containers there is no namespace to make a sandbox of.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            opened.close()


def open_page(page: Page, url: str) -> None:
    """Open and wait until the page stands. Raises playwright's TimeoutError."""
    page.goto(url, timeout=PATIENCE_MS)
    wait_until_it_stands(page)


def wait_until_it_stands(page: Page) -> None:
    """Raises playwright's TimeoutError."""
    page.wait_for_function(STANDS, timeout=PATIENCE_MS)


def whole_height(page: Page) -> int:
    """How high the page is, with what is below the fold, in pixels."""
    found = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll(
            '[data-testid="stMain"], [data-testid="stAppScrollToBottomContainer"], [data-testid="stMainBlockContainer"]'
        )].map(part => part.scrollHeight), 600)"""
    )
    return int(found)
