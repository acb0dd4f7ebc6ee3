import hashlib

import pytest

from pipeline.data.sources import Source, fetch_first, local_file, web_archive
from pipeline.errors import DataCorruptError, DataUnavailableError
from pipeline.models.sms_spam import sources
from pipeline.settings import PipelineSettings

GOOD = b"ham\thello\n"
SHA = hashlib.sha256(GOOD).hexdigest()


def unreachable() -> bytes:
    raise OSError("no route to host")


def test_the_first_source_that_answers_is_named_and_kept(tmp_path):
    away = Source(name="the archive", sha256="0" * 64, fetch=unreachable)
    fetched = fetch_first([away, Source(name="the copy", sha256=SHA, fetch=lambda: GOOD)], tmp_path)
    assert (fetched.content, fetched.source, fetched.sha256) == (GOOD, "the copy", SHA)
    again = fetch_first([away, Source(name="the copy", sha256=SHA, fetch=unreachable)], tmp_path)
    assert again == fetched


def test_wrong_bytes_stop_the_search_instead_of_being_hidden_by_another_copy(tmp_path):
    damaged = Source(name="the archive", sha256=SHA, fetch=lambda: b"tampered")
    with pytest.raises(DataCorruptError, match="the archive has sha256"):
        fetch_first([damaged, Source(name="the copy", sha256=SHA, fetch=lambda: GOOD)], tmp_path)


def test_a_damaged_cache_is_noticed(tmp_path):
    (tmp_path / f"{SHA}.raw").write_bytes(b"tampered")
    with pytest.raises(DataCorruptError):
        fetch_first([Source(name="the copy", sha256=SHA, fetch=lambda: GOOD)], tmp_path)


def test_when_no_source_works_every_way_is_named_with_its_reason(tmp_path):
    nowhere = web_archive("http://127.0.0.1:9/x.zip", "x", SHA, 0.2, "the web")
    with pytest.raises(DataUnavailableError) as caught:
        fetch_first([local_file(tmp_path / "missing", None, "the file"), nowhere], tmp_path)
    assert "the file" in str(caught.value)
    assert "the web: " in str(caught.value)


def test_a_configured_file_is_the_only_source(tmp_path):
    settings = PipelineSettings(home=tmp_path, sms_spam_file=tmp_path / "mine.tsv")
    assert [source.name for source in sources(settings)] == [
        f"the file of REFIT_SMS_SPAM_FILE ({tmp_path / 'mine.tsv'})"
    ]
