"""E-mail as a channel: SMTP, encrypted unless a setting says that the relay is on this machine."""

import logging
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.alerts.channels import Context, RefusedError, SendError
from agent.alerts.links import Places
from agent.alerts.mail_text import mail_of
from agent.alerts.notice import Notice

log = logging.getLogger("refit.alerts")

TLS_AT_ONCE = 465
# The server refuses this mail for good: its size, its content, or all of its receivers.
_ABOUT_THE_MAIL = frozenset({550, 551, 552, 553, 554})


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Sends through one server. Certificates are checked, against `ca_file` as well where it is given."""

    server: str
    port: int
    sender: str
    to: Sequence[str]
    places: Places
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    tls: bool = True
    timeout: float = 10.0

    @property
    def name(self) -> str:
        return "email"

    def send(self, notice: Notice, context: Context) -> None:
        message = mail_of(notice, self.places, self.sender, self.to)
        try:
            with self._connected() as smtp:
                _report(smtp.send_message(message), len(self.to))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _of_codes("the mail server refused the receivers", codes) from None
        except smtplib.SMTPResponseException as error:
            raise _of_codes("the mail server answered", [error.smtp_code]) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise SendError(f"the mail server cannot be used ({type(error).__name__})") from None

    def reach(self) -> None:
        """Connect, encrypt and log in, and send nothing. Raises SendError."""
        try:
            self._connected().close()
        except smtplib.SMTPAuthenticationError:
            raise SendError("the mail server refuses the name or the password") from None
        except (OSError, smtplib.SMTPException) as error:
            raise SendError(f"the mail server cannot be used ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        if self.tls and self.port == TLS_AT_ONCE:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self.server, self.port, timeout=self.timeout, context=self._trusted())
        else:
            smtp = smtplib.SMTP(self.server, self.port, timeout=self.timeout)
        try:
            if self.tls and self.port != TLS_AT_ONCE:
                smtp.starttls(context=self._trusted())  # raises where the server offers none: nothing goes in clear
            if self.username and self.password:
                smtp.login(self.username, self.password)
        except BaseException:
            with suppress(OSError, smtplib.SMTPException):
                smtp.close()
            raise
        return smtp

    def _trusted(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        return context


def _report(refused: Mapping[str, tuple[int, bytes]], receivers: int) -> None:
    """Say that some receivers were refused while others got the mail; no address, which the log is not for."""
    if refused:
        codes = ", ".join(map(str, sorted({code for code, _ in refused.values()})))
        said = "The mail server refused %s of %s receivers (%s); the others got the alert. Correct ALERT_EMAIL."
        log.warning(said, len(refused), receivers, codes)


def _of_codes(said: str, codes: Sequence[int]) -> SendError:
    reason = f"{said} {', '.join(map(str, sorted(set(codes))))}"
    return RefusedError(reason) if codes and set(codes) <= _ABOUT_THE_MAIL else SendError(reason)
