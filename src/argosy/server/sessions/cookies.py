"""The cookie of the browser: a token that is too long for one is split over several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAME: Final = "argocd.token"
PROVIDER: Final = "argocd.provider"
"""What a browser keeps of its provider's sign-in."""
MAX_LENGTH: Final = 4093
MAX_COUNT: Final = 20


def cookies_of(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name not in found:
            found[name] = value.strip('"')
    return found


def token_of(cookies: Mapping[str, str], name: str = NAME) -> str | None:
    """None without one; "" for parts that do not fit together."""
    first = cookies.get(name)
    if first is None:
        return None
    count, colon, rest = first.partition(":")
    if not colon:
        return first
    if not count.isdecimal() or int(count) > MAX_COUNT:
        return ""
    parts = [rest, *(cookies.get(f"{name}-{number}", "") for number in range(1, int(count)))]
    return "".join(parts) if all(parts) else ""


def set_cookies(token: str, path: str, *, secure: bool, name: str = NAME) -> list[str]:
    """Values of Set-Cookie. Raises ValueError for a token that is too long for all of them."""
    tail = f"; path={path or '/'}; SameSite=lax; httpOnly" + ("; Secure" if secure else "")
    room = MAX_LENGTH - len(name) - len(tail) - 8
    pieces = [token[at : at + room] for at in range(0, len(token), room)] or [""]
    if len(pieces) > MAX_COUNT:
        raise ValueError(f"the token takes {len(pieces)} cookies, and {MAX_COUNT} are allowed")
    if len(pieces) == 1:
        return [f"{name}={token}{tail}"]
    first = f"{name}={len(pieces)}:{pieces[0]}{tail}"
    return [first, *(f"{name}-{number}={piece}{tail}" for number, piece in enumerate(pieces[1:], 1))]


def clear_cookies(cookies: Mapping[str, str], path: str) -> list[str]:
    ours = (NAME, PROVIDER)
    names = [name for name in cookies if name in ours or name.startswith(tuple(f"{one}-" for one in ours))] or [NAME]
    return [f"{name}=; Path={path or '/'}" for name in names]
