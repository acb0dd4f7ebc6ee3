"""The one command line: every command has examples that parse, help that shows them, and JSON for scripts."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agent.__main__ import app as agent_app
from agent.commands.listing import COMMANDS as OF_AGENT
from launch.__main__ import app
from launch.command_line import commands
from pipeline.__main__ import app as pipeline_app
from pipeline.commands.listing import COMMANDS as OF_PIPELINE
from pipeline.commands.offering import Group, Offered, build_app, called, every
from scaling.__main__ import app as scaling_app
from scaling.listing import COMMANDS as OF_SCALING

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text()
ALL = dict(every(commands()))
# What the issue of the operators' surfaces asks for.
PROMISED = (
    *("status", "check", "ask", "decisions", "explain", "approve", "reject", "replay", "simulate", "what-if", "train"),
    *("compare", "promote", "rollback", "labels queue", "drift", "export decisions", "export registry"),
    *("export labels", "export reports", "scaling score", "scaling backfill", "scaling serve"),
)
# These run until they are stopped, print sentences as they go, or speak a protocol of their own.
WITHOUT_JSON = {"run", "serve", "mcp", "up", "alerts deliver", "scaling serve"}


def command_of(program: typer.Typer, words: list[str]):
    """The command that the first words name, and the words behind them."""
    found = typer.main.get_command(program)
    while hasattr(found, "commands"):
        found = found.commands[words[0]]
        words = words[1:]
    return found, words


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_command_is_there(name):
    assert name in ALL


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_has_examples_and_each_parses(name):
    assert ALL[name].examples
    for example in ALL[name].examples:
        command, words = command_of(app, shlex.split(example))
        assert example.startswith(name)
        command.make_context(name, list(words))  # raises on unknown options and on missing or extra arguments


@pytest.mark.parametrize(
    ("program", "offered"), [(agent_app, OF_AGENT), (pipeline_app, OF_PIPELINE), (scaling_app, OF_SCALING)]
)
def test_the_examples_of_the_rooms_below_parse_there_too(program, offered):
    for _, one in every(offered):
        for example in one.examples:
            command, words = command_of(program, shlex.split(example))
            command.make_context(one.name, list(words))


def test_an_example_that_does_not_parse_would_be_found():
    def greet(name: str) -> None: ...

    program = build_app("Greets.", [Offered(name="greet", run=greet, examples=("greet --loud ann",)), *commands()])
    command, words = command_of(program, ["greet", "--loud", "ann"])
    with pytest.raises(Exception, match="--loud"):
        command.make_context("greet", words)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_help_of_every_command_shows_its_examples(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(app, [*name.split(), "--help"]).output
    for example in ALL[name].examples:
        assert example in shown


@pytest.mark.parametrize("name", sorted(set(ALL) - WITHOUT_JSON))
def test_every_command_takes_json(name):
    command, _ = command_of(app, name.split())
    assert any("--json" in parameter.opts for parameter in command.params)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_option_and_argument_is_explained(name):
    command, _ = command_of(app, name.split())
    unexplained = [one.name for one in command.params if not getattr(one, "help", None)]
    assert unexplained == []


def test_two_commands_of_one_name_are_refused():
    from launch import command_line

    taken = Offered(name="status", run=print, examples=("status",))
    with pytest.raises(ValueError, match="Two commands are called status"):
        list(command_line._joined([taken, taken]))


def test_the_groups_of_one_name_are_joined():
    export = next(one for one in commands() if isinstance(one, Group) and one.name == "export")
    assert {"decisions", "registry", "labels", "reports"} <= {one.name for one in export.commands}


def test_hints_name_the_program_as_it_is_called(monkeypatch):
    monkeypatch.delenv("REFIT_CALLED_AS", raising=False)
    assert called("Do: python -m agent explain d1.") == "Do: python -m agent explain d1."
    monkeypatch.setenv("REFIT_CALLED_AS", "bin/refit")
    assert called("Do: python -m agent explain d1.") == "Do: bin/refit explain d1."


def test_the_command_line_starts_without_what_only_some_commands_need():
    """A command that reads the record is done in a second; these would take several."""
    program = "import sys, launch.__main__; print(sorted({*sys.argv[1:]} & set(sys.modules)))"
    heavy = ("mlflow", "sklearn", "langchain_core", "fastapi", "torch", "pandas", "mcp", "ray")
    done = subprocess.run([sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WITHOUT_RAY = """
import importlib.util
really = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "ray" else really(name, package)
"""


def refit(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "REFIT_"))}
    return subprocess.run(
        [str(ROOT / "bin" / "refit"), *words],
        capture_output=True,
        text=True,
        cwd=home,
        env={**kept, "REFIT_HOME": str(home), "COLUMNS": "200", **environment},
    )


def test_the_program_runs_from_any_folder_and_its_exit_codes_are_as_documented(tmp_path):
    done = refit(tmp_path, "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    unknown = refit(tmp_path, "status", "no_such_model")
    assert unknown.returncode == 1
    assert "Known: breast_cancer" in unknown.stderr
    assert refit(tmp_path, "status", "--no-such-option").returncode == 2
    refused = refit(tmp_path, "rollback", "sms_spam")
    assert refused.returncode == 1
    assert "has no champion yet" in refused.stderr
    assert "python -m" not in refused.stderr


def test_without_ray_the_commands_of_a_cluster_say_how_to_get_it(tmp_path, monkeypatch):
    """What Python runs at its start hides the package, as if it were not there."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_RAY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = refit(tmp_path, "scaling", "serve")
    assert found.returncode == 1
    assert found.stderr.strip() == "Error: Ray is not installed. Install it: pip install -r requirements-ray.txt"


def test_a_setting_that_is_wrong_is_named_without_its_value(tmp_path):
    found = refit(tmp_path, "status", REFIT_AGENT_API_TOKEN="tooshort")
    assert found.returncode == 1
    assert "api_token" in found.stderr or "REFIT_AGENT_API_TOKEN" in found.stderr
    assert "tooshort" not in found.stderr
    assert "Traceback" not in found.stderr


def test_the_page_lists_every_command_and_no_other():
    named = re.findall(r"^\| `([a-z -]+?)(?: [A-Z\[].*?)?` \|", PAGE, re.MULTILINE)
    assert sorted(set(named)) == sorted(ALL)


def test_the_python_module_is_the_same_command_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "launch", "decisions", "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "REFIT_HOME": str(tmp_path)},
    )
    assert done.stdout.strip() == '{"decisions": []}'
