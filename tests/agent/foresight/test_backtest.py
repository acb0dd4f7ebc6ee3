"""The backtest: reading files of strangers, walking in time without looking ahead, and the sample that is shipped."""

import csv
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.actions import Action
from agent.decision import PolicyRules
from agent.errors import EvidenceFileError
from agent.evidence import DataStatus
from agent.foresight.backtest import report
from agent.foresight.backtest.command import backtest, window_for
from agent.foresight.backtest.plot import draw
from agent.foresight.backtest.rulers import Measured
from agent.foresight.backtest.table import Columns, PastPrediction, parse_time, read_predictions
from agent.foresight.backtest.walk import Walk
from pipeline.spec import MonitoringRules

START = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = Columns(time="at", prediction="said", text="message", label="true")
SAMPLE = Path(__file__).parents[3] / "examples" / "backtest_sms.csv"
HEADER = "at,message,said,true\n"


def write(path: Path, body: str) -> Path:
    path.write_text(body, encoding="utf-8")
    return path


def row(hour: float, correct: bool | None = True, text: str = "hello") -> PastPrediction:
    return PastPrediction(at=START + timedelta(hours=hour), input=text, score=None, correct=correct)


@dataclass
class FakeRuler:
    """Drifts while a window holds the word `new`; what a reference already holds does not drift."""

    known: bool

    def measure(self, window) -> Measured:
        drifts = not self.known and any(entry.input == "new" for entry in window)
        score = 0.4 if drifts else 0.02
        return Measured(
            status=DataStatus.SUFFICIENT,
            vocabulary_drift=score,
            tfidf_drift=score,
            unique=len(window),
            duplicate_rate=0.0,
        )


def walk(rows, **changes) -> Walk:
    rules = PolicyRules(monitoring=MonitoringRules(window_rows=100))
    parts = {
        "model": "theirs",
        "rows": rows,
        "reference_rows": 200,
        "rules": rules,
        "make_ruler": lambda reference: FakeRuler(any(entry.input == "new" for entry in reference)),
    }
    return Walk(**parts | changes)


def drifting(labelled: bool = True) -> list[PastPrediction]:
    """Ten an hour; from row 400 on the words are new."""
    known = True if labelled else None
    return [row(place / 10, known, "new" if place >= 400 else "old") for place in range(800)]


def test_drift_of_a_model_that_labels_clear_is_retrained_once_and_then_rests() -> None:
    found = walk(drifting()).run()
    assert [look.rows for look in found.looks] == [100] * 6
    assert [Action.RETRAIN in look.effective for look in found.looks] == [False, False, True, False, False, False]
    assert found.looks[3].measured.vocabulary_drift > 0.15
    assert "rest_when_a_retraining_has_answered_this_drift" in {fired.rule for fired in found.looks[3].bounds.fired}


def test_drift_of_a_model_that_labels_do_not_clear_moves_the_reference() -> None:
    found = walk([replace(row, correct=place % 12 > 0) for place, row in enumerate(drifting())]).run()
    assert [Action.RETRAIN in look.effective for look in found.looks] == [False, False, True, False, False, False]
    assert found.looks[3].measured.vocabulary_drift == 0.02


def test_drift_without_labels_asks_for_them_in_every_look() -> None:
    found = walk(drifting(labelled=False)).run()
    assert not found.with_action(Action.RETRAIN)
    assert [look.labels_asked for look in found.looks] == [0, 0, 100, 100, 100, 100]


def test_labels_that_come_later_are_not_known_before() -> None:
    found = walk(drifting(), label_delay=timedelta(hours=1_000)).run()
    assert all(look.accuracy.labelled == 0 for look in found.looks)
    assert not found.with_action(Action.RETRAIN)


def test_what_comes_after_a_look_does_not_change_it() -> None:
    rows = drifting()
    short, whole = walk(rows[:500]).run(), walk(rows).run()
    assert [look.evidence for look in short.looks] == [look.evidence for look in whole.looks[:3]]


def failing(until: int = 800) -> list[PastPrediction]:
    """Words stay; from row 400 to `until` one answer in four is wrong."""
    return [row(place / 10, not (400 <= place < until and place % 4 == 0)) for place in range(1_600)]


def test_one_long_fall_of_accuracy_is_retrained_once() -> None:
    found = walk(failing(until=1_600)).run()
    assert sum(look.below for look in found.looks) >= 8
    assert len(found.with_action(Action.RETRAIN)) == 1


def test_a_second_fall_after_a_recovery_is_retrained_again() -> None:
    rows = failing() + [row(160 + place / 10, place % 4 != 0) for place in range(400)]
    assert len(walk(rows).run().with_action(Action.RETRAIN)) == 2


def test_accuracy_below_the_floor_without_new_labels_is_no_retraining() -> None:
    rows = [replace(entry, correct=entry.correct if place % 8 == 0 else None) for place, entry in enumerate(failing())]
    found = walk(rows).run()
    first = next(look for look in found.looks if look.below)
    assert Action.RETRAIN not in first.effective or (first.evidence.training.new_labels or 0) >= 100


def test_a_silence_of_three_days_is_an_alert_of_its_own() -> None:
    rows = [row(place / 10) for place in range(300)] + [row(110 + place / 10) for place in range(100)]
    silent = [look for look in walk(rows).run().looks if look.measured.status is DataStatus.STALE]
    assert [look.effective for look in silent] == [frozenset({Action.ALERT})]
    assert silent[0].accuracy.estimate is not None
    assert silent[0].evidence.accuracy.estimate is None


