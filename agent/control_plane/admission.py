"""Who may ask the control plane: POSTs need the token; without one, only this machine itself is listened to."""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable

from fastapi import Request
from pydantic import SecretStr

from agent.errors import ApiError, ApiSetupError

LOCAL_NAMES = frozenset({"localhost"})
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def require_a_safe_setup(host: str, token: SecretStr | None) -> None:
    """Raises ApiSetupError for an address that others can reach while no token is set."""
    if token is None and not is_local(host):
        raise ApiSetupError(
            f"Listening on {host} lets other machines approve promotions. Set REFIT_AGENT_API_TOKEN to a secret of "
            "16 characters or more, or listen on 127.0.0.1."
        )


def admission(token: SecretStr | None) -> Callable[[Request], None]:
    """The check of every request. Raises ApiError."""
    known = _digest(token.get_secret_value()) if token else None

    def admit(request: Request) -> None:
        if known is None:
            _require_this_machine(request)
        elif request.method in CHANGING:
            _require_token(request, known)

    return admit


def is_local(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    bare = host.strip("[]").lower()
    try:
        return bare in LOCAL_NAMES or ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _require_this_machine(request: Request) -> None:
    """A page in a browser here can send requests too: under a name of its own, or with its own origin."""
    if not is_local(request.url.hostname or ""):
        raise ApiError(403, "forbidden", "Without a token the control plane answers to 127.0.0.1 and localhost only.")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host')}":
        raise ApiError(403, "forbidden", "Pages of another origin may not use the control plane.")


def _require_token(request: Request, known: bytes) -> None:
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not presented:
        raise ApiError(401, "token_required", "Send the token of the control plane: Authorization: Bearer <token>.")
    # Digests of one length, compared in constant time: neither length nor place of a match can be measured.
    if not hmac.compare_digest(_digest(presented.strip()), known):
        raise ApiError(403, "forbidden", "The token is not the one of this control plane.")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
