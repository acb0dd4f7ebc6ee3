"""Why the agent's answer is not there; each message says what to do."""


class AgentAnswerError(Exception):
    """The agent refused: its own code and sentence."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code = status, code


class AgentAwayError(Exception):
    """Nobody answers at the address, or not in time."""


class TokenError(Exception):
    """The agent wants a token that the dashboard does not have."""


class DashboardSetupError(Exception):
    """The dashboard would be open to strangers."""
