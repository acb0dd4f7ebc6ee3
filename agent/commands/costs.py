"""`costs`: what decisions and models took, for people and for scripts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from agent.commands import rendering
from agent.commands.console import AsJson, opened, out, say
from agent.record.spending import default_since, spending
from pipeline.catalog import catalog, managed_model
from pipeline.clock import utc_now
from pipeline.commands.exporting import OneModel

Since = Annotated[datetime | None, typer.Option(help="From this day on (UTC); default: the last 30 days.")]
MB = 1_000_000


def costs(
    model: OneModel = None,
    since: Since = None,
    decisions: Annotated[int, typer.Option(min=0, max=1_000, help="How many of the newest decisions to list.")] = 10,
    json: AsJson = False,
) -> None:
    """CPU, labels, tokens, money and storage, by model and by decision."""
    models = [managed_model(model).name] if model else list(catalog())
    start = since.replace(tzinfo=since.tzinfo or UTC) if since else default_since(utc_now())
    with opened() as (settings, store):
        body = spending(store, settings.pipeline.artifact_dir, models, start, decisions)
    if json:
        rendering.print_json(body)
        return
    out.print(models_table(body))
    if body["decisions"]:
        out.print(decisions_table(body))
    say(f"Since {start.date()}. CPU is of the agent's own work and of trainings on its machine; storage is as of now.")


def models_table(body: dict[str, Any]) -> Table:
    figures = ("decided", "looks, CPU s", "trained", "CPU s", "labels learned", "tokens", "USD", "MB")
    table = _table(("model",), figures)
    for row in body["models"]:
        megabytes = (row["storage_bytes"] + row["cost"]["ledger_bytes"]) / MB
        table.add_row(row["model"], *_figures(row["cost"]), f"{megabytes:.1f}")
    table.add_row("all", *_figures(body["total"]), "", end_section=True)
    return table


def _table(names: Sequence[str], figures: Sequence[str]) -> Table:
    """A name that is cut cannot be looked up: where there is little room, headings and figures are folded instead."""
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    for name in figures:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _figures(cost: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{cost['decisions']:,}",
        f"{cost['look_cpu_seconds']:.2f}",
        f"{cost['trainings']:,}",
        f"{cost['training_cpu_seconds']:.1f}",
        f"{cost['labels_learned_from']:,}",
        f"{cost['llm_tokens']:,}",
        f"{cost['llm_usd']:.4f}",
    )


def decisions_table(body: dict[str, Any]) -> Table:
    table = _table(("decision", "model", "headline"), ("CPU s", "labels judged by", "tokens", "USD", "kB"))
    for row in body["decisions"]:
        cost = row["cost"]
        cpu = cost["look_cpu_seconds"] + cost["training_cpu_seconds"]
        figures = (f"{cost['labels_judged_by']:,}", f"{cost['llm_tokens']:,}", f"{cost['llm_usd']:.4f}")
        size = f"{cost['ledger_bytes'] / 1000:.1f}"
        table.add_row(row["decision_id"], row["model"], row["headline"], f"{cpu:.2f}", *figures, size)
    return table
