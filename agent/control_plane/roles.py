"""Who asks the control plane, and what each may do."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request
from pydantic import SecretStr

# Everybody may do what changes nothing: these may be asked by a viewer.
READING_METHODS = frozenset({"GET", "HEAD"})
READING_POSTS = frozenset({"/chat", "/mcp"})
ANSWERS_TO_APPROVALS = re.compile(r"/approvals/[^/]+/(approve|reject)")


class Role(StrEnum):
    """`local` is this machine itself, where no token is set.

    Viewers read; approvers answer approvals too, but open no decision; operators do everything.
    """

    LOCAL = "local"
    VIEWER = "viewer"
    APPROVER = "approver"
    OPERATOR = "operator"

    @property
    def may_act(self) -> bool:
        """Open decisions, give labels, read messages of users; in a chat only the operator's token opens decisions."""
        return self in (Role.LOCAL, Role.OPERATOR)

    @property
    def may_approve(self) -> bool:
        return self.may_act or self is Role.APPROVER

    def may_ask(self, method: str, path: str) -> bool:
        """Whether a request is this role's to make."""
        if self.may_act or method in READING_METHODS or path in READING_POSTS:
            return True
        return self.may_approve and ANSWERS_TO_APPROVALS.fullmatch(path) is not None


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The secrets of a deployment. Without the operator's, only this machine is listened to."""

    operator: SecretStr | None = None
    approver: SecretStr | None = None
    viewer: SecretStr | None = None

    @property
    def by_role(self) -> dict[Role, SecretStr]:
        """The tokens that there are, by whose they are."""
        known = {Role.OPERATOR: self.operator, Role.APPROVER: self.approver, Role.VIEWER: self.viewer}
        return {role: token for role, token in known.items() if token is not None}

    def role_of(self, presented: str) -> Role | None:
        """Whose token it is. All are compared, in constant time and as digests of one length."""
        given = _digest(presented)
        matches = [
            role
            for role, token in self.by_role.items()
            if hmac.compare_digest(given, _digest(token.get_secret_value()))
        ]
        return matches[0] if matches else None


def role_of(request: Request) -> Role:
    """The role that the gate found for a request; where none stood before it, the least."""
    return Role(getattr(request.state, "role", Role.VIEWER))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
