"""The label queue over a real store, its sheet, and the commands around it."""

import csv
import io
import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from pipeline.catalog import managed_model
from pipeline.errors import InputError
from pipeline.labels.feedback import record_labels
from pipeline.labels.queue import LabelQueue, label_queue, labels_of_csv, queue_csv
from pipeline.records import JudgedVersion, Pointer, Provenance
from pipeline.releases.promotion import pointer, promote
from pipeline.settings import PipelineSettings
from pipeline.store import telemetry as tables
from pipeline.store.open import Store
from tests.pipeline.builders import NOON, add_verdict, add_version, environment_of

SPEC = managed_model("sms_spam")


@pytest.fixture
def champion(settings: PipelineSettings, store: Store) -> Pointer:
    add_version(settings, store, 1)
    verdict = add_verdict(store, 1, champion=None)
    promote(
        store.control,
        JudgedVersion(model=SPEC.name, version=1, verdict_id=verdict, expected_generation=0),
        Provenance(who="test", why="first", at=NOON),
    )
    found = pointer(store.control, SPEC.name)
    assert found is not None
    return found


def serve(store: Store, texts: list[str], *, first_at: datetime = NOON) -> None:
    rows = [
        {"prediction_id": f"p{place}", "model": SPEC.name, "version": 1, "slot": "champion"}
        | {"at": first_at + timedelta(seconds=place), "input": tables.encode_input(text)}
        | {"prediction": place % 2, "score": (place % 97) / 100}
        for place, text in enumerate(texts)
    ]
    with store.telemetry.begin() as connection:
        connection.execute(insert(tables.predictions), rows)


def queue(store: Store, champion: Pointer, limit: int = 1_000) -> LabelQueue:
    return label_queue(
        store.telemetry, spec=SPEC, champion=champion, profile=None, limit=limit, now=NOON + timedelta(days=1)
    )


def labels_in(store: Store) -> int:
    with store.telemetry.connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.labels)).scalar()


def filled(sheet: str, label: str) -> str:
    rows = list(csv.DictReader(io.StringIO(sheet, newline="")))
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, rows[0].keys())
    writer.writeheader()
    writer.writerows([row | {"label": label} for row in rows])
    return written.getvalue()


def test_without_messages_the_queue_is_empty(store: Store, champion: Pointer):
    found = queue(store, champion)
    assert (found.items, found.waiting, found.window, found.labelled) == ((), 0, 0, 0)


def test_the_queue_holds_each_message_of_the_newest_window_once(store: Store, champion: Pointer):
    serve(store, [f"message {place}" for place in range(550)] + ["sold out"] * 50)
    found = queue(store, champion)
    inputs = [item.record.input for item in found.items]
    assert found.window == 500
    assert len(inputs) == len(set(inputs)) == found.waiting == 451
    assert "message 99" not in inputs
    assert [item.record.input for item in queue(store, champion, limit=7).items] == inputs[:7]


def test_messages_of_before_the_promotion_are_left_out(store: Store, champion: Pointer):
    serve(store, [f"message {place}" for place in range(100)], first_at=NOON - timedelta(seconds=60))
    assert queue(store, champion).window == 40


def test_a_label_takes_its_message_out_of_the_queue(store: Store, champion: Pointer):
    serve(store, [f"message {place}" for place in range(100)])
    first = queue(store, champion)
    sheet = filled(queue_csv(queue(store, champion, limit=20)), "spam")
    record_labels(store.telemetry, labels_of_csv(sheet, SPEC, source="sheet", at=NOON))
    later = queue(store, champion)
    assert (later.labelled, later.waiting) == (20, 80)
    assert [item.record.prediction_id for item in later.items] == [
        item.record.prediction_id for item in first.items[20:]
    ]


def test_a_sheet_survives_what_messages_hold_and_hides_the_answer_of_the_model(store: Store, champion: Pointer):
    strange = ["=HYPERLINK(1)", "+44 7", "@home", 'say "hi", you', "two\r\nlines", "\ud800 half", "😀", "a;b;c"]
    serve(store, strange + [f"message {place}" for place in range(10)])
    sheet = queue_csv(queue(store, champion))
    rows = list(csv.DictReader(io.StringIO(sheet.encode("utf-8").decode("utf-8"), newline="")))
    assert set(rows[0]) == {"prediction_id", "message", "label", "source"}
    shown = {row["message"] for row in rows}
    assert {"'=HYPERLINK(1)", "'+44 7", "'@home", 'say "hi", you', "two\r\nlines", "😀", "a;b;c"} < shown
    assert len(labels_of_csv(filled(sheet, "HAM"), SPEC, source="sheet", at=NOON)) == 18


def test_a_sheet_can_be_imported_again_and_half_filled(store: Store):
    sheet = "prediction_id,label\na,spam\nb,\nc,ham\n"
    entries = labels_of_csv(sheet, SPEC, source="sheet", at=NOON)
    assert [(entry.prediction_id, entry.label, entry.source) for entry in entries] == [
        ("a", 1, "sheet"),
        ("c", 0, "sheet"),
    ]
    assert record_labels(store.telemetry, entries).new == 2
    assert record_labels(store.telemetry, entries).repeated == 2
    assert labels_in(store) == 2


def test_semicolons_and_a_source_column_are_understood():
    (entry,) = labels_of_csv("prediction_id;label;source\na;spam;queue\n", SPEC, source="sheet", at=NOON)
    assert (entry.prediction_id, entry.label, entry.source) == ("a", 1, "queue")


@pytest.mark.parametrize(
    ("sheet", "complaint"),
    [
        ("", "no column label and prediction_id"),
        ("prediction_id,answer\na,spam\n", "no column label"),
        ("prediction_id,label\na,ham\nb,maybe\n", "Line 3 of the sheet: Unknown label 'maybe'"),
        ("prediction_id,label\n,ham\n", "Line 2 of the sheet names no prediction"),
        (f"prediction_id,label\n{'x' * 41},ham\n", "Line 2 of the sheet names no prediction"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_refused_with_its_line(sheet: str, complaint: str):
    with pytest.raises(InputError, match=complaint):
        labels_of_csv(sheet, SPEC, source="sheet", at=NOON)


def run(settings: PipelineSettings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, env=os.environ | environment_of(settings), capture_output=True, text=True)


def test_the_commands_write_a_sheet_read_it_back_and_report(
    settings: PipelineSettings, store: Store, champion: Pointer
):
    serve(store, [f"message {place}" for place in range(100)])
    sheet = settings.home / "labels.csv"
    assert "25 messages in" in run(settings, "labels", "export", SPEC.name, str(sheet), "--limit", "25").stdout
    sheet.write_text(filled(sheet.read_text("utf-8-sig"), "ham"), "utf-8-sig")
    imported = ("labels", "import", SPEC.name, str(sheet))
    assert "25 labels recorded, 0 were known already." in run(settings, *imported).stdout
    assert "0 labels recorded, 25 were known already." in run(settings, *imported).stdout
    assert "75 different messages" in " ".join(run(settings, "labels", "queue", SPEC.name).stdout.split())
    shown = " ".join(run(settings, "monitor", SPEC.name).stdout.split())
    assert "the newest 100 predictions" in shown
    assert "on 25 labels chosen by risk" in shown
    assert "carries no reference profile" in shown


def test_a_command_without_a_champion_says_what_to_do(settings: PipelineSettings, store: Store):
    done = run(settings, "monitor", SPEC.name)
    assert done.returncode == 1
    assert "Train a first version" in " ".join(done.stderr.split())
