"""Who asks the control plane, and what each may do."""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request
from pydantic import SecretStr

# Everybody else may do with it only what changes nothing: these may be asked by a viewer.
READING_METHODS = frozenset({"GET", "HEAD"})
READING_POSTS = frozenset({"/chat"})


class Role(StrEnum):
    """`local` is this machine itself, where no token is set."""

    LOCAL = "local"
    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The secrets of a deployment. Without the operator's, only this machine is listened to."""

    operator: SecretStr | None = None
    viewer: SecretStr | None = None

    @property
    def any(self) -> bool:
        return self.operator is not None or self.viewer is not None

    def role_of(self, presented: str) -> Role | None:
        """Whose token it is. All are compared, in constant time and as digests of one length."""
        given = _digest(presented)
        known = {Role.OPERATOR: self.operator, Role.VIEWER: self.viewer}
        matches = [
            role
            for role, token in known.items()
            if hmac.compare_digest(given, _digest(token.get_secret_value()) if token else b"") and token
        ]
        return matches[0] if matches else None


def role_of(request: Request) -> Role:
    """The role that the gate found for a request; where none stood before it, the least."""
    return Role(getattr(request.state, "role", Role.VIEWER))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
