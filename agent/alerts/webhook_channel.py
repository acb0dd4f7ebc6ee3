"""A generic webhook as a channel: every notice as signed JSON."""

import time
from dataclasses import dataclass

import httpx

from agent.alerts.channels import Context, RefusedError, SendError
from agent.alerts.links import Places
from agent.alerts.notice import Notice
from agent.alerts.payload import payload_of, signed_headers
from agent.alerts.slack_channel import retry_after

# The receiver has read this very body and will not have it.
_ABOUT_THE_BODY = frozenset({400, 413, 415, 422})


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts to one address; redirects are not followed, since the body is meant for that address alone."""

    url: str
    secret: str | None
    places: Places
    timeout: float = 10.0
    transport: httpx.BaseTransport | None = None

    @property
    def name(self) -> str:
        return "webhook"

    def send(self, notice: Notice, context: Context) -> None:
        body = payload_of(notice, self.places)
        headers = signed_headers(body, self.secret, int(time.time()), notice.key)
        try:
            with httpx.Client(timeout=self.timeout, transport=self.transport) as client:
                answer = client.post(self.url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendError(f"the webhook does not answer ({type(error).__name__})") from None
        if answer.is_success:
            return
        said = f"the webhook answered {answer.status_code}"
        if answer.status_code in _ABOUT_THE_BODY:
            raise RefusedError(said)
        raise SendError(said, retry_after(answer.headers))
