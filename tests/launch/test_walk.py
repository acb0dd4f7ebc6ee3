"""The recorder of the walk: what it records is what was printed, and what it draws is what stood on the screen."""

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from launch.walk.drawing import frames, write_animation
from launch.walk.recording import COLUMNS, ROWS, Recording

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PROGRAM = (
    "import os, sys; print(os.isatty(1), os.get_terminal_size().columns); print('\\x1b[31mred\\x1b[0m'); sys.exit(10)"
)


@pytest.fixture
def recording() -> Recording:
    made = Recording()
    made.remark("First")
    made.run([sys.executable, "-c", PROGRAM], os.environ, shown="refit check", seconds_to_read=1.0)
    return made


def test_a_program_runs_on_a_terminal_of_the_recorded_size_and_its_exit_code_comes_back():
    made = Recording()
    assert made.run([sys.executable, "-c", PROGRAM], os.environ, shown="x", seconds_to_read=0.0) == 10
    assert f"True {COLUMNS}" in "".join(one.text for one in made.printed)


def test_times_never_run_backwards_and_a_long_wait_is_shortened(recording):
    times = [one.at for one in recording.printed]
    assert times == sorted(times)
    slow = Recording()
    slow.run(["sh", "-c", "echo a"], os.environ, shown="x", seconds_to_read=0.0)
    assert slow.now < 60


def test_the_last_screen_shows_command_and_output(recording):
    last = frames(recording.printed, recording.now)[-1]
    rows = ["".join(cell[0] for cell in row).rstrip() for row in last.cells]
    assert rows[:2] == ["# First", "$ refit check"]
    assert "red" in rows
    red = last.cells[rows.index("red")][0]
    assert red == ("r", "red", False)


def test_the_cast_is_an_asciicast_that_players_read(recording, tmp_path):
    recording.write(tmp_path / "walk.cast", "Title")
    head, *events = [json.loads(line) for line in (tmp_path / "walk.cast").read_text().splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, COLUMNS, ROWS)
    assert [event[1] for event in events] == ["o"] * len(events)
    assert "".join(event[2] for event in events) == "".join(one.text for one in recording.printed)


def test_the_animation_has_every_screen_and_shows_each_long_enough(recording, tmp_path):
    found = frames(recording.printed, recording.now)
    write_animation(found, tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as picture:
        assert 1 < picture.n_frames <= len(found)  # neighbours that look alike are one
        assert picture.info["loop"] == 0


def test_the_recorded_walk_in_the_docs_is_an_animation_under_a_megabyte():
    file = IMAGES / "walk.gif"
    assert file.stat().st_size < 1_000_000
    with Image.open(file) as picture:
        assert picture.n_frames > 20
