"""The backtest from a file to its result: reads, chooses the reference and the window, walks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from agent.decision import PolicyRules
from agent.errors import EvidenceFileError
from agent.foresight.backtest.rulers import NumericRuler, Ruler, TextRuler
from agent.foresight.backtest.table import Columns, PastPrediction, read_predictions
from agent.foresight.backtest.walk import Backtest, Walk
from pipeline.spec import MonitoringRules

# At least so many windows are looked at, where the data allows windows of a hundred rows or more.
WINDOWS_WANTED = 10
LEAST_WINDOW = 100


def backtest(
    path: Path,
    columns: Columns,
    rules: PolicyRules,
    *,
    reference: float = 0.3,
    window: int | None = None,
    label_delay_hours: float = 0.0,
) -> Backtest:
    """What Refit would have seen and decided. `reference` below 1 is a share of the rows, else their number.

    Raises EvidenceFileError for a file that cannot be used.
    """
    rows = read_predictions(path, columns)
    first = round(len(rows) * reference) if reference < 1 else round(reference)
    least = 4 * rules.monitoring.min_rows
    if first < least or len(rows) - first < rules.monitoring.min_rows:
        raise EvidenceFileError(
            f"{path} has {len(rows)} rows; with {first} of them as the reference nothing can be told. "
            f"At least {least} are needed for the reference and {rules.monitoring.min_rows} after it (--reference)."
        )
    size = window or window_for(len(rows) - first, rules.monitoring.window_rows)
    lines = replace(rules, monitoring=replace(rules.monitoring, window_rows=size))
    walk = Walk(
        model=path.stem,
        rows=rows,
        reference_rows=first,
        rules=lines,
        make_ruler=partial(_ruler, columns, lines.monitoring),
        label_delay=timedelta(hours=label_delay_hours),
    )
    return walk.run()


def window_for(rows: int, wanted: int) -> int:
    """The model's window, or a smaller one where so few rows would give fewer than ten looks."""
    return max(min(wanted, rows // WINDOWS_WANTED), min(LEAST_WINDOW, wanted))


def _ruler(columns: Columns, lines: MonitoringRules, reference: Sequence[PastPrediction]) -> Ruler:
    return NumericRuler(reference, lines, columns.features) if columns.features else TextRuler(reference, lines)