def test_the_last_rows_that_fill_no_window_are_looked_at_too() -> None:
    assert [look.rows for look in walk(drifting()[:350]).run().looks] == [100, 50]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-01T00:00:00", START),
        ("2026-01-01 00:00:00+00:00", START),
        ("2026-01-01T02:00:00+02:00", START),
        ("1767225600", START),
    ],
)
def test_times_are_read_in_the_forms_that_exports_have(written: str, meant: datetime) -> None:
    assert parse_time(written) == meant


def test_rows_out_of_order_are_sorted_by_time(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", HEADER + "2026-01-02,b,1,1\n2026-01-01,a,1,0\n")
    assert [entry.input for entry in read_predictions(path, TEXT)] == ["a", "b"]


@pytest.mark.parametrize(
    ("said", "true", "correct"), [("1", "1.0", True), ("Spam", "spam ", True), ("1", "0", False), ("1", "", None)]
)
def test_classes_agree_whatever_their_writing(tmp_path: Path, said: str, true: str, correct: bool | None) -> None:
    path = write(tmp_path / "p.csv", HEADER + f"2026-01-01,a,{said},{true}\n")
    assert read_predictions(path, TEXT)[0].correct is correct


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("at,message\n2026-01-01,a\n", "no column said, true; it has: at, message"),
        (HEADER, "no row"),
        (HEADER + "yesterday,a,1,1\n", "line 2: 'yesterday' is no time"),
        (HEADER + "2026-01-01,a,,1\n", "line 2: the prediction in column said is empty"),
    ],
)
def test_a_file_that_does_not_fit_is_an_error_that_says_where(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(EvidenceFileError, match=words):
        read_predictions(write(tmp_path / "p.csv", body), TEXT)


def test_a_file_that_is_not_utf8_or_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"at,message,said,true\n2026-01-01,\xff\xfe,1,1\n")
    for name, said in (("p.csv", "cannot be read"), ("nowhere.csv", "There is no file")):
        with pytest.raises(EvidenceFileError, match=said):
            read_predictions(tmp_path / name, TEXT)


def test_either_text_or_features_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceFileError, match="--text"):
        read_predictions(tmp_path / "p.csv", Columns(time="at", prediction="said"))


def test_too_few_rows_for_a_reference_are_an_error_that_says_how_many(tmp_path: Path) -> None:
    body = HEADER + "".join(f"2026-01-01,message {place},1,1\n" for place in range(100))
    with pytest.raises(EvidenceFileError, match="At least 120"):
        backtest(write(tmp_path / "p.csv", body), TEXT, PolicyRules())


@pytest.mark.parametrize(("rows", "size"), [(50_000, 500), (5_000, 500), (3_000, 300), (400, 100)])
def test_the_window_is_smaller_where_there_would_be_too_few_looks(rows: int, size: int) -> None:
    assert window_for(rows, 500) == size


def numeric_file(path: Path, shift: float) -> Path:
    """1,200 rows of two features; the second moves by `shift` standard deviations in the last 300."""
    rng = random.Random(3)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("at", "a", "b", "said", "p"))
        for place in range(1_200):
            moved = shift if place >= 900 else 0.0
            values = (rng.gauss(0, 1), rng.gauss(moved, 1))
            writer.writerow((START.timestamp() + 600 * place, *values, int(values[0] > 0), rng.random()))
    return path


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_numeric_features_that_move_are_drift_and_those_that_do_not_are_calm(tmp_path: Path, shift: float) -> None:
    columns = Columns(time="at", prediction="said", features=("a", "b"), score="p")
    one_is_enough = PolicyRules(monitoring=MonitoringRules(confirm_windows=1))
    found = backtest(numeric_file(tmp_path / "n.csv", shift), columns, one_is_enough, window=100)
    late = [look for look in found.looks if look.at >= START + timedelta(seconds=600 * 950)]
    assert all(look.drifted for look in late) == (shift > 0)
    assert sum(look.drifted for look in found.looks if look not in late) == 0
    assert found.looks[0].measured.score_shift is not None


@pytest.fixture(scope="module")
def sample():
    columns = Columns(time="at", prediction="prediction", text="message", score="score", label="label")
    return backtest(SAMPLE, columns, PolicyRules())


def test_the_sample_is_calm_before_its_campaign_and_drifts_after_it(sample) -> None:
    begin = datetime(2026, 10, 7, 8, tzinfo=UTC)
    before = [look for look in sample.looks if look.at < begin]
    measured = [look for look in sample.looks if look.measured.status.usable]
    after = [look for look in measured if look.at >= begin + timedelta(days=4)]
    assert not any(look.drifted or look.below for look in before)
    assert all(look.drifted for look in after)
    assert any(look.below for look in after)


def test_the_sample_leads_to_a_retraining_with_its_labels(sample) -> None:
    retrained = [look for look in sample.with_action(Action.RETRAIN) if look.drifted]
    assert retrained
    assert (retrained[0].evidence.training.new_labels or 0) >= 100


def test_the_report_and_the_plot_of_the_sample_can_be_made(sample, tmp_path: Path) -> None:
    draw(sample, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    said = report.as_json(sample)
    assert len(said["looks"]) == len(sample.looks)
    assert report.table(sample).row_count == len([look for look in sample.looks if look.effective])
