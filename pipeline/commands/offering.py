"""How commands are offered: a table of them with examples becomes a command line, here and in the rooms above."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import InterfaceError, OperationalError
from typer.core import TyperCommand

from pipeline.errors import ConcurrentChangeError, PromotionRefusedError, RefitError

FAILED, REFUSED = 1, 3
REFUSALS: tuple[type[RefitError], ...] = (PromotionRefusedError, ConcurrentChangeError)
# Set by bin/refit: what its user types in place of `python -m pipeline`.
CALLED_AS = "REFIT_CALLED_AS"


@dataclass(frozen=True, kw_only=True)
class Offered:
    """One command. `examples` are what is typed after the program's name; `panel` is its heading in the help."""

    name: str
    run: Callable[..., Any]
    examples: tuple[str, ...]
    panel: str | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Commands under one word, such as `labels queue`."""

    name: str
    help: str
    commands: tuple[Offered, ...]
    panel: str | None = None


class WithExamples(TyperCommand):
    """A command whose help ends with examples, as this program is called."""

    examples: tuple[str, ...] = ()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        program = ctx.find_root().info_name
        lines = "\n".join(escape(f"  {program} {example}") for example in self.examples)
        # A paragraph's indentation is taken off by its first line.
        self.epilog = f"[bold]Examples[/]\n{lines}"
        super().format_help(ctx, formatter)


def build_app(help_text: str, offered: Sequence[Offered | Group]) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, help=help_text, pretty_exceptions_enable=False)
    for one in offered:
        if isinstance(one, Group):
            app.add_typer(build_app(one.help, one.commands), name=one.name, rich_help_panel=one.panel)
        else:
            kind = type("Command", (WithExamples,), {"examples": one.examples})
            app.command(one.name, cls=kind, rich_help_panel=one.panel)(one.run)
    return app


def every(offered: Sequence[Offered | Group]) -> Iterator[tuple[str, Offered]]:
    """All commands with their full names, such as `labels queue`."""
    for one in offered:
        if isinstance(one, Group):
            yield from ((f"{one.name} {inner.name}", inner) for inner in one.commands)
        else:
            yield one.name, one


def run(app: typer.Typer, err: Console, refusals: tuple[type[RefitError], ...] = REFUSALS) -> None:
    """Run the command line. Ends with 1 for an error and 3 for a refusal, each with a sentence on standard error."""
    try:
        app(prog_name=os.environ.get(CALLED_AS))
    except refusals as error:
        _end(err, f"Refused: {error}", REFUSED)
    except RefitError as error:
        _end(err, f"Error: {error}", FAILED)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        _end(err, f"Error: the setting {where} of {error.title}: {first['msg']}. See docs/settings.md.", FAILED)
    except SettingsError as error:
        # It names the setting and not its value.
        _end(err, f"Error: {error}: write it as JSON. See docs/settings.md.", FAILED)
    except (OperationalError, InterfaceError) as error:
        # Its text may hold values of rows.
        reason = type(error.orig or error).__name__
        _end(err, f"Error: A database failed ({reason}). See what is wrong: python -m agent doctor", FAILED)


def called(text: str) -> str:
    """The commands that a text names, as this program is called: under bin/refit, `bin/refit X`."""
    program = os.environ.get(CALLED_AS)
    return re.sub(r"python -m (?:pipeline|agent|launch)(?= \w)", program, text) if program else text


def printable(text: str) -> str:
    """A text of anybody's for a terminal: what is not a sign, such as the commands of a terminal, becomes a space."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def _end(err: Console, sentence: str, code: int) -> None:
    err.print(called(printable(sentence)), markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)
