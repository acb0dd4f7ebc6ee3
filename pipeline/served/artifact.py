"""What is served, as data: one file of named arrays without code, addressed and checked by its sha256."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from pipeline.errors import ArtifactError
from pipeline.files import write_whole
from pipeline.monitoring.numeric import NumericProfile
from pipeline.monitoring.profile import Profile
from pipeline.served.numeric_forms import NumericModel
from pipeline.served.protocols import Predictor, ServedModel, Tensors
from pipeline.served.text_linear import TextLinearModel
from pipeline.served.text_numbers import TextNumbersModel
from pipeline.served.transformer import TransformerModel

FORMAT = 1
PROFILE_PREFIX, NUMERIC_PROFILE_PREFIX = "profile.", "numeric_profile."
# What an artefact may hold; nothing else is ever loaded.
KINDS: Mapping[str, type[TextLinearModel] | type[NumericModel] | type[TextNumbersModel] | type[TransformerModel]] = {
    kind.kind: kind for kind in (TextLinearModel, NumericModel, TextNumbersModel, TransformerModel)
}


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A loaded artefact: its predictor, the reference profile for monitoring, and what the training wrote about it.

    A text model carries a `profile`, a model of numbers a `numeric_profile`. A text profile is some ten thousand
    strings, which answering needs none of: they stay in `profile_tensors` until somebody asks.
    """

    predictor: Predictor
    metadata: Mapping[str, Any]
    sha256: str
    profile_tensors: Tensors = field(default_factory=dict)
    numeric_profile: NumericProfile | None = None
    kind: str = ""

    @cached_property
    def profile(self) -> Profile | None:
        """Raises ArtifactError when the profile cannot be read."""
        try:
            return Profile.from_tensors(self.profile_tensors) if self.profile_tensors else None
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(error) from error


def pack(model: ServedModel, profile: Profile | NumericProfile | None, metadata: Mapping[str, Any]) -> bytes:
    """The bytes of an artefact. They depend on the arguments alone, so equal models have equal bytes."""
    tensors = model.to_tensors()
    if profile is not None:
        prefix = PROFILE_PREFIX if isinstance(profile, Profile) else NUMERIC_PROFILE_PREFIX
        tensors |= {prefix + name: array for name, array in profile.to_tensors().items()}
    header = {"format": FORMAT, "kind": model.kind, "parameters": model.parameters(), "metadata": dict(metadata)}
    # As an array, not as the format's own header: that one keeps no order, and equal models would differ in bytes.
    tensors["header"] = _blob(json.dumps(header, sort_keys=True))
    return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def unpack(content: bytes) -> Artifact:
    """The artefact in `content`. Raises ArtifactError when it is not one, or of a newer format."""
    try:
        tensors: Tensors = safetensors.numpy.load(content)
        header = json.loads(_text(tensors["header"]))
        if header["format"] != FORMAT or header["kind"] not in KINDS:
            raise ArtifactError(f"An artefact of format {header['format']} ({header['kind']}) needs a newer release.")
        return Artifact(
            predictor=KINDS[header["kind"]].from_tensors(tensors, header["parameters"]).predictor(),
            profile_tensors=_under(PROFILE_PREFIX, tensors),
            numeric_profile=_numeric_profile(tensors),
            metadata=header["metadata"],
            kind=header["kind"],
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> ArtifactError:
    return ArtifactError(f"The artefact cannot be read ({type(error).__name__}); train or fetch it again.")


def artifact_path(artifact_dir: Path, model: str, sha256: str) -> Path:
    return artifact_dir / model / f"{sha256}.safetensors"


def save_artifact(artifact_dir: Path, model: str, content: bytes) -> str:
    """Write an artefact under its sha256, whole or not at all, and return the sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = artifact_path(artifact_dir, model, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return sha256


def load_artifact(path: Path, sha256: str) -> Artifact:
    """Read an artefact and hold it to its registered sha256. Raises ArtifactError."""
    return unpack(read_checked(path, sha256))


def read_checked(path: Path, sha256: str) -> bytes:
    """The bytes of an artefact with the given sha256. Raises ArtifactError when they are missing or altered."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"The artefact {path.name} cannot be read: {error.strerror}.") from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise ArtifactError(f"The artefact {path.name} is altered: sha256 {actual}, registered {sha256}. Restore it.")
    return content


def _numeric_profile(tensors: Tensors) -> NumericProfile | None:
    parts = _under(NUMERIC_PROFILE_PREFIX, tensors)
    return NumericProfile.from_tensors(parts) if parts else None


def _under(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}


def _blob(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(blob: NDArray[Any]) -> str:
    return blob.tobytes().decode()
