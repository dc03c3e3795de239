"""Where alerts go: e-mail by SMTP, and a webhook that takes what Slack's take. What they say stands in alerts.py."""

import json
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from dagster_project.errors import WarehouseError

TIMEOUT_SECONDS = 20


class AlertError(WarehouseError):
    """An alert could not be sent; the message says by which channel, and no secret of it."""


@dataclass(frozen=True)
class Alert:
    """A message of a line and some more."""

    subject: str
    body: str


@dataclass(frozen=True)
class Channels:
    """Where an alert is sent.

    smtp_url     smtp://[user:password@]host[:port], which takes TLS where the server offers it, or smtps://…
    webhook_url  takes a POST of {"text": …}
    """

    smtp_url: str | None = None
    email_from: str | None = None
    email_to: Sequence[str] = ()
    webhook_url: str | None = None

    def __bool__(self) -> bool:
        return bool(self.smtp_url or self.webhook_url)

    def send(self, alert: Alert) -> None:
        """Send to every channel.

        Raises AlertError where one of them did not take it, after the others were tried.
        """
        problems = []
        if self.smtp_url:
            problems += _problem("e-mail", lambda: _send_email(self, alert))
        if self.webhook_url:
            problems += _problem("the webhook", lambda: _post(self.webhook_url, alert))
        if problems:
            raise AlertError(f"The alert '{alert.subject}' could not be sent by {' and '.join(problems)}.")


def _problem(channel: str, send: Callable[[], None]) -> list[str]:
    """What went wrong, in a list of one or none."""
    try:
        send()
    except (OSError, smtplib.SMTPException, URLError) as error:
        return [f"{channel} ({type(error).__name__})"]
    return []


def _send_email(channels: Channels, alert: Alert) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = (
        alert.subject,
        channels.email_from,
        ", ".join(channels.email_to),
    )
    message.set_content(alert.body)
    url = urlsplit(channels.smtp_url)
    context = ssl.create_default_context()
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(url.hostname, url.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(url.hostname, url.port or 25, timeout=TIMEOUT_SECONDS)
    with server:
        server.ehlo()
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


def _post(url: str, alert: Alert) -> None:
    content = json.dumps({"text": f"{alert.subject}\n{alert.body}"}).encode()
    with urlopen(Request(url, content, {"Content-Type": "application/json"}), timeout=TIMEOUT_SECONDS):
        pass
