"""Local accounts as described by argocd-cm and argocd-secret. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

ADMIN: Final = "admin"
LOGIN, API_KEY = "login", "apiKey"


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    issued_at: int
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    enabled: bool
    capabilities: tuple[str, ...]
    password_hash: str = field(default="", repr=False)
    password_changed_at: datetime | None = None
    tokens: tuple[Token, ...] = ()

    def has_token(self, token_id: str) -> bool:
        return any(token.id == token_id for token in self.tokens)


def accounts_of(settings: Mapping[str, str], secret: Mapping[str, str]) -> dict[str, Account]:
    """By name, sorted."""
    found = {ADMIN: _account(ADMIN, (LOGIN,), settings.get("admin.enabled") != "false", "admin", secret)}
    for key, value in settings.items():
        name = key.removeprefix("accounts.")
        if name == key or "." in name or not name:
            continue
        capabilities = tuple(word for item in value.split(",") if (word := item.strip()) in (LOGIN, API_KEY))
        enabled = settings.get(f"{key}.enabled") != "false"
        if name == ADMIN:
            capabilities = tuple(dict.fromkeys((LOGIN, *capabilities)))
            enabled = enabled and found[ADMIN].enabled
        found[name] = _account(name, capabilities, enabled, prefix_of(name), secret)
    return dict(sorted(found.items()))


def prefix_of(name: str) -> str:
    """From the account's keys in argocd-secret."""
    return ADMIN if name == ADMIN else f"accounts.{name}"


def _account(
    name: str, capabilities: tuple[str, ...], enabled: bool, prefix: str, secret: Mapping[str, str]
) -> Account:
    return Account(
        name=name,
        enabled=enabled,
        capabilities=capabilities,
        password_hash=secret.get(f"{prefix}.password", ""),
        password_changed_at=_moment(secret.get(f"{prefix}.passwordMtime", "")),
        tokens=_tokens(secret.get(f"{prefix}.tokens", "")),
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _tokens(text: str) -> tuple[Token, ...]:
    try:
        entries = json.loads(text) if text and text != "null" else []
        return tuple(Token(str(item["id"]), int(item.get("iat") or 0), int(item.get("exp") or 0)) for item in entries)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def tokens_text(tokens: tuple[Token, ...]) -> str:
    return json.dumps(
        [
            {"id": item.id, "iat": item.issued_at, **({"exp": item.expires_at} if item.expires_at else {})}
            for item in tokens
        ],
        separators=(",", ":"),
    )
