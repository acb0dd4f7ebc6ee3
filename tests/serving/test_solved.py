"""Problems of a model end when their cause does, and those of one model are not another one's."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import ArtifactError
from pipeline.records import Provenance
from pipeline.releases.rollout import RolloutRules, Strategy
from pipeline.releases.rollout_store import cancel
from pipeline.served.artifact import artifact_path
from serving.fetching import ArtifactAwayError
from serving.pauses import Pauses
from serving.releasing import Releaser
from serving.routing import Slot
from serving.slots import Slots
from tests.serving.test_following import Service
from tests.serving.world import MODEL, World, artifact_content


@pytest.fixture
def service(world: World, tmp_path: Path) -> Service:
    return Service(world, tmp_path / "local")


def test_a_way_back_that_cannot_be_loaded_is_no_problem_any_more_after_the_next_promotion(service: Service) -> None:
    service.world.artifact_file(service.world.add_version(1)).unlink()
    service.world.promote(1)
    for version in (2, 3):
        service.world.add_version(version)
        service.world.promote(version)
        service.look()
        if version == 2:
            assert service.codes() == ["previous_unusable"]
    assert (service.version(), service.version(Slot.PREVIOUS), service.codes()) == ("v3", "v2", [])


def test_a_rollout_that_ended_is_no_problem_any_more_though_its_version_never_came(service: Service) -> None:
    def away(model: str, sha256: str) -> bytes:
        raise ArtifactAwayError("The agent is away.")

    world = service.world
    world.add_version(1)
    world.promote(1)
    world.artifact_file(world.add_version(2)).unlink()
    rollout = world.roll_out(2, RolloutRules(strategy=Strategy.CANARY))
    service.follower._fetch = away
    service.look()
    assert service.codes() == ["artifact_not_fetched"]
    cancel(world.control, rollout, Provenance(who="test", why="test", at=datetime.now(UTC)))
    service.look()
    assert service.codes() == []


@pytest.mark.parametrize("overtaken", [True, False])
def test_a_rollout_that_was_stuck_is_no_problem_any_more_once_another_hand_ended_it(
    service: Service, overtaken: bool
) -> None:
    world = service.world
    world.add_version(1)
    world.promote(1)
    world.add_version(2)
    world.add_version(3)
    rollout = world.roll_out(2, RolloutRules(strategy=Strategy.CANARY))
    service.look()
    releaser = Releaser(
        slots=service.slots, control=service.control, telemetry=lambda: world.store.telemetry, check_seconds=1.0
    )
    service.away = True
    releaser.step(MODEL)
    assert service.codes() == ["rollout_stuck"]
    service.away = False
    if overtaken:
        world.promote(3)
    else:
        cancel(world.control, rollout, Provenance(who="test", why="test", at=datetime.now(UTC)))
        service.look()
    releaser.step(MODEL)
    assert service.codes() == []


def test_what_one_model_cannot_load_neither_hurries_nor_delays_another(service: Service) -> None:
    def missing(model: str, sha256: str) -> bytes:
        asked.append(model)
        raise ArtifactError("No such artefact.")

    asked: list[str] = []
    models = [MODEL, "sms_spam_f1"]
    for model in models:
        sha256 = service.world.first_champion(model, artifact_content(1))
        artifact_path(service.world.settings.artifact_dir, model, sha256).unlink()
    service.slots = service.follower._slots = Slots(models)
    service.follower._fetch = missing
    for second in range(30):
        service.clock = float(second)
        for model in models:
            service.follower.look(model)
    assert [asked.count(model) for model in models] == [3, 3]  # every ten seconds


def test_a_pause_holds_for_one_slot_of_one_model_and_one_wanted_version() -> None:
    clock = [0.0]
    pauses = Pauses(lambda: clock[0])
    pauses.begin("a", Slot.PREVIOUS, 1, 10.0)
    others = [("b", Slot.PREVIOUS, 1), ("a", Slot.CHAMPION, 1), ("a", Slot.PREVIOUS, 2)]
    assert pauses.last("a", Slot.PREVIOUS, 1)
    assert not any(pauses.last(*other) for other in others)
    clock[0] = 10.0
    assert not pauses.last("a", Slot.PREVIOUS, 1)
