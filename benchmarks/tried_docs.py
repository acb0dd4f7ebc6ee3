"""The tables of what was tried, from results/drift_tried.json."""

from collections.abc import Mapping
from typing import Any

from benchmarks.tables import percent, table

Body = Mapping[str, Any]


def tried(body: Body) -> str:
    """What each further statistic finds of a quarter of the other source, with the alarms of calm windows beside it."""
    found = body["tried"]
    sources = list(found["sources"])
    head = ["statistics together, at one share of false alarms"]
    for source in sources:
        head += [f"{source}, calm", *(f"{source}, 25% at {size}" for size in found["sizes"])]
    rows = []
    for row in found["combined"]:
        cells = [row["statistics"]]
        for source in sources:
            of = row["found"][source]
            cells += [percent(of["calm"], 1), *(percent(of[str(size)]) for size in found["sizes"])]
        rows.append(cells)
    return table(head, rows)


def tried_alone(body: Body) -> str:
    found = body["tried"]
    head = ["statistic alone, at 1%", *(f"{s}, 25% at {size}" for s in found["sources"] for size in found["sizes"])]
    rows = [
        [row["statistic"], *(percent(row["found"][s][str(size)]) for s in found["sources"] for size in found["sizes"])]
        for row in found["alone"]
    ]
    return table(head, rows)


def tried_signs(body: Body) -> str:
    found = body["tried"]["signs"]
    rows = [[row["way"], *(percent(row[case], 1) for case in found["cases"])] for row in found["table"]]
    return table(["read from the answers", *found["cases"]], rows)


def tried_labels(body: Body) -> str:
    names = ("declared_truly_low_20", "declared_truly_low_50", "falsely_below_20", "covered_20", "width_20")
    head = ["posterior", *(name.replace("_20", ", 20 labels").replace("_50", ", 50 labels") for name in names)]
    rows = [[row["posterior"], *(percent(row[name], 1) for name in names)] for row in body["tried"]["posteriors"]]
    return table([name.replace("_", " ") for name in head], rows)


def tried_risks(body: Body) -> str:
    names = ("auc_below_floor", "errors_in_riskiest_15")
    rows = [
        [row["risk"], f"{row[names[0]]:.3f}", percent(row[names[1]])]
        for row in sorted(body["tried"]["risks"], key=lambda row: -row[names[1]])
    ]
    return table(["P(correct) from", "AUC for below the floor", "errors in the riskiest 15%"], rows)
