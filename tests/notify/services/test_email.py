"""E-mail, through a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from argosy.notify.services import Delivery, Doors, Refused, send


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.reply = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return self.reply

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("nobody@"):
            return "550 canary"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def mailed(options: dict[str, Any], content: dict[str, Any], recipient: str, **server: Any) -> Mailbox:
    box = Mailbox()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        smtp = await loop.create_server(lambda: SMTP(box, loop=loop, **server), "127.0.0.1", 0)
        async with smtp:
            port = smtp.sockets[0].getsockname()[1]
            given = {"host": "mail.example", "port": port, "from": "argosy@example.org", **options}
            await send(_delivery(given, content, recipient), _doors())

    asyncio.run(run())
    return box


def _delivery(options: dict[str, Any], content: dict[str, Any], recipient: str) -> Delivery:
    return Delivery(type="email", name="email", recipient=recipient, options=options, content=content)


def _doors() -> Doors:
    async def unused(*arguments: Any, **named: Any) -> Any:
        raise AssertionError("e-mail makes no HTTP request")

    async def address(host: str) -> str:
        assert host == "mail.example"
        return "127.0.0.1"

    return Doors(request=unused, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), sleep=unused, address=address)


def test_subject_and_body_reach_all_recipients() -> None:
    content = {"message": "m", "email": {"subject": "Sub\nject", "body": "Body ü"}}
    box = mailed({}, content, "a@example.org, b@example.org")

    recipients, mail = box.mails[0]
    assert recipients == ["a@example.org", "b@example.org"]
    assert (mail["Subject"], mail["From"]) == ("Sub ject", "argosy@example.org")
    assert mail.get_content().strip() == "Body ü"
    assert mail.get_content_type() == "text/plain"


def test_without_a_body_the_message_is_sent_and_html_where_it_is_wanted() -> None:
    box = mailed({"html": True}, {"message": "<b>m</b>"}, "a@example.org")

    assert box.mails[0][1].get_content_type() == "text/html"
    assert box.mails[0][1].get_content().strip() == "<b>m</b>"


def test_a_recipient_that_the_server_refuses_is_final_and_its_text_is_not_shown() -> None:
    with pytest.raises(Refused) as refused:
        mailed({}, {"message": "m"}, "nobody@example.org")

    assert refused.value.final
    assert "canary" not in str(refused.value)
    assert "550" in str(refused.value)


def test_wrong_credentials_are_refused_without_being_shown() -> None:
    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    options = {"username": "u", "password": "canary"}
    with pytest.raises(Refused, match="refused the credentials") as refused:
        mailed(options, {"message": "m"}, "a@example.org", authenticator=authenticate, auth_require_tls=False)

    assert "canary" not in str(refused.value)


def test_a_sender_with_a_line_break_is_refused() -> None:
    delivery = _delivery({"host": "mail.example", "from": "a@b\nBcc: c@d"}, {"message": "m"}, "a@example.org")
    with pytest.raises(Refused, match="line break"):
        asyncio.run(send(delivery, _doors()))


def test_a_server_that_is_not_there_is_reported() -> None:
    delivery = _delivery({"host": "mail.example", "port": 1, "from": "a@b"}, {"message": "m"}, "a@example.org")
    with pytest.raises(Refused, match=r"mail\.example: ") as refused:
        asyncio.run(send(delivery, _doors()))

    assert not refused.value.final
