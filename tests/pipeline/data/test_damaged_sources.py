"""Configured data with single bad records, or from sources that fail half-way: one is kept aside, the next is tried."""

import hashlib
import json
import sqlite3
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text

from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes, judges, rows_sha256
from pipeline.data.intake import load, take_in
from pipeline.data.sources import Source, fetch_first, web_archive, web_file
from pipeline.errors import DataCorruptError, DataUnavailableError
from pipeline.records import Row
from pipeline.served.text_linear import TextLinearModel
from pipeline.settings import DataFrom, PipelineSettings
from pipeline.spec import LoadedData
from tests.pipeline.builders import settings_in, word_model

SPEC = managed_model("sms_spam")
NUMBERS = managed_model("breast_cancer")
GOOD = b"spam\twin a prize\nham\tsee you, later\n"
SHA = hashlib.sha256(GOOD).hexdigest()
HALF = "half a character \ud83c here"


@pytest.fixture
def settings(tmp_path) -> PipelineSettings:
    return settings_in(tmp_path / "home").model_copy(update={"data_dir": tmp_path / "data"})


def from_(settings, spec=SPEC, **source):
    return load(spec, settings.model_copy(update={"training_data": {spec.name: [DataFrom(**source)]}}))


def lines_in(folder, *lines):
    file = folder / "rows.jsonl"
    file.write_bytes("\n".join(lines).encode(errors="surrogatepass"))
    return file


@pytest.mark.parametrize(
    "line", ["[1, 2]", "3", "null", '"text"', "{broken", '{"label": 1', "[" * 100_000, '{"label": 1e999, "text": "x"}']
)
def test_a_line_that_is_no_record_is_kept_aside_and_the_others_are_rows(settings, tmp_path, line):
    rows = [json.dumps({"label": "spam", "text": "win"}), line, json.dumps({"label": 0, "text": "see you"})]
    loaded = from_(settings, path=lines_in(tmp_path, *rows))
    assert loaded.rows == (Row("win", 1), Row("see you", 0))
    assert [one.place for one in loaded.rejected] == ["record 2"]
    assert loaded.rejected[0].reason


@pytest.mark.parametrize("label", [10**400, "1e999", [], {}])
def test_a_label_of_no_size_is_kept_aside(settings, tmp_path, label):
    rows = [json.dumps({"label": label, "text": "win"}), json.dumps({"label": 0, "text": "see you"})]
    assert from_(settings, path=lines_in(tmp_path, *rows)).rows == (Row("see you", 0),)


@pytest.mark.parametrize("features", ["1" * 30, {str(place): 0 for place in range(30)}, [10**400] * 30, 3, None])
def test_features_that_are_no_list_of_numbers_are_kept_aside(settings, tmp_path, features):
    rows = [json.dumps({"label": 0, "features": features}), json.dumps({"label": 1, "features": [1.0] * 30})]
    assert from_(settings, NUMBERS, path=lines_in(tmp_path, *rows)).rows == (Row((1.0,) * 30, 1),)


def test_a_line_separator_inside_a_message_does_not_cut_its_record(settings, tmp_path):
    message = "one\u2028two\x85three"
    row = json.dumps({"label": "spam", "text": message}, ensure_ascii=False)
    file = lines_in(tmp_path, "\ufeff" + row + "\r", row)
    assert from_(settings, path=file).rows == (Row(message, 1), Row(message, 1))


def test_half_a_character_in_a_message_has_a_home_a_digest_and_a_place_in_an_artefact(settings, tmp_path):
    rows = from_(settings, path=lines_in(tmp_path, json.dumps({"label": "spam", "text": HALF}))).rows
    assert rows == (Row(HALF, 1),)
    homes = assign_homes(LoadedData(rows=rows, source="test", sha256="0" * 64))
    assert len(homes.train + homes.holdout + homes.live) == 1
    assert isinstance(judges(HALF), bool)
    assert rows_sha256(rows) != rows_sha256([Row(HALF.replace("\ud83c", "?"), 1)])
    model = word_model({"\ud83c": 1.0, "prize": 2.0})
    assert TextLinearModel.from_tensors(model.to_tensors(), model.parameters()).terms == list(model.terms)


@pytest.mark.parametrize("line", ["ham only", "eggs\ttext"])
def test_one_bad_line_of_the_models_own_file_is_kept_aside(settings, tmp_path, line):
    file = tmp_path / "mine.tsv"
    file.write_bytes(GOOD * 40 + line.encode())
    taken = take_in(SPEC, settings.model_copy(update={"sms_spam_file": file}))
    assert [one.place for one in taken.rejected] == ["Line 81"]
    assert taken.file is not None
    file.write_bytes(GOOD + line.encode())
    with pytest.raises(DataCorruptError, match="1 of 3 training rows"):
        take_in(SPEC, settings.model_copy(update={"sms_spam_file": file}))


