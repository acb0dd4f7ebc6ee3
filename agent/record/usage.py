"""What calls of an LLM have taken. Pure: no clock, no files, no model calls."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Calls, tokens in and out, and money in USD."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(calls=self.calls + other.calls, tokens=self.tokens + other.tokens, usd=self.usd + other.usd)
