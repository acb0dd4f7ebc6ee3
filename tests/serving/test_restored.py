"""A service over a restored backup answers as the one that was backed up."""

from datetime import UTC, datetime
from pathlib import Path

from pipeline.keeping.backup import make_backup
from pipeline.keeping.restore import restore
from pipeline.settings import PipelineSettings
from serving.settings import ServingSettings
from tests.serving.running import ServerProcess, service
from tests.serving.world import World

TEXTS = ("win a prize", "lunch at home", "see you")


def test_a_service_over_a_restored_backup_gives_the_same_answers(world: World, tmp_path: Path) -> None:
    for version in (1, 2):
        world.add_version(version, weights=(2.0, -2.0, -2.0, 3.0, 2.0 + version, 3.0))
        world.promote(version)
    with ServerProcess(world.settings.root) as server:
        answers = [server.predict(text) for text in TEXTS]
        make_backup(world.settings, tmp_path / "backup", datetime.now(UTC))
        server.stop()
    home = PipelineSettings(home=tmp_path / "restored", _env_file=None)
    restore(home, tmp_path / "backup", datetime.now(UTC))
    with service(ServingSettings(pipeline=home, start_wait_seconds=60, _env_file=None)) as client:
        for text, answered in zip(TEXTS, answers, strict=True):
            again = client.post("/predict", json={"message": text}).json()
            same = {name for name in answered if answered[name] == again[name]}
            assert same >= {"prediction", "confidence", "model_version"}
