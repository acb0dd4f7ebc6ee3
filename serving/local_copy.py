"""The last good artefacts and pointer of each model on the service's own disk, to start from when the store is away."""

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pipeline.errors import ArtifactError
from pipeline.faults import fault_point
from pipeline.files import whole_file
from pipeline.records import Pointer
from pipeline.served.artifact import artifact_path, save_artifact

# The champion, the one before it, so that a rollback needs no other disk, and one that is tried.
KEPT_ARTEFACTS = 3


class LocalCopy:
    """A folder with `<model>/<sha256>.safetensors` and `<model>/pointer.json`, both written whole or not at all."""

    def __init__(self, folder: Path):
        self.folder = folder

    def save(self, pointer: Pointer, content: bytes) -> None:
        """Keep what is served now. Raises OSError when the disk refuses."""
        self._touch_outgoing(pointer.model)
        save_artifact(self.folder, pointer.model, content)
        fault_point("copy:artifact_saved")
        fields = {**vars(pointer), "promoted_at": pointer.promoted_at.isoformat()}
        with whole_file(self._pointer_file(pointer.model)) as partial:
            partial.write_text(json.dumps(fields), encoding="utf-8")
            fault_point("copy:pointer_written")
        self._forget_old(self.folder / pointer.model)

    def keep(self, model: str, content: bytes) -> None:
        """Keep an artefact that was fetched, whatever becomes of its version. Raises OSError when the disk refuses."""
        save_artifact(self.folder, model, content)
        self._forget_old(self.folder / model)

    def pointer(self, model: str) -> Pointer | None:
        """What was served last; None when nothing was. Raises ArtifactError when the file cannot be understood."""
        try:
            fields = json.loads(self._pointer_file(model).read_text(encoding="utf-8"))
            return Pointer(**{**fields, "promoted_at": datetime.fromisoformat(fields["promoted_at"])})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ArtifactError(
                f"The service's own pointer file for {model} cannot be read ({type(error).__name__})."
            ) from error

    def _touch_outgoing(self, model: str) -> None:
        """What served until now is what a rollback returns to: it must not be the oldest file."""
        try:
            outgoing = self.pointer(model)
        except ArtifactError:
            return
        if outgoing is not None:
            with suppress(FileNotFoundError):
                os.utime(artifact_path(self.folder, model, outgoing.artifact_sha256))

    def _pointer_file(self, model: str) -> Path:
        return self.folder / model / "pointer.json"

    @staticmethod
    def _forget_old(folder: Path) -> None:
        artefacts = sorted(folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in artefacts[KEPT_ARTEFACTS:]:
            path.unlink(missing_ok=True)
