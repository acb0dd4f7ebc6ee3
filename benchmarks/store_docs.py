"""The measured part of docs/store.md, out of the results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.tables import table

RESULTS = Path(__file__).parent / "results" / "store.json"
PAGE = Path(__file__).parents[1] / "docs" / "store.md"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
READS = {
    "look": "all reads of a scheduled look",
    "next_window": "the next window (500)",
    "newest_window": "the newest window (500)",
    "window_of_long_ago": "a window of a version of long ago",
    "page_of_predictions": "a page of 50 predictions with labels",
    "page_of_reports": "a page of 50 reports",
    "newest_labels": "the newest 500 labels with their predictions",
    "performance_window": "accuracy of the newest window",
    "labels_to_train_on": "20,000 labelled rows for a training",
    "new_labels_of_a_rare_model": "how many labels a rare model has",
    "hundred_labels_written": "100 labels looked up and recorded",
}


def write_page(result: dict[str, Any]) -> None:
    """Put the tables between their marks."""
    parts = {"ingestion": _ingestion(result), "curves": _curves(result), "mlflow": _mlflow(result)}
    page = PAGE.read_text() if PAGE.exists() else ""
    for mark, lines in parts.items():
        before, begin, rest = page.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        if begin and end:
            page = before + begin + lines + "\n" + end + after
    if page:
        PAGE.write_text(page)


def measured(result: Mapping[str, Any]) -> list[str]:
    """The databases whose figures are there."""
    return [name for name in NAMES if name in result]


def log_reads(result: Mapping[str, Any]) -> str:
    """What a scheduled look reads and two more ways to read, by rows of the log, in milliseconds."""
    reads = {"look": "a look", "next_window": "next window", "newest_labels": "newest labels"}
    columns = [(read, name) for read in reads for name in measured(result)]
    sizes = {name: {row["rows"]: row for row in result[name]["curve"]} for name in measured(result)}
    rows = [
        [f"{size:,}", *(f"{sizes[name][size][read]:.0f}" if size in sizes[name] else "–" for read, name in columns)]
        for size in sorted({size for found in sizes.values() for size in found})
    ]
    head = ["rows of the log", *(f"{reads[read]}, {NAMES[name]}" for read, name in columns)]
    return f"Milliseconds, medians; a look is all that a scheduled look reads.\n\n{table(head, rows)}"


def _ingestion(result: dict[str, Any]) -> str:
    there = measured(result)
    batches = list(result[there[0]]["rows_per_second"]) if there else []
    rows = [
        [f"{int(batch):,}", *(f"{result[name]['rows_per_second'][batch]:,}" for name in there)] for batch in batches
    ]
    return table(["rows of a batch", *(f"{NAMES[name]}, rows/s" for name in there)], rows)


def _curves(result: dict[str, Any]) -> str:
    text = [f"Measured {result['at'][:10]} on {result['machine']}, beside the databases; milliseconds, medians."]
    for name in measured(result):
        curve = result[name]["curve"]
        head = [NAMES[name], *(f"{row['rows']:,} rows" for row in curve)]
        lines = [[said, *(f"{row[read]:.1f}" for row in curve)] for read, said in READS.items()]
        lines.append(["rows/s written, batches of 1,000", *(f"{row['rows_per_second']:,}" for row in curve)])
        text += ["", table(head, lines)]
    return "\n".join(text)


def _mlflow(result: dict[str, Any]) -> str:
    registry = result.get("mlflow", {})
    rows = [[name, *(f"{value:.1f}" for value in row.values())] for name, row in registry.items()]
    head = next((list(row) for row in registry.values()), [])
    return table(["MLflow", *(f"{name.replace('_', ' ')}, ms" for name in head)], rows) if rows else ""
