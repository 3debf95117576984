"""NATS core: one message on the subject that the recipient names, with headers, by user and password or an nkey.

Source: the NATS client protocol (INFO, CONNECT, HPUB/PUB, PING and PONG). One message needs no client library.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argosy.notify.services.delivering import Delivery, Doors, Refused

PORT: Final = 4222
SECONDS: Final = 10.0
_LINE: Final = 64 * 1024


async def send(delivery: Delivery, doors: Doors) -> None:
    if not delivery.recipient or any(char.isspace() for char in delivery.recipient):
        raise Refused("nats: the recipient is not a subject, a name without spaces would be right", final=True)
    parts = urlsplit(delivery.option("url"))
    host = parts.hostname or ""
    address = await doors.address(host)
    try:
        async with asyncio.timeout(SECONDS):
            await _published(delivery, host, address, parts.port or PORT, secure=parts.scheme == "tls")
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        raise Refused(f"nats: {host} cannot be reached") from None


async def _published(delivery: Delivery, host: str, address: str, port: int, *, secure: bool) -> None:
    reader, writer = await asyncio.open_connection(address, port, limit=_LINE)
    try:
        info = orjson.loads((await reader.readline()).removeprefix(b"INFO ").strip())
        if secure or info.get("tls_required"):
            await writer.start_tls(_tls(delivery), server_hostname=host)
        connect = {"verbose": False, "pedantic": False, "lang": "argosy", "version": "1", "headers": True}
        connect |= _credentials(delivery, str(info.get("nonce") or ""))
        writer.write(b"CONNECT " + orjson.dumps(connect) + b"\r\n" + published(delivery) + b"PING\r\n")
        await writer.drain()
        while (line := await reader.readline()).strip() != b"PONG":
            if line.startswith(b"-ERR"):
                raise Refused("nats: the server refused the message")
            if not line:
                raise Refused("nats: the server closed the connection")
    finally:
        writer.close()


def published(delivery: Delivery) -> bytes:
    body = delivery.message.encode()
    headers = {str(name): str(value) for name, value in (delivery.options.get("headers") or {}).items()}
    headers["Nats-Msg-Id"] = delivery.key
    lines = [f"{_one_line(name)}: {_one_line(value)}\r\n" for name, value in headers.items()]
    head = ("NATS/1.0\r\n" + "".join(lines) + "\r\n").encode()
    start = f"HPUB {delivery.recipient} {len(head)} {len(head) + len(body)}\r\n".encode()
    return start + head + body + b"\r\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _credentials(delivery: Delivery, nonce: str) -> dict[str, Any]:
    seed = delivery.option("nkey")
    if not seed:
        found = {"user": delivery.option("username") or delivery.option("user"), "pass": delivery.option("password")}
        return {name: value for name, value in found.items() if value}
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))[2:34]
        key = Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError:
        raise Refused("nats: nkey is not a seed", final=True) from None
    kind = (base64.b32decode(seed[:8])[0] & 7) << 5 | base64.b32decode(seed[:8])[1] >> 3
    public = bytes([kind]) + key.public_key().public_bytes_raw()
    checked = public + _crc16(public).to_bytes(2, "little")
    signature = base64.urlsafe_b64encode(key.sign(nonce.encode())).decode().rstrip("=")
    return {"nkey": base64.b32encode(checked).decode().rstrip("="), "sig": signature}


def _crc16(data: bytes) -> int:
    """CRC-16/XMODEM, the checksum at the end of an nkey."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
        crc &= 0xFFFF
    return crc


def _tls(delivery: Delivery) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if delivery.options.get("insecureSkipVerify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
