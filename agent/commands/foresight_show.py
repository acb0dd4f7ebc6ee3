"""How what-if is shown: tables and sentences for people."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.commands.rendering import effective
from agent.foresight.what_if import Flip, RuleChange, WhatIf


def show_what_if(console: Console, found: WhatIf) -> None:
    """Both decisions, then every rule with its margin, then how far each number is from changing the decision."""
    changed = ", ".join(f"{name} {old:g} -> {new:g}" for name, (old, new) in found.changed.items()) or "nothing changed"
    console.print(f"Decision {found.decision_id} with {changed}:", highlight=False)
    verdict = "the same" if found.same else "another decision"
    before, now = effective(found.effective_before), effective(found.effective_now)
    console.print(f"  {found.headline_before} ({before}) -> {found.headline_now} ({now}): {verdict}.", highlight=False)
    for note in found.notes:
        console.print(f"  Note: {note}", highlight=False)
    console.print(_rules_table(found.rules))
    console.print(_flips_table(found.flips))


def _rules_table(changes: tuple[RuleChange, ...]) -> Table:
    table = Table(title="Rules that have something to say", title_justify="left", box=None)
    for column in ("rule", "recorded", "now", "margin", "margin now"):
        table.add_column(column, justify="right" if column.startswith("margin") else "left", overflow="fold")
    for change in changes:
        words = tuple("fires" if fires else "silent" for fires in (change.fired_before, change.fires_now))
        style = "bold" if change.fired_before != change.fires_now else ""
        cells = (change.rule, *words, _signed(change.margin_before), _signed(change.margin_now))
        table.add_row(*map(Text, cells), style=style)
    return table


def _flips_table(flips: tuple[Flip, ...]) -> Table:
    table = Table(title="How far each number is from changing what is done", title_justify="left", box=None)
    for column in ("number", "is", "changes at", "margin", "then"):
        table.add_column(column)
    for flip in sorted(flips, key=lambda one: one.beyond is None):
        found = flip.beyond is not None
        at = f"{flip.beyond:.6g}" if found else "no value changes it"
        table.add_row(flip.number, f"{flip.present:g}", at, _plain(flip.margin), flip.becomes or "")
    return table


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}".rstrip("0").rstrip(".")


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
