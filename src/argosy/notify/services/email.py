"""SMTP: with TLS on port 465, else STARTTLS if the server offers it."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from email.message import EmailMessage
from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused

TLS_PORT: Final = 465
SECONDS: Final = 30.0


async def send(delivery: Delivery, doors: Doors) -> None:
    host = delivery.option("host")
    address = await doors.address(host)
    message = composed(delivery)
    await asyncio.to_thread(_sent, delivery, host, address, message)


def composed(delivery: Delivery) -> EmailMessage:
    """Line breaks in a subject or an address would add headers: they are refused."""
    message = EmailMessage()
    body = delivery.text("body") or delivery.message
    try:
        message["From"] = delivery.option("from")
        message["To"] = ", ".join(recipients(delivery))
        message["Subject"] = " ".join(delivery.text("subject").split())
    except ValueError:
        raise Refused("email: a sender or recipient holds a line break", final=True) from None
    if str(delivery.options.get("html")).lower() == "true":
        message.set_content(body, subtype="html")
    else:
        message.set_content(body)
    return message


def recipients(delivery: Delivery) -> list[str]:
    return [part.strip() for part in delivery.recipient.split(",") if part.strip()]


class _Connected(smtplib.SMTP):
    """Connects to the checked address, even if the name resolves differently by then; TLS verifies the name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._address = address
        super().__init__(host, port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        return socket.create_connection((self._address, port), timeout)


class _ConnectedTls(smtplib.SMTP_SSL):
    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        self._address = address
        super().__init__(host, port, timeout=SECONDS, context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = socket.create_connection((self._address, port), timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


def _sent(delivery: Delivery, host: str, address: str, message: EmailMessage) -> None:
    try:
        with _client(delivery, host, address) as client:
            if username := delivery.option("username"):
                client.login(username, delivery.option("password"))
            client.send_message(message, to_addrs=recipients(delivery))
    except smtplib.SMTPException as error:
        raise _refused(error) from None
    except OSError as error:
        raise Refused(f"email: {host}: {error.strerror or type(error).__name__}") from None


def _client(delivery: Delivery, host: str, address: str) -> smtplib.SMTP:
    port = int(delivery.options.get("port") or 25)
    context = _tls(delivery)
    if port == TLS_PORT:
        return _ConnectedTls(host, port, address, context)
    client = _Connected(host, port, address)
    client.ehlo()
    if client.has_extn("starttls"):
        client.starttls(context=context)
        client.ehlo()
    return client


def _refused(error: smtplib.SMTPException) -> Refused:
    """By the reply code; the server's text may quote what was sent to it."""
    code = getattr(error, "smtp_code", 0)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((found[0] for found in error.recipients.values()), 0)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Refused(f"email: the server refused the credentials ({code})")
    permanent = 500 <= code < 600
    return Refused(f"email: {type(error).__name__}{f' ({code})' if code else ''}", final=permanent)


def _tls(delivery: Delivery) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if delivery.options.get("insecure_skip_verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
