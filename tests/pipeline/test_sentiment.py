"""Where the reviews come from: the folder with its official halves, the archive, the package."""

import io
import tarfile

import pytest

from pipeline.data.homes import assign_homes
from pipeline.errors import DataCorruptError, DataUnavailableError
from pipeline.models import sentiment
from pipeline.records import Row
from pipeline.settings import PipelineSettings

FILES = {
    "aclImdb/train/pos/1_9.txt": "a moving film<br />superb",
    "aclImdb/train/neg/2_2.txt": "a dull film",
    "aclImdb/train/neg/5_1.txt": "A moving film: superb!",
    "aclImdb/train/unsup/3_0.txt": "not labelled",
    "aclImdb/test/pos/3_8.txt": "great",
    "aclImdb/test/neg/4_1.txt": "awful, a moving film superb",
    "aclImdb/test/neg/6_1.txt": "a dull film",
}


def folder(tmp_path, names=tuple(FILES)):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name], encoding="utf-8")
    return PipelineSettings(aclimdb_dir=tmp_path / "aclImdb")


def test_the_official_test_half_is_the_frozen_holdout_and_nothing_of_it_is_trained_on(tmp_path):
    loaded = sentiment.load(folder(tmp_path))
    assert Row("a moving film superb", 1) in loaded.rows
    homes = assign_homes(loaded, sentiment.SPEC.homes)
    assert {row.input for row in homes.holdout} == {"great", "awful, a moving film superb", "a dull film"}
    assert not {row.input for row in (*homes.train, *homes.live)} & {row.input for row in homes.holdout}


def test_the_archive_reads_like_the_folder(tmp_path):
    settings = folder(tmp_path)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(tmp_path / "aclImdb", "aclImdb")
    found = sentiment._halves(sentiment._of_archive(buffer.getvalue()), "the archive")
    of_folder = sentiment.load(settings)
    assert (set(found.rows), set(found.holdout)) == (set(of_folder.rows), set(of_folder.holdout))


@pytest.mark.parametrize(("names", "error"), [((), DataUnavailableError), (list(FILES)[:2], DataCorruptError)])
def test_a_folder_that_is_no_whole_data_set_is_refused(tmp_path, names, error):
    with pytest.raises(error):
        sentiment.load(folder(tmp_path, names))


def test_only_the_reviews_of_the_package_are_taken():
    content = b'text,label,source\n"good, ""really"" good<br />film",1,imdb\nbad,0,rotten_tomatoes\n'
    assert list(sentiment._of_package(content)) == [Row('good, "really" good film', 1)]
