"""Prompts from files: numbers are rendered into them from the spec and the evidence, and a missing one is an error."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parents[2] / "prompts"
# Which wordings were shipped, by their sha256; whoever changes a prompt adds its version here.
VERSIONS = "versions.json"


@dataclass(frozen=True)
class Prompts:
    """The templates of one folder. `sha256` identifies their wording, whatever is rendered into them."""

    folder: Path = FOLDER

    def render(self, name: str, **values: object) -> str:
        """One prompt with its values. Raises jinja2.UndefinedError for a value that is missing."""
        # The prompts are plain text for a model: nothing is escaped, and no value in them comes from a stranger.
        environment = Environment(
            loader=FileSystemLoader(self.folder), undefined=StrictUndefined, autoescape=False, trim_blocks=True
        )
        return environment.get_template(name).render(**values).strip()

    def sha256(self, *names: str) -> str:
        digest = hashlib.sha256()
        for name in names:
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()

    def version(self, *names: str) -> str | None:
        """The version under which this very wording was shipped; None for a wording of somebody's own."""
        file = self.folder / VERSIONS
        shipped = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return shipped.get(self.sha256(*names))
