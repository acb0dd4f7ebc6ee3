"""Progress of long work: on a terminal, and nowhere else."""

import io

import pytest
from rich.console import Console

from pipeline.commands.common import at_work
from pipeline.commands.reporting import progress_bar


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


@pytest.mark.parametrize(
    ("terminal", "json", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_spinner_is_shown_on_a_terminal_and_never_to_scripts(terminal, json, shown):
    there = console(terminal)
    with at_work("looking", json, there) as update:
        update("training a new version")
    assert bool(there.file.getvalue()) is shown


@pytest.mark.parametrize(
    ("terminal", "json", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_bar_is_shown_on_a_terminal_and_never_to_scripts(terminal, json, shown):
    there = console(terminal)
    with progress_bar(there, json) as bar:
        task = bar.add_task("searching", total=4)
        bar.update(task, completed=2)
    assert ("searching" in there.file.getvalue()) is shown
    assert bool(there.file.getvalue()) is shown
