"""The artefacts that looks need, kept between looks within a bound, so that memory stays flat however many models.

Content is addressed by its sha256, so what is kept never grows old.
"""

from pathlib import Path
from threading import Lock

from cachetools import RRCache

from pipeline.served.artifact import Artifact, artifact_path, load_artifact

# By the size of the files; loaded, a text model takes about five times as much memory.
MOST_BYTES = 100_000_000


class Artifacts:
    """Looks go round all models: the least recently used would always be the one needed next, so chance decides."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._kept: RRCache[Path, tuple[Artifact, int]] = RRCache(most_bytes, getsizeof=lambda kept: kept[1])
        self._lock = Lock()

    def get(self, folder: Path, model: str, sha256: str) -> Artifact:
        """An artefact from memory or, held to its sha256, from its file. Raises ArtifactError."""
        path = artifact_path(folder, model, sha256)
        with self._lock:
            if path in self._kept:
                return self._kept[path][0]
        artifact, size = load_artifact(path, sha256), path.stat().st_size
        with self._lock:
            if size <= self._kept.maxsize:
                self._kept[path] = artifact, size
        return artifact

    @property
    def bytes(self) -> int:
        with self._lock:
            return int(self._kept.currsize)


# One for all the models of a process.
SHARED = Artifacts()
