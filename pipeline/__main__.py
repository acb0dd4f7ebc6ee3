"""Commands of the machine learning, such as `train sms_spam`. Exit codes: 0 done, 1 error, 2 usage, 3 refused."""

import sys

import typer

from pipeline.commands import lineage, monitoring, training, versions
from pipeline.commands.common import err
from pipeline.errors import ConcurrentChangeError, PromotionRefusedError, RefitError

REFUSED = 3
app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.command()(training.data)
app.command()(training.train)
app.command()(training.evaluate)
app.command()(versions.status)
app.command()(versions.compare)
app.command("promote")(versions.promote_version)
app.command()(versions.rollback)
app.command()(monitoring.drift)
app.command()(monitoring.monitor)
app.command()(lineage.experiments)
app.command()(lineage.rebuild)
app.command()(lineage.lineage)
app.command()(lineage.explain)
app.add_typer(lineage.baseline_app, name="baseline")
app.add_typer(lineage.registry_app, name="registry")
app.add_typer(monitoring.labels_app, name="labels")


def main() -> None:
    try:
        app()
    except (PromotionRefusedError, ConcurrentChangeError) as error:
        err.print(f"Refused: {error}", markup=False)
        sys.exit(REFUSED)
    except RefitError as error:
        err.print(f"Error: {error}", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
