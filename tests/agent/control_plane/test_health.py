"""A disk that takes nothing is told by /health, with the folder and what to do, although all can still be read."""

from agent.control_plane.health import disk_troubles, folders_written
from tests.faults.disks import disk


def test_a_full_disk_is_told_until_there_is_room_again(serve, tmp_path):
    with disk(tmp_path / "disk", 2) as small:
        client = serve(folder=small.folder)
        assert client.get("/health").json()["status"] == "ok"
        small.fill()
        found = client.get("/health").json()
        assert (found["status"], len(found["reasons"])) == ("degraded", 1)
        assert str(small.folder) in found["reasons"][0]
        small.make_room()
        assert client.get("/health").json()["reasons"] == []


def test_a_read_only_disk_is_told_until_it_can_be_written_again(serve, tmp_path):
    with disk(tmp_path / "disk", 2) as small:
        client = serve(folder=small.folder)
        small.make_read_only()
        found = client.get("/health").json()
        assert found["status"] == "degraded"
        assert "Read-only file system" in found["reasons"][0]
        small.make_writable()
        assert client.get("/health").json()["status"] == "ok"


def test_a_folder_that_is_gone_is_told_and_a_probe_leaves_nothing_behind(serve, tmp_path):
    gone, there = tmp_path / "gone", tmp_path / "there"
    there.mkdir()
    assert "No such file" in serve(folder=gone).get("/health").json()["reasons"][0]
    assert disk_troubles([there, gone, there]) == disk_troubles([gone])
    assert list(there.iterdir()) == []


def test_databases_elsewhere_than_at_home_are_tried_too(home, store):
    assert folders_written(home, store) == {home}
    assert folders_written(home / "elsewhere", store) == {home, home / "elsewhere"}
