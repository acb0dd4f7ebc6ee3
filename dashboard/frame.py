"""What every page shares: the client, a body that refreshes by itself, and the states with nothing to show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import streamlit as st

from dashboard.answers.models import Access
from dashboard.client import AgentClient, titles
from dashboard.errors import AgentAnswerError, AgentAwayError, TokenError
from dashboard.settings import DashboardSettings

ACCESS = "access"
MODEL = "model"
TROUBLE = "trouble"
TROUBLES = (AgentAwayError, TokenError, AgentAnswerError)


def settings() -> DashboardSettings:
    return DashboardSettings()


def client() -> AgentClient:
    """One for all readers of this dashboard: they share its token."""
    found = settings()
    token = found.token.get_secret_value() if found.token else None
    return _client(found.agent_url, token, found.timeout_seconds)


@st.cache_resource(show_spinner=False, max_entries=4)
def _client(agent_url: str, token: str | None, timeout_seconds: float) -> AgentClient:
    return AgentClient(settings())


def now() -> datetime:
    return datetime.now(UTC)


def access() -> Access:
    """What the agent said of this dashboard's token when the page was opened."""
    found: Access = st.session_state[ACCESS]
    return found


def refreshing(draw: Callable[[], None]) -> None:
    """Draw now, and again by itself; what the reader has scrolled to, typed and chosen stays."""

    @st.fragment(run_every=settings().refresh_seconds)
    def body() -> None:
        with explained():
            draw()

    body()


def steady(draw: Callable[[], None]) -> None:
    """Draw now and when the reader does something in it, not by itself."""

    @st.fragment
    def body() -> None:
        with explained():
            draw()

    body()


def doing(act: Callable[..., str]) -> Callable[..., None]:
    """What a button does when it is pressed, before the page is drawn anew: say what was done, or why it was not."""

    def pressed(*given: object) -> None:
        try:
            st.toast(act(*given))
        except TROUBLES as error:
            st.session_state[TROUBLE] = error

    return pressed


@contextmanager
def explained() -> Iterator[None]:
    """Put what went wrong, here or in what a button did, into words with the next step."""
    trouble = st.session_state.pop(TROUBLE, None)
    if trouble:
        explain(trouble)
    try:
        yield
    except TROUBLES as error:
        explain(error)


def explain(error: Exception) -> None:
    if isinstance(error, AgentAwayError):
        st.error(
            f"The agent at {settings().agent_url} {error}. Start it with `python -m agent serve --with-loop`, or set "
            "`REFIT_DASHBOARD_AGENT_URL`. This page tries again by itself.",
            icon=":material/cloud_off:",
        )
    elif isinstance(error, TokenError):
        st.error(
            "The agent does not accept this dashboard's token. Set `REFIT_DASHBOARD_TOKEN` to one of the agent's "
            "(`REFIT_AGENT_API_TOKEN`, `..._APPROVE_TOKEN` or `..._READ_TOKEN`) and start the dashboard again.",
            icon=":material/key_off:",
        )
    else:
        _say_refusal(error, getattr(error, "code", ""))


def _say_refusal(error: Exception, code: str) -> None:
    if code == "text_hidden":
        st.info(str(error), icon=":material/visibility_off:")
    elif code in ("forbidden", "approval_refused", "busy"):
        st.warning(str(error), icon=":material/block:")
    else:
        st.error(str(error), icon=":material/error:")


def greet() -> bool:
    """Ask who we are to the agent; False, with the reason shown, as long as it cannot be asked."""
    if ACCESS in st.session_state:
        return True
    try:
        st.session_state[ACCESS] = client().access()
    except TROUBLES as error:
        _wait_for_agent(error)
        return False
    return True


def _wait_for_agent(error: Exception) -> None:
    """Say why nothing is shown, ask again by itself, and draw the whole page once there is an answer."""
    first = [error]

    def try_again() -> None:
        if first:
            raise first.pop()
        st.session_state[ACCESS] = client().access()
        st.rerun()

    refreshing(try_again)


def chosen_model() -> str:
    """The model of this page, as the reader or the link chose it; it stays the same from page to page."""
    names = titles(access().models)
    wanted = st.query_params.get(MODEL) or st.session_state.get(MODEL)
    if wanted not in names:
        if wanted:
            st.warning(f"There is no managed model `{wanted[:80]}` (any more).")
        wanted = access().default if access().default in names else next(iter(names))
    listed = list(names)
    picked = st.selectbox(
        "Model", listed, index=listed.index(wanted), format_func=lambda name: f"{names[name]} · {name}"
    )
    st.session_state[MODEL] = st.query_params[MODEL] = picked
    return picked


def nothing(sentence: str, next_step: str = "") -> None:
    """A designed empty state: what is not there, and what brings it."""
    with st.container(border=True):
        st.markdown(f":material/inbox: {sentence}")
        if next_step:
            st.caption(next_step)
