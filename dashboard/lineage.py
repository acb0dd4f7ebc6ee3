"""Where a version came from, as a graph. Pure: no clock, no files, no requests."""

from dashboard import words
from dashboard.answers.versions import Version


def lineage_graph(version: Version) -> str:
    """Where a version came from, as a graph in the DOT language: data, rows, search, version, verdict."""
    lineage = version.lineage or {}
    winner = lineage.get("winner") or {}
    parameters = ", ".join(f"{name} {value}" for name, value in (winner.get("parameters") or {}).items())
    steps = [
        ("data", lineage.get("source")),
        ("training rows", f"{version.training_rows:,} rows, {str(lineage.get('training_rows_sha256') or '')[:12]}"),
        ("search", ", ".join(words.plain(name) for name in (lineage.get("search") or {}).get("candidates") or ())),
        ("winner", f"{words.plain(str(winner.get('candidate')))}, {parameters}" if winner else None),
        (version.tag, f"{words.size(version.artifact_bytes)}, {version.artifact_sha256[:12]}"),
        ("gate", version.verdict),
    ]
    known = [(name, said) for name, said in steps if said]
    text = 'fontcolor="#7a8694", fontname="sans-serif", fontsize=10'
    look = f'node [shape=box, style="rounded", color="#8a94a0", height=0.35, {text}]'
    nodes = [f'n{place} [label="{name}\\n{_quoted(said)}"]' for place, (name, said) in enumerate(known)]
    edges = " -> ".join(f"n{place}" for place in range(len(known)))
    frame = 'bgcolor="transparent"; rankdir=TB; ranksep=0.18; edge [color="#8a94a0", arrowsize=0.5]'
    return f"digraph {{ {frame}; {look}; {'; '.join(nodes)}; {edges} }}"


def _quoted(text: object) -> str:
    """A label of at most 46 characters a line, without what would end it."""
    plain = str(text).replace("\\", "/").replace('"', "'")
    return "\\n".join(plain[start : start + 46] for start in range(0, min(len(plain), 138), 46))
