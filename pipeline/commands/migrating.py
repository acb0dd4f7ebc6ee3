"""The command that brings the databases to this release's schema, for those who do it before anything starts."""

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, out
from pipeline.settings import PipelineSettings
from pipeline.store.migrate import revision
from pipeline.store.open import open_store


def migrate(json: AsJson = False) -> None:
    """Bring both databases to the newest schema, and say which revision each is at. Whatever starts does it too."""
    store = open_store(PipelineSettings())
    try:
        revisions = {"telemetry": revision(store.telemetry), "control": revision(store.control)}
    finally:
        store.close()
    if json:
        reporting.print_json(revisions)
        return
    for database, found in revisions.items():
        out.print(f"The {database} database is at revision {found}.", highlight=False)