class CutShort(BaseHTTPRequestHandler):
    def __init__(self, content, *arguments):
        self.content = content
        super().__init__(*arguments)

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content) + 1))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *words):
        """Nothing."""


@pytest.fixture
def cutting():
    server = HTTPServer(("127.0.0.1", 0), partial(CutShort, GOOD))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_after_a_download_that_was_cut_short_the_next_source_is_tried(cutting, tmp_path):
    copy = Source(name="the copy", sha256=SHA, fetch=lambda: GOOD)
    for away in (web_file(cutting, SHA, 30, "the web"), web_archive(cutting, "x", SHA, 30, "the archive")):
        assert fetch_first([away, copy], tmp_path / away.name).source == "the copy"
    with pytest.raises(DataUnavailableError, match="the web: the download was cut short"):
        fetch_first([web_file(cutting, SHA, 30, "the web")], tmp_path / "none")


@pytest.mark.parametrize("path", ["/with space?key=secret", "\nsecret"])
def test_an_address_that_cannot_be_asked_is_one_way_that_failed_and_is_not_quoted(path, tmp_path):
    with pytest.raises(DataUnavailableError, match="the web: the download failed") as caught:
        fetch_first([web_file(f"http://127.0.0.1:9{path}", SHA, 1, "the web")], tmp_path)
    assert "secret" not in str(caught.value)


def test_a_damaged_copy_in_the_cache_is_named_with_what_to_do(tmp_path):
    (tmp_path / f"{SHA}.raw").write_bytes(b"tampered")
    with pytest.raises(DataCorruptError, match=f"Remove .*{SHA}.raw"):
        fetch_first([Source(name="the copy", sha256=SHA, fetch=lambda: GOOD)], tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        *("example.org/rows.csv", "file:///etc/passwd", "http:///rows.csv", "http://host:secret/rows.csv"),
        *("http://[secret/rows.csv", "https://ann:secret@example.org/rows.csv"),
    ],
)
def test_an_address_of_the_web_has_a_scheme_and_a_host_and_no_password(url):
    with pytest.raises(ValidationError) as caught:
        DataFrom(url=url, sha256=SHA)
    assert "secret" not in str([error["msg"] for error in caught.value.errors()])


def test_settings_that_are_refused_do_not_quote_what_was_set(monkeypatch):
    monkeypatch.setenv("REFIT_TRAINING_DATA", json.dumps({"m": [{"url": "https://ann:secret@host/x", "sha256": SHA}]}))
    with pytest.raises(ValidationError) as caught:
        PipelineSettings()
    assert "secret" not in str(caught.value)


def test_what_is_recorded_of_an_address_is_its_host_and_its_path(settings, cutting):
    with pytest.raises(DataUnavailableError, match=r"the address http://127\.0\.0\.1/rows\.tsv: ") as caught:
        from_(settings, url=f"{cutting}/rows.tsv?key=secret", sha256=SHA)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_asked_stays_as_it_is(settings, tmp_path):
    file = tmp_path / "theirs?.db"
    connection = sqlite3.connect(file)
    connection.executescript("CREATE TABLE mail (message TEXT, label TEXT); INSERT INTO mail VALUES ('win', 'spam')")
    connection.close()
    before = file.read_bytes()
    address = f"sqlite:///{str(file).replace('?', '%3F')}"
    assert from_(settings, sql="SELECT * FROM mail", database=address).rows == (Row("win", 1),)
    with pytest.raises(DataUnavailableError, match="OperationalError"):
        from_(settings, sql="DELETE FROM mail RETURNING message, label", database=address)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("theirs")] == [file.name]


@pytest.mark.parametrize("place", ["nowhere/other.db", "other.db"])
def test_a_mistyped_database_is_not_made(settings, tmp_path, place):
    with pytest.raises(DataUnavailableError, match="OperationalError"):
        from_(settings, sql="SELECT 1", database=f"sqlite:///{tmp_path}/{place}")
    assert not list(tmp_path.glob("**/other.db"))
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("address", ["postgres://ann:secret@host/name", "no address", "mysql://ann:secret@host/name"])
def test_an_address_of_no_database_is_a_query_that_failed(settings, address):
    with pytest.raises(DataUnavailableError, match="Check it and its database") as caught:
        from_(settings, sql="SELECT 1", database=address)
    assert "secret" not in str(caught.value)


@pytest.mark.postgresql
def test_rows_come_from_a_query_to_postgresql(settings, postgresql_server, tmp_path):
    address = postgresql_server.empty_pair(tmp_path).telemetry_address
    with create_engine(address).begin() as connection:
        connection.execute(text("CREATE TABLE mail (message TEXT, label TEXT)"))
        connection.execute(text("INSERT INTO mail VALUES ('win', 'spam')"))
    assert from_(settings, sql="SELECT * FROM mail", database=address).rows == (Row("win", 1),)
