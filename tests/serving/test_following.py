"""The follower, step by step: what is served after each look at the store, and what is said when something is wrong."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.errors import NoChampionError, StoreError
from serving.errors import NotServingError
from serving.follower import Follower
from serving.local_copy import LocalCopy
from serving.routing import Slot
from serving.slots import Slots
from tests.serving.world import MODEL, World, artifact_content


class Service:
    """What follows a store, driven by hand; `away` takes the store away, `clock` is in seconds."""

    def __init__(self, world: World, local: Path):
        self.world = world
        self.away = False
        self.clock = 0.0
        self.slots = Slots([MODEL])
        self.follower = Follower(
            slots=self.slots,
            control=self.control,
            artifact_dir=world.settings.artifact_dir,
            local=LocalCopy(local),
            poll_seconds=1.0,
            retry_seconds=10.0,
            seconds=lambda: self.clock,
        )

    def control(self) -> Engine:
        if self.away:
            raise StoreError("The store is away.")
        return self.world.control

    def look(self) -> None:
        self.follower.look(MODEL)

    def version(self, slot: Slot = Slot.CHAMPION) -> str | None:
        loaded = self.slots.get(MODEL, slot)
        return loaded.tag if loaded else None

    def codes(self) -> list[str]:
        return [problem.code for problem in self.slots.problems(MODEL)]


@pytest.fixture
def service(world: World, tmp_path: Path) -> Service:
    return Service(world, tmp_path / "local")


def test_nothing_is_served_before_a_first_promotion(service: Service) -> None:
    service.look()
    with pytest.raises(NoChampionError, match="python -m pipeline train sms_spam"):
        service.slots.champion(MODEL)
    assert service.codes() == []


def test_a_promotion_is_taken_up_at_the_next_look(service: Service) -> None:
    service.world.add_version(1)
    service.look()
    assert service.version() is None
    service.world.promote(1)
    service.look()
    assert service.version() == "v1"


def test_the_old_champion_stands_by_and_the_one_before_is_released(service: Service) -> None:
    for version in (1, 2, 3):
        service.world.add_version(version)
        service.world.promote(version)
        service.look()
    assert (service.version(), service.version(Slot.PREVIOUS)) == ("v3", "v2")
    assert service.slots.with_sha256(MODEL, service.slots.champion(MODEL).pointer.artifact_sha256) is not None
    assert service.slots.swaps[MODEL] == 3


def test_a_look_without_a_promotion_changes_nothing(service: Service) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    before = service.slots.champion(MODEL)
    service.look()
    assert service.slots.champion(MODEL) is before


def test_a_rollback_takes_the_version_that_stands_by_without_loading_it_again(service: Service) -> None:
    for version in (1, 2):
        service.world.add_version(version)
        service.world.promote(version)
        service.look()
    standing_by = service.slots.get(MODEL, Slot.PREVIOUS)
    assert standing_by is not None
    service.world.roll_back()
    service.look()
    champion = service.slots.champion(MODEL)
    assert (champion.tag, champion.pointer.generation) == ("v1", 3)
    assert champion.artifact is standing_by.artifact


def test_a_corrupt_challenger_leaves_the_champion_serving_and_says_so(service: Service) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    service.world.artifact_file(service.world.add_version(2)).write_bytes(b"rubbish")
    service.world.promote(2)
    service.look()
    assert service.version() == "v1"
    assert service.codes() == ["artifact_unusable"]
    assert "sms_spam v2" in service.slots.problems(MODEL)[0].message
    assert "python -m pipeline rollback sms_spam" in service.slots.problems(MODEL)[0].message


def test_a_missing_artefact_of_a_first_champion_is_the_reason_that_nothing_is_served(service: Service) -> None:
    service.world.artifact_file(service.world.add_version(1)).unlink()
    service.world.promote(1)
    service.look()
    with pytest.raises(NotServingError, match="cannot be read") as raised:
        service.slots.champion(MODEL)
    assert (raised.value.status, raised.value.code) == (503, "artifact_unusable")


def test_a_repaired_artefact_is_tried_again_but_not_at_every_look(service: Service) -> None:
    path = service.world.artifact_file(service.world.add_version(1))
    path.write_bytes(b"rubbish")
    service.world.promote(1)
    service.look()
    path.write_bytes(artifact_content(1))
    service.clock = 9.9
    service.look()
    assert service.version() is None
    service.clock = 10.0
    service.look()
    assert (service.version(), service.codes()) == ("v1", [])


def test_rolling_back_from_a_corrupt_version_solves_its_problem(service: Service) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    service.world.artifact_file(service.world.add_version(2)).write_bytes(b"rubbish")
    service.world.promote(2)
    service.look()
    service.world.roll_back()
    service.look()
    assert (service.version(), service.codes()) == ("v1", [])
    assert service.slots.champion(MODEL).pointer.generation == 3


def test_a_store_that_is_away_leaves_the_champion_serving_and_its_return_is_noticed(service: Service) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    service.away = True
    service.look()
    assert (service.version(), service.codes()) == ("v1", ["store_away"])
    service.away = False
    service.look()
    assert (service.version(), service.codes()) == ("v1", [])


def test_a_service_without_its_store_starts_from_the_local_copy(service: Service, tmp_path: Path) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    after_restart = Service(service.world, tmp_path / "local")
    after_restart.away = True
    service.world.artifact_file(service.slots.champion(MODEL).pointer.artifact_sha256).unlink()
    after_restart.follower.start_from_local_copy(MODEL)
    after_restart.look()
    assert (after_restart.version(), after_restart.codes()) == ("v1", ["store_away"])
    assert after_restart.slots.champion(MODEL).pointer == service.slots.champion(MODEL).pointer


def test_a_store_with_a_newer_champion_wins_over_the_local_copy(service: Service, tmp_path: Path) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    service.world.add_version(2)
    service.world.promote(2)
    after_restart = Service(service.world, tmp_path / "local")
    after_restart.follower.start_from_local_copy(MODEL)
    assert after_restart.version() == "v1"
    after_restart.look()
    assert after_restart.version() == "v2"


def test_a_store_that_forgot_its_champion_does_not_stop_the_service(service: Service, tmp_path: Path) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    elsewhere = Service(World(tmp_path / "empty"), tmp_path / "local")
    elsewhere.follower.start_from_local_copy(MODEL)
    elsewhere.look()
    assert (elsewhere.version(), elsewhere.codes()) == ("v1", ["store_names_no_champion"])


@pytest.mark.parametrize("damage", [b"", b"{", b'{"model": "sms_spam"}', b"[]", b"\xff"])
def test_a_damaged_local_pointer_is_said_and_the_store_is_used(service: Service, tmp_path: Path, damage: bytes) -> None:
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    (tmp_path / "local" / MODEL / "pointer.json").write_bytes(damage)
    after_restart = Service(service.world, tmp_path / "local")
    after_restart.follower.start_from_local_copy(MODEL)
    assert (after_restart.version(), after_restart.codes()) == (None, ["local_copy_failed"])
    after_restart.look()
    assert (after_restart.version(), after_restart.codes()) == ("v1", [])


def test_an_altered_local_artefact_is_not_served_the_shared_one_is(service: Service, tmp_path: Path) -> None:
    sha256 = service.world.add_version(1)
    service.world.promote(1)
    service.look()
    (tmp_path / "local" / MODEL / f"{sha256}.safetensors").write_bytes(artifact_content(7))
    after_restart = Service(service.world, tmp_path / "local")
    after_restart.follower.start_from_local_copy(MODEL)
    champion = after_restart.slots.champion(MODEL)
    assert champion.artifact.metadata == {"version": 1}


def test_the_local_copy_keeps_three_artefacts(service: Service, tmp_path: Path) -> None:
    made = [service.world.add_version(version) for version in (1, 2, 3, 4)]
    for version in (1, 2, 3, 4):
        service.world.promote(version)
        service.look()
    kept = {path.stem for path in (tmp_path / "local" / MODEL).glob("*.safetensors")}
    assert kept == set(made[1:])


def test_a_local_disk_that_refuses_does_not_stop_a_swap(service: Service, tmp_path: Path) -> None:
    (tmp_path / "local").write_text("a file where the folder should be")
    service.world.add_version(1)
    service.world.promote(1)
    service.look()
    assert (service.version(), service.codes()) == ("v1", ["local_copy_failed"])
