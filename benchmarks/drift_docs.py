"""Writes results/drift*.json and looks_delay.json into docs/monitoring.md, and draws docs/images/drift.png."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import tried_docs
from benchmarks.tables import percent, table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "drift.json"
# Other benchmarks of the same page; each is a part of the body under its own name.
OTHERS = {
    "tried": RESULTS.with_name("drift_tried.json"),
    "looks_delay": RESULTS.with_name("looks_delay.json"),
}
PAGE, PLOT = ROOT / "docs" / "monitoring.md", ROOT / "docs" / "images" / "drift.png"
Body = Mapping[str, Any]


def write(body: Body, page: Path = PAGE, plot: Path | None = PLOT) -> None:
    """Fill every marked block of the page whose figures are there; the others stay as they are.

    Raises KeyError for a marker that no table belongs to.
    """
    body = {
        **{name: part for name, part in body.items() if name not in OTHERS},
        **{name: json.loads(file.read_text()) for name, file in OTHERS.items() if file.exists()},
    }
    text = page.read_text()
    page.write_text(re.sub(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", _block(body), text, flags=re.DOTALL))
    if plot is not None and "texts" in body:
        draw(body, plot)


def _block(body: Body) -> Callable[[re.Match[str]], str]:
    def fill(found: re.Match[str]) -> str:
        table_of = TABLES[found[2]]
        return f"{found[1]}\n{table_of(body)}\n\n{found[3]}" if NEEDS.get(found[2], "texts") in body else found[0]

    return fill


def _detection(body: Body) -> str:
    """One line a source and case, one column a size; the worst split in brackets where there is no drift."""
    sizes = sorted({row["messages"] for row in body["texts"]})
    cells: dict[tuple[str, str], dict[int, str]] = {}
    for row in body["texts"]:
        calm = row["case"] == "no drift"
        shown = f"{percent(row['alarm'], 1)} ({percent(row['worst_split'])})" if calm else percent(row["alarm"])
        cells.setdefault((row["source"], row["case"]), {})[row["messages"]] = shown
    head = ["traffic like", "change", *(f"n = {size}" for size in sizes)]
    return table(head, [[*name, *(of.get(size, "–") for size in sizes)] for name, of in cells.items()])


def _overlap(body: Body) -> str:
    """The same references with a large and a small pool of calm texts."""
    small = body["overlapping"]["pool"]
    rows = []
    for row in body["overlapping"]["rows"]:
        whole = next(
            other
            for other in body["texts"]
            if (other["source"], other["case"], other["messages"]) == (row["source"], "no drift", row["messages"])
        )
        for pool, found in ((body["pools"][row["source"]], whole), (small, row)):
            shown = (percent(row["messages"] / pool), percent(found["alarm"], 1), percent(found["worst_split"], 1))
            rows.append([str(row["messages"]), f"{pool:,}", *shown])
    return table(["messages", "texts in the pool", "part of it in a window", "alarms, mean", "worst reference"], rows)


def _signals(body: Body) -> str:
    """Which score saw it, at 100 messages."""
    rows = [row for row in body["texts"] if row["source"] == "messages" and row["messages"] == 100]
    names = ("vocabulary_drift", "tfidf_drift", "length_drift", "score_shift", "spam_part_novelty", "new_patterns")
    shown = [
        [row["case"], *(percent(row.get(name)) for name in names), ", ".join(_causes(row["causes"])) or "–"]
        for row in rows
    ]
    return table(["change", *names, "first cause named"], shown)


def _causes(causes: Mapping[str, float]) -> list[str]:
    return [f"{cause} {percent(share)}" for cause, share in sorted(causes.items(), key=lambda item: -item[1])]


def _patterns(body: Body) -> str:
    rows = [row for row in body["texts"] if row["case"] == "no drift"]
    shown = [
        [r["source"], str(r["messages"]), str(r.get("pattern_windows", r["windows"])), percent(r["new_patterns"], 2)]
        for r in rows
    ]
    return table(["traffic like", "messages", "calm windows", "with a false pattern"], shown)


def _numeric(body: Body) -> str:
    peer = {(row["case"], row["rows"]): row for row in (body.get("evidently") or {}).get("numeric", ())}
    rows = []
    for row in body["numeric"]:
        other = peer.get((row["case"], row["rows"]))
        theirs = [percent(other["any_feature"]), percent(other["half"])] if other else ["–", "–"]
        rows.append([row["case"], str(row["rows"]), percent(row["alarm"], 1), *theirs])
    return table(["change", "rows", "Refit", "Evidently, any feature", "Evidently, half of them"], rows)


def _peers(body: Body) -> str:
    ours = {(row["case"], row["messages"]): row for row in body["texts"] if row["source"] == "messages"}
    plain = {(row["case"], row["messages"]): row for row in body["plain_distances"]}
    theirs = {(row["case"], row["messages"]): row for row in (body.get("evidently") or {}).get("texts", ())}
    rows = []
    for key in sorted({*plain, *theirs}, key=lambda key: list(ours).index(key)):
        flat, other = plain.get(key), theirs.get(key)
        rows.append(
            [
                key[0],
                str(key[1]),
                percent(ours[key]["alarm"], 1),
                percent(flat["word_counts_alarm"]) if flat else "–",
                f"{percent(flat['tfidf_cosine_alarm'])} (mean {flat['tfidf_cosine_mean']})" if flat else "–",
                f"{percent(other['alarm'])} ({other['seconds']} s)" if other else "–",
            ]
        )
    missing = (body.get("evidently") or {}).get("missing")
    head = ["change", "messages", "Refit", "word counts > 0.15", "TF-IDF cosine > 0.15", "Evidently, text"]
    return table(head, rows) + (f"\n\n{missing}" if missing else "")


def _year(body: Body) -> str:
    rows = [
        [
            row["source"],
            str(row["messages"]),
            row["scores"],
            row["rule"],
            f"{row['alarms_a_year']:g}",
            f"{row['median_split']:g}",
            f"{row['worst_split']:g}",
        ]
        for row in body["calm_year"]
    ]
    return table(
        [
            "traffic like",
            "messages a look",
            "scores",
            "rule",
            "alarms a year, mean",
            "median reference",
            "worst reference",
        ],
        rows,
    )


def _accuracy(body: Body) -> str:
    names = ("covered", "width", "declared_truly_low", "declared_below_floor", "falsely_below", "falsely_clear")
    rows = [
        [str(row["labels"]), row["way"], *(percent(row[name], 1) for name in names)]
        for row in body["accuracy"]["table"]
    ]
    return table(["labels", "labels are", *(name.replace("_", " ") for name in names)], rows)


def _upper(body: Body) -> str:
    found = body["accuracy"]
    return (
        f"Over {found['windows']} windows, {found['below_floor']} of them below the floor, the estimate without labels "
        f"is {percent(found['upper_estimate_bias_below_floor'], 1)} too high where the accuracy is below the floor "
        f"and {percent(found['upper_estimate_bias_above'], 1)} off elsewhere; it calls "
        f"{percent(found['suspicious_of_low'])} of the bad windows and {percent(found['suspicious_of_high'])} of the "
        "good ones suspicious "
        f"(AUC {found['upper_estimate_auc']:.2f})."
    )


def _times(body: Body) -> str:
    found = body["times"]
    return (
        f"One check takes {found['text_100_ms']:g} ms of CPU for 100 messages, {found['text_500_ms']:g} for 500 and "
        f"{found['text_1000_ms']:g} for 1,000, with all text scores; {found['numeric_500x30_ms']:g} ms for 500 rows "
        f"of 30 numbers. The profile takes {found.get('profile_seconds', 0):g} s and has {found['profile_bytes']:,} "
        f"bytes; with the training of its model it takes {body['build_seconds']:g} s of CPU. {body['splits']} fresh "
        f"splits of each source; the whole benchmark takes {body['cpu_seconds'] / 60:.0f} minutes of CPU."
    )


def _far(body: Body) -> str:
    found = body["looks_delay"]
    calm = found["calm"]
    return (
        f"Of {calm['windows']:,} calm windows of {found['messages']} messages the farthest lay at {calm['largest']} "
        f"times the line's distance; an exponential tail lets expect {calm['far_looks_a_year']} looks a year beyond "
        f"{found['far']}."
    )


def _delay(body: Body) -> str:
    """Share of drifts acted on at the first look, and by the third, for each rule."""
    delays = body["looks_delay"]["delays"]
    rules = list(dict.fromkeys(row["rule"] for row in delays))
    cells: dict[str, list[str]] = {}
    for row in delays:
        cells.setdefault(row["case"], []).append(f"{percent(row['at_first'])} / {percent(row['by_third'])}")
    return table(["change", *rules], [[case, *of] for case, of in cells.items()])


TABLES: Mapping[str, Callable[[Body], str]] = {
    "detection": _detection,
    "overlap": _overlap,
    "signals": _signals,
    "patterns": _patterns,
    "numeric": _numeric,
    "peers": _peers,
    "year": _year,
    "far": _far,
    "delay": _delay,
    "accuracy": _accuracy,
    "upper": _upper,
    "tried": tried_docs.tried,
    "tried_alone": tried_docs.tried_alone,
    "tried_signs": tried_docs.tried_signs,
    "tried_labels": tried_docs.tried_labels,
    "tried_risks": tried_docs.tried_risks,
    "times": _times,
}


# What a table is made of, where it is not made of the windows of texts.
NEEDS: Mapping[str, str] = {
    "overlap": "overlapping",
    "numeric": "numeric",
    "peers": "evidently",
    "year": "calm_year",
    "accuracy": "accuracy",
    "upper": "accuracy",
    "far": "looks_delay",
    "delay": "looks_delay",
    "times": "times",
    **dict.fromkeys(("tried", "tried_alone", "tried_signs", "tried_labels", "tried_risks"), "tried"),
}


def draw(body: Body, file: Path) -> None:
    """Alarm rate over window size: without drift with the worst split, and with drift."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    for source in ("messages", "Rotten Tomatoes", "IMDB"):
        rows = [row for row in body["texts"] if row["source"] == source and row["case"] == "no drift"]
        sizes = [row["messages"] for row in rows]
        (line,) = left.plot(sizes, [100 * row["alarm"] for row in rows], marker="o", label=source)
        left.plot(sizes, [100 * row["worst_split"] for row in rows], ls=":", color=line.get_color())
    left.axhline(5, color="grey", lw=0.8)
    left.set(title="No drift: false alarms (dotted: worst split)", xscale="log", ylim=(0, 30))
    for case in ("10% reviews", "25% reviews", "campaigns in the spam part", "class mix 13% to 40%", "10% campaigns"):
        rows = [row for row in body["texts"] if row["source"] == "messages" and row["case"] == case]
        right.plot([row["messages"] for row in rows], [100 * row["alarm"] for row in rows], marker="o", label=case)
    right.set(title="Drift in SMS messages: detected", xscale="log", ylim=(0, 103))
    for axes in (left, right):
        axes.set(xlabel="messages in the window", ylabel="% of windows")
        axes.set_xticks([50, 100, 200, 500, 1000], ["50", "100", "200", "500", "1000"])
        axes.legend(fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text()))
