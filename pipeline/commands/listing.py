"""All commands of the pipeline, each with examples that a test parses."""

from pipeline.commands import exporting, keeping, labels, lineage, migrating, monitoring, releasing, training, versions
from pipeline.commands.offering import Group, Offered

TRAIN, LOOK, HISTORY = "Train and release", "Look", "Where versions come from"
KEEP = "Keep the store"

LABELS = Group(
    name="labels",
    help="The label queue, as a list and as a sheet.",
    panel="Labels",
    commands=(
        Offered(
            name="queue",
            run=labels.queue,
            examples=("labels queue sms_spam", "labels queue sms_spam --limit 50 --json"),
        ),
        Offered(name="export", run=labels.export_sheet, examples=("labels export sms_spam labels.csv --limit 100",)),
        Offered(name="import", run=labels.import_sheet, examples=("labels import sms_spam labels.csv",)),
        Offered(name="held", run=labels.held_labels, examples=("labels held sms_spam",)),
        Offered(
            name="approve", run=labels.approve_labels, examples=("labels approve sms_spam app --who ann --why ok",)
        ),
    ),
)
BASELINE = Group(
    name="baseline",
    help="What the gate rule `beats_baseline` compares with, as JSON.",
    panel=TRAIN,
    commands=(
        Offered(
            name="export",
            run=lineage.export_baseline,
            examples=("baseline export sms_spam baseline.json --version v1",),
        ),
        Offered(
            name="import", run=lineage.import_baseline, examples=("baseline import sms_spam baseline.json --who ann",)
        ),
        Offered(name="show", run=lineage.show_baseline, examples=("baseline show sms_spam_f1",)),
    ),
)
REGISTRY = Group(
    name="registry",
    help="Versions and moves as files, for people who grep.",
    panel=HISTORY,
    commands=(Offered(name="export", run=lineage.export_registry, examples=("registry export sms_spam folder",)),),
)
EXPORT = Group(
    name="export",
    help="What the stores hold, one row a line, as JSON lines or CSV.",
    panel=HISTORY,
    commands=(
        Offered(
            name="registry",
            run=exporting.export_registry,
            examples=("export registry --model sms_spam", "export registry --format csv --out registry.csv"),
        ),
        Offered(name="labels", run=exporting.export_labels, examples=("export labels --model sms_spam --format csv",)),
        Offered(name="reports", run=exporting.export_reports, examples=("export reports --out reports.jsonl",)),
    ),
)
STATUS = Offered(name="status", run=versions.status, panel=LOOK, examples=("status sms_spam", "status sms_spam --json"))
EXPLAIN = Offered(
    name="explain",
    run=lineage.explain,
    panel=LOOK,
    examples=('explain sms_spam "You won a prize, call now" --top 3',),
)
COMMANDS: tuple[Offered | Group, ...] = (
    Offered(name="data", run=training.data, panel=TRAIN, examples=("data sms_spam",)),
    Offered(
        name="train",
        run=training.train,
        panel=TRAIN,
        examples=(
            "train sms_spam",
            "train sms_spam --promote --who ann",
            "train sms_spam --candidates naive_bayes_word --window recent",
        ),
    ),
    Offered(name="evaluate", run=training.evaluate, panel=TRAIN, examples=("evaluate sms_spam --file rows.tsv",)),
    STATUS,
    Offered(name="compare", run=versions.compare, panel=TRAIN, examples=("compare sms_spam v1 v2",)),
    Offered(
        name="promote",
        run=versions.promote_version,
        panel=TRAIN,
        examples=('promote sms_spam v2 --who ann --why "reviewed by hand"',),
    ),
    Offered(
        name="release",
        run=releasing.release_version,
        panel=TRAIN,
        examples=("release sms_spam v2 --strategy shadow --wait-minutes 30 --who delivery",),
    ),
    Offered(
        name="rollback",
        run=versions.rollback,
        panel=TRAIN,
        examples=('rollback sms_spam --who ann --why "complaints"',),
    ),
    Offered(
        name="drift",
        run=monitoring.drift,
        panel=LOOK,
        examples=("drift sms_spam", "drift sms_spam --file messages.txt --json"),
    ),
    Offered(name="monitor", run=monitoring.monitor, panel=LOOK, examples=("monitor sms_spam",)),
    Offered(name="experiments", run=lineage.experiments, panel=HISTORY, examples=("experiments sms_spam",)),
    Offered(name="rebuild", run=lineage.rebuild, panel=HISTORY, examples=("rebuild sms_spam v2",)),
    Offered(name="lineage", run=lineage.lineage, panel=HISTORY, examples=("lineage sms_spam v2",)),
    EXPLAIN,
    BASELINE,
    REGISTRY,
    LABELS,
    EXPORT,
    Offered(name="migrate", run=migrating.migrate, panel=KEEP, examples=("migrate", "migrate --json")),
    Offered(name="retention", run=keeping.retention, panel=KEEP, examples=("retention --dry-run", "retention --json")),
    Offered(name="backup", run=keeping.backup, panel=KEEP, examples=("backup folder", "backup folder --json")),
    Offered(name="restore", run=keeping.restore, panel=KEEP, examples=("restore folder", "restore folder --replace")),
)
