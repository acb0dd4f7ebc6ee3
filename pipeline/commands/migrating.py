"""The command that brings the databases to this release's schema, for those who do it before anything starts."""

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, out, stores
from pipeline.store.migrate import revision


def migrate(json: AsJson = False) -> None:
    """Bring both databases to the newest schema, and say which revision each is at. Whatever starts does it too."""
    with stores() as store:
        revisions = {"telemetry": revision(store.telemetry), "control": revision(store.control)}
    if json:
        reporting.print_json(revisions)
        return
    for database, found in revisions.items():
        out.print(f"The {database} database is at revision {found}.", highlight=False)
