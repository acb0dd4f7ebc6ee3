import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pandas
import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, insert, text

from pipeline.catalog import managed_model
from pipeline.data.intake import load
from pipeline.errors import DataCorruptError, DataUnavailableError, InputError
from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.records import Row
from pipeline.settings import DataFrom, PipelineSettings
from pipeline.store import telemetry

SPEC = managed_model("sms_spam")
NUMBERS = managed_model("breast_cancer")
ROWS = (Row("win a prize", 1), Row("see you, later", 0))


def from_(settings, *sources, spec=SPEC, store=None):
    named = settings.model_copy(update={"training_data": {spec.name: [DataFrom(**source) for source in sources]}})
    return load(spec, named, store)


def write(path, ending):
    table = pandas.DataFrame({"label": ["spam", "ham"], "message": [row.input for row in ROWS]})
    file = path / f"rows.{ending}"
    if ending == "csv":
        table.to_csv(file, index=False)
    elif ending == "parquet":
        table.to_parquet(file)
    elif ending == "jsonl":
        table.to_json(file, orient="records", lines=True)
    else:
        file.write_text("spam\twin a prize\nham\tsee you, later\n")
    return file


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "tsv"])
def test_rows_come_from_a_file_by_path(settings, tmp_path, ending):
    loaded = from_(settings, {"path": write(tmp_path, ending)})
    assert loaded.rows == ROWS
    assert loaded.sha256 == hashlib.sha256((tmp_path / f"rows.{ending}").read_bytes()).hexdigest()


def test_records_that_are_no_rows_are_rejected_with_their_reasons(settings, tmp_path):
    file = tmp_path / "rows.jsonl"
    records = [{"label": "spam", "text": "win"}, {"label": "eggs", "text": "x"}, {"label": 1}, {"label": 0, "text": 3}]
    file.write_text("\n".join(map(json.dumps, records)))
    loaded = from_(settings, {"path": file})
    assert loaded.rows == (Row("win", 1),)
    reasons = [one.reason for one in loaded.rejected]
    assert reasons == ["the label is neither ham nor spam", "text is missing", "the text is no string"]


def test_numbers_come_by_name_or_as_a_list(settings, tmp_path):
    file = tmp_path / "rows.jsonl"
    values = [float(place) for place in range(30)]
    named = dict(zip(NUMBERS.feature_names, values, strict=True))
    records = [
        {"label": "benign", **named},
        {"label": 0, "features": values},
        {"label": 0, "features": ["x", *values[1:]]},
    ]
    file.write_text("\n".join(map(json.dumps, records)))
    loaded = from_(settings, {"path": file}, spec=NUMBERS)
    assert loaded.rows == (Row(tuple(values), 1), Row(tuple(values), 0))
    assert [one.reason for one in loaded.rejected] == ["mean radius is no number"]


class Hand(BaseHTTPRequestHandler):
    def __init__(self, content, *arguments):
        self.content = content
        super().__init__(*arguments)

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *words):
        """Nothing."""


@pytest.mark.parametrize("right", [True, False])
def test_rows_come_from_a_url_only_with_the_right_checksum(settings, tmp_path, right):
    content = write(tmp_path, "csv").read_bytes()
    server = HTTPServer(("127.0.0.1", 0), partial(Hand, content))
    Thread(target=server.serve_forever, daemon=True).start()
    settings = settings.model_copy(update={"data_dir": tmp_path / "data"})
    sha256 = hashlib.sha256(content if right else b"other").hexdigest()
    source = {"url": f"http://127.0.0.1:{server.server_port}/rows.csv?v=1", "sha256": sha256}
    try:
        if right:
            assert from_(settings, source).rows == ROWS
        else:
            with pytest.raises(DataCorruptError, match="sha256"):
                from_(settings, source)
    finally:
        server.shutdown()
        server.server_close()


def test_rows_come_from_a_sql_query(settings, tmp_path):
    address = f"sqlite:///{tmp_path / 'other.db'}"
    with create_engine(address).begin() as connection:
        connection.execute(text("CREATE TABLE mail (body TEXT, spam INTEGER)"))
        connection.execute(text("INSERT INTO mail VALUES ('win a prize', 1), ('see you, later', 0)"))
    source = {"sql": "SELECT body AS message, spam AS label FROM mail ORDER BY spam DESC", "database": address}
    assert from_(settings, source).rows == ROWS
    with pytest.raises(DataUnavailableError, match="OperationalError"):
        from_(settings, source | {"sql": "SELECT nothing FROM nowhere"})


def test_rows_come_from_the_labelled_predictions_beside_the_models_own_source(settings, store):
    now = datetime.now(UTC)
    row = {"prediction_id": "p", "model": "sms_spam", "version": 1, "slot": "champion", "at": now}
    row |= {"input": telemetry.encode_input("a new kind of spam"), "prediction": 0, "score": 0.1}
    with store.telemetry.begin() as connection:
        connection.execute(insert(telemetry.predictions).values(**row))
    record_labels(store.telemetry, [LabelEntry(prediction_id="p", label=1, source="ann", at=now)])
    settings = settings.model_copy(update={"data_dir": PipelineSettings().data_dir})
    loaded = from_(settings, {"default": True}, {"store": True}, store=store)
    assert loaded.rows[-1] == Row("a new kind of spam", 1)
    assert len(loaded.rows) > 4_000
    assert loaded.source.endswith("and the store's labelled predictions")


def test_a_file_of_an_unknown_kind_names_the_known_ones(settings, tmp_path):
    (tmp_path / "rows.xls").write_bytes(b"")
    with pytest.raises(InputError, match=r"\.csv, \.jsonl, \.parquet"):
        from_(settings, {"path": tmp_path / "rows.xls"})


@pytest.mark.parametrize("source", [{}, {"url": "http://x/y.csv"}, {"path": "a", "store": True}, {"sql": "SELECT 1"}])
def test_a_source_that_is_not_one_kind_or_lacks_its_checksum_is_refused(source):
    with pytest.raises(ValidationError):
        DataFrom(**source)


def test_training_data_is_set_by_the_environment(monkeypatch):
    monkeypatch.setenv("REFIT_TRAINING_DATA", '{"sms_spam": [{"default": true}, {"store": true}]}')
    assert [source.store for source in PipelineSettings().training_data["sms_spam"]] == [False, True]
