"""Who may ask the control plane: with tokens set, nobody without one; without, only this machine itself."""

import ipaddress
from dataclasses import dataclass
from itertools import combinations

from starlette.requests import Request

from agent.control_plane.roles import READING_METHODS, Role, Tokens
from agent.errors import ApiError, ApiSetupError
from agent.settings import AgentSettings

LOCAL_NAMES = frozenset({"localhost"})
# Whoever passes a request on for somebody else says so in one of these.
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
# Says that the process lives and no figure: health checks of this machine carry no token.
OPEN_HERE = frozenset({"/health", "/health/live", "/health/ready"})
VARIABLES = {
    Role.OPERATOR: "REFIT_AGENT_API_TOKEN",
    Role.APPROVER: "REFIT_AGENT_API_APPROVE_TOKEN",
    Role.VIEWER: "REFIT_AGENT_API_READ_TOKEN",
}
REFUSALS = {
    Role.APPROVER: "This needs the operator's token; an approver's reads and answers approvals.",
    Role.VIEWER: "This needs the operator's token, or an approver's for approvals; a viewer's only reads.",
}


def tokens_of(settings: AgentSettings) -> Tokens:
    return Tokens(operator=settings.api_token, approver=settings.api_approve_token, viewer=settings.api_read_token)


def require_a_safe_setup(host: str, tokens: Tokens) -> None:
    """Raises ApiSetupError where strangers could ask, where nobody could act, and for one token of two roles."""
    if tokens.operator is None and not is_local(host):
        raise ApiSetupError(
            f"Listening on {host} lets other machines approve promotions. Set REFIT_AGENT_API_TOKEN to a secret of "
            "16 characters or more, or listen on 127.0.0.1."
        )
    if tokens.by_role and tokens.operator is None:
        others = " and ".join(VARIABLES[role] for role in tokens.by_role)
        raise ApiSetupError(f"With {others} alone nobody could act: set {VARIABLES[Role.OPERATOR]} too.")
    for one, other in combinations(tokens.by_role, 2):
        if tokens.by_role[one] == tokens.by_role[other]:
            raise ApiSetupError(f"{VARIABLES[one]} and {VARIABLES[other]} are the same: give each role its own token.")


@dataclass(frozen=True)
class Admission:
    """The check of every request, whatever its path."""

    tokens: Tokens

    def role(self, request: Request) -> Role:
        """Who asks. Raises ApiError for a request that may not be answered."""
        if not self.tokens.by_role:
            _require_this_machine(request)
            return Role.LOCAL
        if request.method in READING_METHODS and request.url.path in OPEN_HERE and _from_this_machine(request):
            return Role.VIEWER
        found = _presented_role(request, self.tokens)
        if not found.may_ask(request.method, request.url.path):
            raise ApiError(403, "forbidden", REFUSALS[found])
        return found


def is_local(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    bare = host.strip("[]").lower()
    try:
        return bare in LOCAL_NAMES or ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _from_this_machine(request: Request) -> bool:
    """Both ends are local: a proxy here that passes others on shows their name, or says so in a header."""
    client = request.client.host if request.client else ""
    return is_local(client) and is_local(request.url.hostname or "") and not _passed_on(request)


def _passed_on(request: Request) -> bool:
    return any(name in request.headers for name in FORWARDED)


def _require_this_machine(request: Request) -> None:
    """A page in a browser here can send requests too: under a name of its own, or with its own origin."""
    if not is_local(request.url.hostname or ""):
        raise ApiError(403, "forbidden", "Without a token the control plane answers to 127.0.0.1 and localhost only.")
    if _passed_on(request):
        raise ApiError(
            403, "forbidden", "Without a token the control plane answers no proxy: set REFIT_AGENT_API_TOKEN."
        )
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host')}":
        raise ApiError(403, "forbidden", "Pages of another origin may not use the control plane.")


def _presented_role(request: Request, tokens: Tokens) -> Role:
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not presented.strip():
        raise ApiError(401, "token_required", "Send a token of the control plane: Authorization: Bearer <token>.")
    found = tokens.role_of(presented.strip())
    if found is None:
        raise ApiError(403, "forbidden", "The token is none of this control plane.")
    return found
