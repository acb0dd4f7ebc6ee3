"""Versions of a model compared: metrics, what the gate said, where each came from."""

import streamlit as st

from dashboard import charts, frame, lineage, tables, words
from dashboard.answers.versions import Version, Versions


def draw(name: str) -> None:
    found = frame.client().versions(name)
    if not found.versions:
        frame.nothing("No version is registered yet.", f"`python -m pipeline train {name} --promote`")
        return
    st.dataframe(
        tables.version_table(found.versions, found.champion, found.previous),
        hide_index=True,
        column_config={"trained": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
    )
    _compare(name, found)


def _compare(name: str, found: Versions) -> None:
    numbers = [row.version for row in found.versions]
    newest_other = next((number for number in numbers if number != found.champion), numbers[0])
    columns = st.columns(2)
    base = found.champion if found.champion in numbers else numbers[-1]
    first = columns[0].selectbox(
        "Compare", numbers, index=numbers.index(base), format_func=words.tag, key=f"first:{name}"
    )
    second = columns[1].selectbox(
        "with", numbers, index=numbers.index(newest_other), format_func=words.tag, key=f"second:{name}"
    )
    one, other = frame.client().version(name, first), frame.client().version(name, second)
    _metrics(one, other)
    for column, version in zip(st.columns(2), (one, other), strict=True):
        with column:
            _gate(version)
            _lineage(name, version)


def _metrics(one: Version, other: Version) -> None:
    st.markdown("**Metrics of the training** (cross-validation)")
    table = tables.metric_table(one, other)
    if table.empty:
        frame.nothing("No metrics.", one.metrics_trouble or other.metrics_trouble or "")
        return
    shown = {name: st.column_config.NumberColumn(format="%.4f") for name in table.columns[1:]}
    shown["change"] = st.column_config.NumberColumn(format="%+.4f")
    st.dataframe(table, hide_index=True, column_config=shown)


def _gate(version: Version) -> None:
    colour = words.VERDICTS.get(version.verdict or "", "gray")
    against = f" against {version.judged_against}" if version.judged_against else ""
    st.markdown(f"**{version.tag}** :{colour}-badge[gate: {version.verdict or 'not judged'}]{against}")
    chart = charts.rule_chart(version.rules)
    if chart is not None:
        st.altair_chart(chart, width="stretch")
    for rule in version.rules:
        tint = words.VERDICTS.get(rule.outcome, "gray")
        st.markdown(f"- :{tint}[{rule.outcome}] {words.plain(rule.rule)}: {rule.reason}")
    if not version.rules:
        st.caption("No rule of the gate was recorded.")


def _lineage(name: str, version: Version) -> None:
    st.markdown("**Lineage**")
    st.graphviz_chart(lineage.lineage_graph(version), width="content")
    kept = version.lineage
    if kept is None:
        st.caption("No lineage is recorded of this version.")
        return
    packages = ", ".join(f"{package} {number}" for package, number in kept["packages"].items())
    st.caption(f"Python {kept['python']}; {packages}. Everything: `python -m pipeline lineage {name} {version.tag}`")


st.title("Versions compared", anchor=False)
chosen = frame.chosen_model()
frame.refreshing(lambda: draw(chosen))
