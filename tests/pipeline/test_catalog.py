"""What the catalog makes of a folder of models: one file that is wrong takes no other down, and is named."""

import pytest

from pipeline.catalog import managed_model, shelf

SPEC = """
from pipeline.catalog import managed_model
from dataclasses import replace
SPEC = replace(managed_model("breast_cancer"), name={name!r}, labels={labels!r})
"""
LABELS = ("malignant", "benign")
FUTURE = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Reading:
    value: float
    note: str | None = None
"""


def write(folder, file, name="mine", labels=LABELS, before=""):
    (folder / file).write_text(before + SPEC.format(name=name, labels=labels))


def test_a_model_file_may_write_its_annotations_as_strings(tmp_path):
    write(tmp_path, "mine.py", before=FUTURE)
    found = shelf(tmp_path)
    assert found.broken == {}
    assert "mine" in found.specs


def test_of_two_files_that_claim_one_name_the_first_gives_the_model_and_the_other_is_named(tmp_path):
    write(tmp_path, "first.py")
    write(tmp_path, "second.py")
    write(tmp_path, "third.py", name="sms_spam")
    found = shelf(tmp_path)
    assert found.specs["mine"].labels == LABELS
    assert found.specs["sms_spam"] is managed_model("sms_spam")
    assert set(found.broken) == {"second", "third"}
    assert "as another file does" in found.broken["second"]


@pytest.mark.parametrize("labels", [("Ham", "spam"), ("spam", "spam"), (" ham", "spam"), ("", "spam")])
def test_labels_that_no_label_could_be_found_among_are_a_broken_file(tmp_path, labels):
    write(tmp_path, "mine.py", labels=labels)
    found = shelf(tmp_path)
    assert "two different names in lower case" in found.broken["mine"]
    assert "mine" not in found.specs
