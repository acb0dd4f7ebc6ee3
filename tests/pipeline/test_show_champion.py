"""The picture of the champion in MLflow: whatever it trips over, the promotion has happened already."""

from pipeline.releases.registry import show_champion
from pipeline.settings import PipelineSettings


def test_a_home_that_cannot_be_written_is_reported_and_raises_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    show_champion(PipelineSettings(_env_file=None, home=tmp_path / "file" / "below"), "sms_spam", 2)
    assert "alias champion of sms_spam still shows an older version" in caplog.text


def test_a_version_that_mlflow_does_not_know_is_reported_and_raises_nothing(tmp_path, caplog):
    show_champion(PipelineSettings(_env_file=None, home=tmp_path), "sms_spam", 2)
    assert "alias champion of sms_spam still shows an older version" in caplog.text
