"""The limits of Block Kit that a message must keep, as Slack's reference states them."""

from collections.abc import Mapping, Sequence
from typing import Any

TEXTS = {"plain_text", "mrkdwn"}


def problems(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why Slack would answer `invalid_blocks`; empty when it would not."""
    found = [] if 0 < len(blocks) <= 50 else [f"{len(blocks)} blocks"]
    actions: list[str] = []
    for block in blocks:
        found += _CHECKS[block["type"]](block)
        if block["type"] == "actions":
            actions += [element["action_id"] for element in block["elements"]]
    return found + ([] if len(actions) == len(set(actions)) else ["an action_id comes twice"])


def _text(value: Mapping[str, Any], longest: int, kinds: set[str] = TEXTS) -> list[str]:
    if value["type"] not in kinds:
        return [f"a text of type {value['type']}"]
    if not 1 <= len(value["text"]) <= longest:
        return [f"a text of {len(value['text'])} characters, {longest} are allowed"]
    odd = set(value) - {"type", "text", "emoji" if value["type"] == "plain_text" else "verbatim"}
    return [f"unknown fields {odd}"] if odd else []


def _header(block: Mapping[str, Any]) -> list[str]:
    return _text(block["text"], 150, {"plain_text"})


def _section(block: Mapping[str, Any]) -> list[str]:
    fields = block.get("fields", ())
    if "text" not in block and not fields:
        return ["a section without text"]
    found = _text(block["text"], 3_000) if "text" in block else []
    found += [] if len(fields) <= 10 else [f"{len(fields)} fields"]
    return found + [problem for field in fields for problem in _text(field, 2_000)]


def _context(block: Mapping[str, Any]) -> list[str]:
    found = [] if 1 <= len(block["elements"]) <= 10 else ["elements of a context"]
    return found + [problem for element in block["elements"] for problem in _text(element, 3_000)]


def _actions(block: Mapping[str, Any]) -> list[str]:
    found = [] if 1 <= len(block["elements"]) <= 25 else ["elements of actions"]
    for button in block["elements"]:
        found += _text(button["text"], 75, {"plain_text"})
        found += [] if len(button["value"]) <= 2_000 else ["a value that is too long"]
        found += [] if len(button["action_id"]) <= 255 else ["an action_id that is too long"]
        found += [] if button.get("style", "primary") in ("primary", "danger") else ["an unknown style"]
        if "confirm" in button:
            limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
            found += [problem for name, most in limits.items() for problem in _text(button["confirm"][name], most)]
    return found


_CHECKS = {"header": _header, "section": _section, "context": _context, "actions": _actions}
