"""What people see of a move of the champion beside the promotion ledger: MLflow's alias and the registry's files."""

import logging
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from pipeline.records import Promotion
from pipeline.releases.exports import write_registry
from pipeline.releases.promotion import version_record
from pipeline.releases.registry import show_champion
from pipeline.settings import PipelineSettings

log = logging.getLogger(__name__)


def show_move(settings: PipelineSettings, control: Engine, move: Promotion) -> None:
    """Let both follow. The move has happened already: what they trip over is reported in the log and nothing more."""
    try:
        champion = version_record(control, move.model, move.to_version)
        if champion is not None:
            show_champion(settings, champion)
        write_registry(control, move.model, settings.registry_dir, datetime.now(UTC))
    except (OSError, SQLAlchemyError) as error:
        where = settings.registry_dir / move.model
        said = error.strerror if isinstance(error, OSError) else type(error).__name__
        log.warning("The files under %s still show an older champion: %s", where, said)
