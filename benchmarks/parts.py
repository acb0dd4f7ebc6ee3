"""The parts of hand-written pages that figures are written into, and the result that each comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import containers_docs, gate_docs, learning, marks, models, reliability_docs, serving_docs, store_docs

DOCS = Path(__file__).parents[1] / "docs"
Result = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What stands between the marks of a page: the words of a result."""

    page: str
    mark: str
    result: str
    words: Callable[[Result], str]


PARTS = (
    Part(page="add-a-model.md", mark=models.MARK, result="models", words=models.table),
    Part(page="add-a-model.md", mark=learning.MARK, result="learning", words=learning.table),
    Part(page="architecture.md", mark="gate", result="gate", words=gate_docs.words),
    Part(page="deployment.md", mark=containers_docs.MARK, result="containers", words=containers_docs.words),
    Part(page="reliability.md", mark=reliability_docs.MARK, result="reliability", words=reliability_docs.words),
    Part(page="serving.md", mark="measured", result="serving", words=serving_docs.table_text),
    Part(page="serving.md", mark="soak", result="soak", words=serving_docs.soak_text),
    Part(page="store.md", mark="ingestion", result="store", words=store_docs.ingestion),
    Part(page="store.md", mark="curves", result="store", words=store_docs.curves),
    Part(page="store.md", mark="mlflow", result="store", words=store_docs.mlflow),
)


def write(results: Mapping[str, Result]) -> None:
    """Fill every part whose result is there."""
    for part in PARTS:
        if part.result in results:
            marks.fill(DOCS / part.page, part.mark, part.words(results[part.result]))
