"""The measured part of docs/store.md, out of the results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import marks
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


def write_page(result: Mapping[str, Any]) -> None:
    """Put the tables between their marks."""
    for mark, words in {"ingestion": ingestion, "curves": curves, "mlflow": mlflow}.items():
        marks.fill(PAGE, mark, words(result))


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


def ingestion(result: Mapping[str, Any]) -> str:
    """Rows a second by rows of a batch, on each database."""
    there = measured(result)
    batches = list(result[there[0]]["rows_per_second"]) if there else []
    rows = [
        [f"{int(batch):,}", *(f"{result[name]['rows_per_second'][batch]:,}" for name in there)] for batch in batches
    ]
    return table(["rows of a batch", *(f"{NAMES[name]}, rows/s" for name in there)], rows)


def curves(result: Mapping[str, Any]) -> str:
    """Milliseconds of each read by rows of the log, a table for each database."""
    text = ["Milliseconds, medians, measured beside the databases."]
    for name in measured(result):
        curve = result[name]["curve"]
        head = [NAMES[name], *(f"{row['rows']:,} rows" for row in curve)]
        lines = [[said, *(f"{row[read]:.1f}" for row in curve)] for read, said in READS.items()]
        lines.append(["rows/s written, batches of 1,000", *(f"{row['rows_per_second']:,}" for row in curve)])
        text += ["", f"{NAMES[name]}, {_measured_on(result, name)}:", "", table(head, lines)]
    return "\n".join(text)


def mlflow(result: Mapping[str, Any]) -> str:
    """Milliseconds of each question to the registry."""
    registry = result.get("mlflow", {})
    if not registry:
        return "Not measured yet: `python -m benchmarks.registry_access`."
    rows = [[name, *(f"{value:.1f}" for value in row.values())] for name, row in registry.items()]
    head = next(list(row) for row in registry.values())
    columns = ["MLflow", *(f"{name.replace('_', ' ')}, ms" for name in head)]
    return f"Medians, {_measured_on(result, 'mlflow')}:\n\n{table(columns, rows)}"


def _measured_on(result: Mapping[str, Any], part: str) -> str:
    about = result["about"][part]
    return f"{about['at'][:10]} on {about['machine']}"
