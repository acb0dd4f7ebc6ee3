"""The measured part of docs/deployment.md, out of the results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import marks
from benchmarks.tables import table

PAGE = Path(__file__).parents[1] / "docs" / "deployment.md"
MARK = "containers"
Result = Mapping[str, Any]


def words(result: Result) -> str:
    """What was measured, as a table; image sizes only where they were."""
    sizes = result.get("image_bytes", {})
    base = "the published base image" if result.get("published_base") else "a stand-in for the base image"
    on = f", on {base} ({_size(sizes['base'])})" if sizes else ""
    head = f"{result['at'][:10]}{on}; load before: {result['load_before']:.1f} on {result['cores']} cores."
    rows = [[f"size of `refit-{role}`", _size(size)] for role, size in sizes.items() if role != "base"]
    rows.append(["from `up` until the service answers, on empty volumes", _seconds(result["created_to_live_seconds"])])
    if "created_to_agent_seconds" in result:
        rows.append(["from `up` until the agent answers", _seconds(result["created_to_agent_seconds"])])
    again = "from starting all containers again until a prediction is answered"
    rows.append([again, _seconds(result["started_to_answer_seconds"])])
    return f"{head}\n\n{table(['what', 'measured'], rows)}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _size(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def write_page(result: Result) -> None:
    marks.fill(PAGE, MARK, words(result))
