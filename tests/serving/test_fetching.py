"""Artefacts fetched by digest: what a fetcher takes, what it refuses, and when it tries again."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from pipeline.records import Pointer
from pipeline.releases.rollout import RolloutRules, Strategy
from serving.fetching import LONGEST_BACKOFF_SECONDS, ArtifactAwayError, ArtifactFetcher
from serving.local_copy import LocalCopy
from serving.routing import Slot
from tests.serving.test_following import Service
from tests.serving.world import MODEL, World, artifact_content

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTENT = b"an artefact"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TOKEN = SecretStr("a-token-that-may-read")


class Plane:
    """A control plane that answers as it is told: a status, a body, and how many bytes it promises."""

    def __init__(self) -> None:
        self.status, self.body, self.promised = 200, CONTENT, len(CONTENT)
        self.asked: list[tuple[str, str | None]] = []
        plane = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                plane.asked.append((self.path, self.headers.get("authorization")))
                self.send_response(plane.status)
                self.send_header("content-length", str(plane.promised))
                if plane.status == 302:
                    self.send_header("location", "/elsewhere")
                self.end_headers()
                self.wfile.write(plane.body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def plane() -> Iterator[Plane]:
    made = Plane()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def fetcher(plane: Plane, clock: Clock | None = None) -> ArtifactFetcher:
    return ArtifactFetcher(plane.url + "/", TOKEN, timeout_seconds=30, seconds=clock or Clock())


def test_the_bytes_of_a_digest_are_fetched_with_the_token(plane: Plane) -> None:
    assert fetcher(plane).fetch(MODEL, SHA256) == CONTENT
    assert plane.asked == [(f"/models/{MODEL}/artifacts/{SHA256}", f"Bearer {TOKEN.get_secret_value()}")]


@pytest.mark.parametrize(
    ("status", "body", "promised", "said"),
    [
        (200, b"another artefact", 16, "other bytes"),
        (200, b"", 0, "other bytes"),
        (200, CONTENT[:5], len(CONTENT), "other bytes"),
        (404, b"{}", 2, "it answered 404"),
        (401, b"{}", 2, "REFIT_SERVING_ARTIFACTS_TOKEN"),
        (403, b"{}", 2, "REFIT_SERVING_ARTIFACTS_TOKEN"),
        (500, b"{}", 2, "it answered 500"),
    ],
)
def test_whatever_else_is_answered_is_no_artefact(
    plane: Plane, status: int, body: bytes, promised: int, said: str
) -> None:
    plane.status, plane.body, plane.promised = status, body, promised
    with pytest.raises(ArtifactAwayError, match=said) as caught:
        fetcher(plane).fetch(MODEL, SHA256)
    assert TOKEN.get_secret_value() not in str(caught.value)


def test_a_redirect_does_not_carry_the_token_on(plane: Plane) -> None:
    plane.status = 302
    with pytest.raises(ArtifactAwayError):
        fetcher(plane).fetch(MODEL, SHA256)
    assert {token for path, token in plane.asked if path == "/elsewhere"} == {None}


def test_after_a_failure_it_waits_longer_each_time_and_not_after_a_success(plane: Plane) -> None:
    clock, waits = Clock(), []
    made = fetcher(plane, clock)
    plane.status = 500
    for _ in range(9):
        tried, began = len(plane.asked), clock.now
        while len(plane.asked) == tried:
            with pytest.raises(ArtifactAwayError):
                made.fetch(MODEL, SHA256)
            clock.now += 0.25
        waits.append(clock.now - 0.25 - began)
    assert waits[1:8] == sorted(waits[1:8])
    assert waits[1] < 1.0
    assert waits[-1] == pytest.approx(LONGEST_BACKOFF_SECONDS, abs=0.5)
    plane.status, clock.now = 200, clock.now + LONGEST_BACKOFF_SECONDS
    assert [made.fetch(MODEL, SHA256) for _ in range(2)] == [CONTENT, CONTENT]


def test_one_artefact_that_is_away_does_not_hold_up_another(plane: Plane) -> None:
    made = fetcher(plane)
    with pytest.raises(ArtifactAwayError):
        made.fetch(MODEL, "0" * 64)
    assert made.fetch(MODEL, SHA256) == CONTENT


def test_a_control_plane_that_is_not_there_is_said(plane: Plane) -> None:
    plane.server.server_close()
    plane.server.shutdown()
    with pytest.raises(ArtifactAwayError, match="could not be fetched"):
        fetcher(plane).fetch(MODEL, SHA256)


class Apart(Service):
    """A replica without the folder of training; `there` is what the control plane hands out."""

    def __init__(self, world: World, local: Path):
        super().__init__(world, local)
        self.there: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.follower._artifact_dir = local.parent / "no_such_folder"
        self.follower._fetch = self.fetch

    def fetch(self, model: str, sha256: str) -> bytes:
        self.fetched.append(sha256)
        if sha256 not in self.there:
            raise ArtifactAwayError("away")
        return self.there[sha256]

    def hand_out(self, version: int) -> str:
        content = artifact_content(version)
        self.there[hashlib.sha256(content).hexdigest()] = content
        return hashlib.sha256(content).hexdigest()


@pytest.fixture
def apart(world: World, tmp_path: Path) -> Apart:
    return Apart(world, tmp_path / "local")


def test_a_champion_is_fetched_once_and_kept(apart: Apart) -> None:
    apart.world.add_version(1)
    apart.world.promote(1)
    apart.look()
    assert (apart.version(), apart.codes()) == (None, ["artifact_unusable"])
    apart.hand_out(1)
    apart.look()  # without waiting for the time after which a broken artefact is tried again
    assert (apart.version(), apart.codes()) == ("v1", [])
    tried = len(apart.fetched)
    again = Apart(apart.world, apart.follower._local.folder)
    again.follower.start_from_local_copy(MODEL)
    again.look()
    assert (again.version(), again.fetched, len(apart.fetched)) == ("v1", [], tried)


def test_a_champion_that_cannot_be_fetched_leaves_the_one_before_it_serving(apart: Apart) -> None:
    apart.hand_out(1)
    for version in (1, 2):
        apart.world.add_version(version)
        apart.world.promote(version)
        apart.look()
    assert apart.version() == "v1"
    apart.hand_out(2)
    apart.look()
    assert (apart.version(), apart.version(Slot.PREVIOUS)) == ("v2", "v1")


def test_a_rollout_whose_artefact_is_away_goes_on_without_this_replica(apart: Apart) -> None:
    apart.hand_out(1)
    for version in (1, 2):
        apart.world.add_version(version)
    apart.world.promote(1)
    apart.look()
    rollout = apart.world.roll_out(2, RolloutRules(strategy=Strategy.CANARY))
    apart.look()
    assert apart.slots.trial(MODEL) is None
    assert apart.codes() == ["artifact_not_fetched"]
    apart.hand_out(2)
    apart.look()
    trial = apart.slots.trial(MODEL)
    assert trial is not None
    assert (trial.rollout.rollout_id, trial.version) == (rollout.rollout_id, 2)
    assert apart.codes() == []


def test_the_disk_keeps_what_a_rollback_returns_to_whatever_was_tried_between(tmp_path: Path) -> None:
    local, digests = LocalCopy(tmp_path), {}

    def serve(version: int) -> None:
        content = artifact_content(version)
        digests[version] = hashlib.sha256(content).hexdigest()
        pointer = Pointer(
            model=MODEL,
            generation=version,
            version=version,
            artifact_sha256=digests[version],
            previous_version=None,
            promoted_at=NOON,
        )
        local.save(pointer, content)

    serve(1)
    for tried in (11, 12):
        local.keep(MODEL, artifact_content(tried))
    serve(2)
    kept = {path.stem for path in (tmp_path / MODEL).glob("*.safetensors")}
    assert kept >= {digests[1], digests[2]}
    assert len(kept) == 3
