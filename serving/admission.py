"""Who may use the service and how much: keys, rates, sizes; the same for every path that a request may take."""

import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from pydantic import SecretStr
from starlette.types import Scope

from serving.errors import BodyTooLargeError, ServingError

MOST_CALLERS = 20_000
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
# Paths with one of these in them answer with messages or their words, so that reading them takes a key as well.
SHOW_MESSAGES = ("/labels/", "/drift/")

Headers = Mapping[bytes, bytes]


class KeyRequiredError(ServingError):
    status = 401
    code = "key_required"


class ForbiddenError(ServingError):
    status = 403
    code = "forbidden"


class RateLimitedError(ServingError):
    status = 429
    code = "rate_limited"

    def __init__(self, message: str, wait_seconds: float):
        super().__init__(message)
        self.headers = {"retry-after": str(max(1, round(wait_seconds)))}


class EncodingError(ServingError):
    status = 415
    code = "encoding_not_supported"


class Keys:
    """Secrets, compared by their digests in constant time: neither length nor place of a match can be measured."""

    def __init__(self, keys: Sequence[SecretStr]):
        self._digests = [_digest(key.get_secret_value().encode()) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def place(self, presented: bytes) -> int | None:
        """Which key it is; None when it is none."""
        digest = _digest(presented)
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return matches.index(True) if any(matches) else None


class Rates:
    """A token bucket for each caller; the callers that were heard of longest ago are forgotten."""

    def __init__(self, per_second: float, burst: int, seconds: Callable[[], float] = time.monotonic):
        self._per_second = per_second
        self._burst = float(burst)
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """0.0 when a request may pass now, else the seconds until one may."""
        now = self._seconds()
        left, at = self._buckets.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        passes = left >= 1.0
        self._buckets[caller] = (left - 1.0 if passes else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return 0.0 if passes else (1.0 - left) / self._per_second


class Admission:
    """Raises a ServingError when a request may not pass."""

    def __init__(
        self,
        *,
        keys: Sequence[SecretStr] = (),
        control_token: SecretStr | None = None,
        rates: Rates | None = None,
        max_body_bytes: int,
    ):
        self._keys = Keys(keys)
        self._control = Keys([control_token] if control_token else [])
        self._rates = rates
        self._max_body_bytes = max_body_bytes

    def admit(self, scope: Scope, headers: Headers) -> None:
        """Key, rate, encoding and announced size of one request."""
        path: str = scope["path"]
        caller = None
        try:
            if path.startswith("/control/"):
                self._admit_control(scope, headers)
            elif self._keys and needs_key(scope["method"], path):
                caller = self._known_key(headers)
        finally:
            # A refusal takes from the peer's rate as well: nobody may guess keys without end.
            if self._rates is not None:
                self._admit_rate(caller or peer(scope))
        if b"content-encoding" in headers and headers[b"content-encoding"] != b"identity":
            raise EncodingError("Compressed bodies are not taken. Send the body as it is, without Content-Encoding.")
        length = headers.get(b"content-length")
        if length is not None and length.isdigit() and int(length) > self._max_body_bytes:
            raise BodyTooLargeError(self._max_body_bytes)

    def _known_key(self, headers: Headers) -> str:
        place = self._keys.place(presented(headers))
        if place is None:
            raise KeyRequiredError("This service takes predictions with a key only. Send it as X-API-Key.")
        return f"key {place}"

    def _admit_control(self, scope: Scope, headers: Headers) -> None:
        if self._control:
            if self._control.place(presented(headers)) is None:
                raise KeyRequiredError("The control plane needs its token. Send it as Authorization: Bearer TOKEN.")
            return
        if not is_local(scope, headers):
            raise ForbiddenError(
                "Without a token, the control plane answers this machine alone. Set REFIT_SERVING_CONTROL_TOKEN."
            )

    def _admit_rate(self, caller: str) -> None:
        assert self._rates is not None
        wait = self._rates.take(caller)
        if wait:
            raise RateLimitedError(f"Too many requests. Send the next one in {wait:.2f} s.", wait)


def needs_key(method: str, path: str) -> bool:
    """Whatever carries or shows messages; health, counters and documentation are open."""
    return method not in {"GET", "HEAD", "OPTIONS"} or shows_messages(path)


def shows_messages(path: str) -> bool:
    return any(part in path for part in SHOW_MESSAGES)


def presented(headers: Headers) -> bytes:
    """The key of a request, from X-API-Key or Authorization: Bearer; empty when there is none."""
    key = headers.get(b"x-api-key")
    if key is not None:
        return key
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""


def is_local(scope: Scope, headers: Headers) -> bool:
    """Whether a request comes from this very machine, not through a proxy on it nor from a web page in a browser."""
    client = scope.get("client")
    if client is None or any(name in headers for name in FORWARDED) or b"origin" in headers:
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback and _host_name(headers) in LOOPBACK_NAMES
    except ValueError:
        return False


def _host_name(headers: Headers) -> str:
    """The Host header without its port; a name that merely resolves to this machine (DNS rebinding) is none of ours."""
    host = headers.get(b"host", b"localhost").decode("latin-1").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def peer(scope: Scope) -> str:
    """Whom a rate belongs to when there is no key: an address, or the /64 network of an IPv6 one."""
    client = scope.get("client")
    host: str = client[0] if client else "unknown"
    return _network(host) if ":" in host else host


@lru_cache(MOST_CALLERS)
def _network(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
