"""A control plane with a history that tests only read, made once; and a fresh one for tests that change something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from agent.actions import Autonomy
from pipeline.store.open import open_store
from tests.dashboard.world import Clock, Plane, ask_for_approval, listening, live_through, settings_in

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
# A page may have to wait for a busy machine; none takes this long.
PATIENCE_SECONDS = 60


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Without tokens: who asks from this machine may do everything and read messages."""
    settings = settings_in(tmp_path_factory.mktemp("dashboard"))
    store = open_store(settings)
    loop = live_through(settings, store, Clock())
    with listening(settings, store, loop) as found:
        yield found
    store.close()


@pytest.fixture
def asking_plane(tmp_path: Path) -> Iterator[Plane]:
    """One that proposes, so that actions wait for a person."""
    settings = settings_in(tmp_path)
    store = open_store(settings)
    loop = live_through(settings, store, Clock(), Autonomy.PROPOSE)
    ask_for_approval(store, loop)
    with listening(settings, store, loop, tokens=True, show_text=True) as found:
        yield found
    store.close()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch):
    """Opens a page of the dashboard against an agent; `token` and the query are the reader's."""

    def opened(page: str | None = None, *, url: str, token: str | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("REFIT_DASHBOARD_AGENT_URL", url)
        monkeypatch.delenv("REFIT_DASHBOARD_TOKEN", raising=False)
        if token:
            monkeypatch.setenv("REFIT_DASHBOARD_TOKEN", token)
        app = AppTest.from_file(str(APP), default_timeout=PATIENCE_SECONDS)
        for name, value in query.items():
            if page is None:
                app.query_params[name] = value
        app.run()
        if page is not None:
            app.switch_page(f"pages/{page}.py")
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        return app

    return opened
