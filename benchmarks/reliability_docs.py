"""The measured part of docs/reliability.md, out of the results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import marks
from benchmarks.tables import table

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
MARK = "soak"


def words(result: Mapping[str, Any]) -> str:
    """Kills, what they did, how long all was well again took, and where they were."""
    found = result["summary"]
    seconds = found["seconds_until_all_is_well"]
    rows = [
        (row["victim"], f"`{row['point']}`", str(row["kills"]), f"{row['median_seconds']}", str(row["violations"]))
        for row in found["by_point"]
    ]
    head = ("killed", "where", "times", "seconds until all was well, median", "violations")
    return "\n".join(
        [
            f"{result['at'][:10]}: {found['kills']} kills of {len(result['runs'])} deployments at once, on a machine "
            f"that others load, in {result['minutes']} minutes: **{found['violations']} violations**.",
            f"Meanwhile {found['predictions']:,} predictions and {found['labels']:,} labels were taken and kept, "
            f"{found['decisions']:,} decisions made and {found['promotions']} versions promoted. {found['failed']:,} "
            f"requests met a dead service, {found['refused']:,} were refused. {found['notices']:,} notices came to "
            f"Slack, {found['notices_sent_again']} of them more than once.",
            f"From a kill until everything answered again and what was under way had ended: {seconds['median']} s in "
            f"the median, {seconds['longest']} s at most; that includes waiting until somebody comes to the point.",
            "",
            table(head, rows),
        ]
    )


def write_page(result: Mapping[str, Any]) -> None:
    marks.fill(PAGE, MARK, words(result))
