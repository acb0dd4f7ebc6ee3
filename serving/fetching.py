"""Fetches artefacts by digest from the control plane, for a replica that shares no folder with it."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from pipeline.errors import ArtifactError

FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 0.5, 30.0
MOST_BYTES = 4 << 30


class ArtifactAwayError(ArtifactError):
    """The artefact is registered and could not be fetched yet: no reason to give its version up."""


@dataclass(frozen=True)
class _Pause:
    """No attempt for one artefact until then, and why the last one failed."""

    until: float
    seconds: float
    problem: str


class ArtifactFetcher:
    """One attempt a call. After a failure the calls for that artefact fail at once until a pause is over, which doubles
    each time.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr | None,
        *,
        timeout_seconds: float,
        seconds: Callable[[], float] = time.monotonic,
    ):
        self._url = url.rstrip("/")
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._seconds = seconds
        self._pauses: dict[str, _Pause] = {}

    def fetch(self, model: str, sha256: str) -> bytes:
        """The bytes with that digest. Raises ArtifactAwayError; other bytes than those are never returned."""
        pause = self._pauses.get(sha256)
        if pause is not None and self._seconds() < pause.until:
            raise ArtifactAwayError(pause.problem)
        try:
            content = self._answer(f"{self._url}/models/{quote(model, safe='')}/artifacts/{sha256}")
        except OSError as error:  # no connection, a status that is no 200, a time-out, an answer cut short
            raise self._failed(sha256, _why(error)) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise self._failed(sha256, "it answered with other bytes")
        self._pauses.pop(sha256, None)
        return content

    def _answer(self, address: str) -> bytes:
        # Imported here: a service that shares a folder with training starts without an HTTP client.
        from http.client import HTTPException
        from urllib.request import Request, urlopen

        request = Request(address)
        if self._token is not None:
            # Not sent on to where an answer may redirect.
            request.add_unredirected_header("Authorization", f"Bearer {self._token.get_secret_value()}")
        try:
            with urlopen(request, timeout=self._timeout_seconds) as answer:
                content: bytes = answer.read(MOST_BYTES)
                return content
        except HTTPException as error:
            raise OSError(type(error).__name__) from error

    def _failed(self, sha256: str, why: str) -> ArtifactAwayError:
        before = self._pauses.get(sha256)
        pause = min(2 * before.seconds, LONGEST_BACKOFF_SECONDS) if before else FIRST_BACKOFF_SECONDS
        problem = f"The artefact {sha256[:12]} could not be fetched from {self._url}: {why}."
        self._pauses[sha256] = _Pause(self._seconds() + pause, pause, problem)
        return ArtifactAwayError(problem)


def _why(error: OSError) -> str:
    status = getattr(error, "code", None)
    if status in (401, 403):
        return f"it answered {status}; set REFIT_SERVING_ARTIFACTS_TOKEN to a token that may read"
    return f"it answered {status}" if status else f"{getattr(error, 'reason', None) or type(error).__name__}"
