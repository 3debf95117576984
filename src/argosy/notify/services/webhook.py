"""Any HTTP endpoint. The block is found by the service's name; without one it is a GET with the message as body."""

from __future__ import annotations

from argosy.machinery import duration
from argosy.machinery.duration import DurationError
from argosy.notify.services.delivering import SECONDS, Delivery, Doors, Refused, basic, refused
from argosy.sources.port import Unavailable


async def send(delivery: Delivery, doors: Doors) -> None:
    options = delivery.options
    block = (delivery.content.get("webhook") or {}).get(delivery.name)
    method = str((block or {}).get("method") or "GET").upper()
    body = delivery.message if block is None else str(block.get("body") or "")
    url = _joined(delivery.option("url"), str((block or {}).get("path") or ""))
    headers = {str(one.get("name")): str(one.get("value") or "") for one in options.get("headers") or ()}
    headers.setdefault("Idempotency-Key", _header(delivery.key))
    if auth := options.get("basicAuth"):
        headers |= basic(str(auth.get("username") or ""), str(auth.get("password") or ""))
    await _tried(delivery, doors, method, url, headers, body.encode())


async def _tried(delivery: Delivery, doors: Doors, method: str, url: str, headers: dict[str, str], body: bytes) -> None:
    """5xx and lost connections are retried after a growing wait, as upstream's client does."""
    least, most = _seconds(delivery, "retryWaitMin", 1.0), _seconds(delivery, "retryWaitMax", 5.0)
    tries = int(delivery.options.get("retryMax") or 0) or 3
    for attempt in range(tries + 1):
        try:
            reply = await doors.request(
                method,
                url,
                headers=headers,
                body=body,
                insecure=bool(delivery.options.get("insecureSkipVerify")),
                seconds=SECONDS,
            )
        except Unavailable:
            if attempt == tries:
                raise
        else:
            if 200 <= reply.status < 300:
                return
            if reply.status < 500 or attempt == tries:
                raise refused(delivery, reply)
        await doors.sleep(min(most, least * 2**attempt))


def _joined(url: str, path: str) -> str:
    return f"{url.rstrip('/')}/{path.lstrip('/')}" if path else url


def _header(text: str) -> str:
    return "".join(char if " " < char <= "~" else "-" for char in text)


def _seconds(delivery: Delivery, option: str, default: float) -> float:
    """Nanoseconds as a number, or a duration such as `5s`. Raises Refused."""
    given = delivery.options.get(option)
    if not given:
        return default
    if isinstance(given, int | float):
        return given / 1e9
    try:
        return duration.nanoseconds(str(given)) / 1e9
    except DurationError as error:
        raise Refused(f"webhook {option}: {error}", final=True) from None
