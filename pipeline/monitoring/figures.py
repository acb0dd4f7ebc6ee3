"""What a kept look says of drift and of accuracy, whoever looked.

Pure: no clock, no files, no model calls.
"""

from collections.abc import Mapping
from typing import Any

# A decision keeps its evidence, a look by hand the reports themselves, which count texts and rows of numbers apart.
COUNTED_AS = ("messages", "n_messages", "n_rows")


def figures(body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Drift, with `messages` as the number of rows, and accuracy; both are empty where nothing was measured."""
    seen = body.get("evidence") or body
    drift, accuracy = dict(seen.get("drift") or {}), dict(seen.get("accuracy") or {})
    counted = [drift[name] for name in COUNTED_AS if drift.get(name) is not None]
    return drift | {"messages": counted[0] if counted else None}, accuracy
