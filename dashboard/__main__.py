"""`python -m dashboard` serves the pages until Ctrl-C."""

import argparse
import io
import ipaddress
import socket
import sys
from contextlib import suppress
from pathlib import Path

from dashboard.errors import DashboardSetupError
from dashboard.settings import DashboardSettings

APP = Path(__file__).with_name("app.py")


class LastingOutput(io.TextIOWrapper):
    """Text that may lose its reader.

    Streamlit prints that it stops before it stops. Where the launcher that read its lines was killed, printing
    failed, and the dashboard stayed for ever.
    """

    def write(self, text: str) -> int:
        with suppress(BrokenPipeError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(BrokenPipeError):
            super().flush()


def require_a_safe_address(host: str, behind_login: bool) -> None:
    """Raises DashboardSetupError where strangers could use the token that the dashboard holds."""
    if not behind_login and not is_local(host):
        raise DashboardSetupError(
            f"Listening on {host} lets other machines use this dashboard's token: it has no login of its own. Put one "
            "in front of it and set REFIT_DASHBOARD_BEHIND_LOGIN=true, or listen on 127.0.0.1."
        )


def is_local(host: str) -> bool:
    bare = host.strip("[]").lower()
    try:
        return bare == "localhost" or ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def free_port(host: str, port: int) -> int:
    """The port itself, or for 0 one that nobody listens on."""
    if port:
        return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def serve(host: str, port: int, port_file: Path | None) -> None:
    """Run Streamlit in this process. What pages draw with is imported first, so that no reader waits for it."""
    import altair  # noqa: F401
    import pandas  # noqa: F401
    from streamlit.web import bootstrap

    flags = {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
    }
    bootstrap.load_config_options(flags)
    if port_file:
        partial = port_file.with_name(f"{port_file.name}.partial")
        partial.write_text(f"{port}\n")
        partial.replace(port_file)
    bootstrap.run(str(APP), False, [], flags)


def main() -> int:
    settings = DashboardSettings()
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    parser.add_argument("--host", default=settings.host, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=settings.port, help="port; 0 takes a free one (%(default)s)")
    parser.add_argument("--port-file", type=Path, help="file that the port is written to")
    wanted = parser.parse_args()
    for name in ("stdout", "stderr"):
        setattr(sys, name, LastingOutput(getattr(sys, name).detach(), line_buffering=True))
    try:
        require_a_safe_address(wanted.host, settings.behind_login)
    except DashboardSetupError as error:
        print(error, file=sys.stderr)
        return 2
    serve(wanted.host, free_port(wanted.host, wanted.port), wanted.port_file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
