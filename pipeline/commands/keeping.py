"""Commands that keep the store for years: archive old rows, back up, restore."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.catalog import whole_catalog
from pipeline.commands import reporting
from pipeline.commands.common import AsJson, out, stores
from pipeline.settings import PipelineSettings

Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]
# Why old predictions had to stay, in words.
STAYED = {
    "unread": "no scheduled look has read them",
    "newest_window": "they are the newest window of the champion or of the one before it",
    "learned_from": "their labels are among those that a training reads",
    "unknown": "their model has versions but no file; name it with --retired if it is gone for good",
}


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    retired: Annotated[list[str] | None, typer.Option(help="A model that is gone; its rows go by their age.")] = None,
    json: AsJson = False,
) -> None:
    """Move rows older than REFIT_KEEP_PREDICTIONS_DAYS, ..._REPORTS_DAYS and ..._LATENCIES_DAYS into the archive."""
    from pipeline.keeping.retention import archive_old_rows

    settings = PipelineSettings()
    with stores() as store:
        made = archive_old_rows(
            settings, store, whole_catalog(), datetime.now(UTC), retired=retired or (), dry_run=dry_run
        )
    if json:
        reporting.print_json({"rows": made.rows if made else {}, "stayed": made.stayed if made else {}})
        return
    if made is None:
        out.print("Everything is kept: set REFIT_KEEP_PREDICTIONS_DAYS, ..._REPORTS_DAYS or ..._LATENCIES_DAYS.")
        return
    done = "would go" if dry_run else "went"
    for table, rows in made.rows.items():
        out.print(f"{rows:,} {table} {done} to {settings.archive_dir}.", highlight=False, soft_wrap=True)
    for reason, rows in made.stayed.items():
        out.print(f"{rows:,} old predictions stay: {STAYED[reason]}.", highlight=False, soft_wrap=True)
    if not any(made.rows.values()):
        out.print("Nothing is old enough to go.")


def backup(folder: Folder, json: AsJson = False) -> None:
    """Copy the databases, artefacts and the archive into a new folder, while everything goes on."""
    from pipeline.keeping.backup import make_backup

    made = make_backup(PipelineSettings(), folder, datetime.now(UTC))
    if json:
        reporting.print_json(vars(made) | {"folder": str(made.folder)})
        return
    size = f"{made.bytes / 1e6:,.1f} MB"
    out.print(f"{folder}: {made.files} files, {size}, {made.ledger_entries} ledger entries.", highlight=False)
    for sentence in made.left_out:
        out.print(f"Left out: {sentence}", markup=False, highlight=False, soft_wrap=True)


def restore(
    folder: Folder,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put what is there aside; PostgreSQL's is dropped.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Put a backup back into REFIT_HOME and the configured databases, and verify the ledger."""
    from pipeline.keeping.restore import restore as put_back

    made = put_back(PipelineSettings(), folder, datetime.now(UTC), replace=replace)
    if json:
        reporting.print_json(vars(made) | {"at": made.at.isoformat(), "aside": str(made.aside) if made.aside else None})
        return
    out.print(
        f"Restored the state of {made.at:%Y-%m-%d %H:%M} UTC: {made.versions} versions, {made.predictions:,} "
        f"predictions, {made.ledger_entries} ledger entries, whose chain holds.",
        highlight=False,
        soft_wrap=True,
    )
    if made.aside:
        out.print(f"What was there before is in {made.aside}.", highlight=False, soft_wrap=True)
