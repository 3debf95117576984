"""The arguments of a run: plain values, and values of Secrets, which are masked in everything that the status shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key

MASK: Final = "*****"
DUMMY: Final = "temp-for-secret"
"""Replaces a Secret's value while a metric is only validated, as in upstream."""
SHORTEST_IN_VALUES: Final = 6
"""From this length on a Secret's value is masked within measured values: shorter ones look like numbers."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """`public` has dummies for Secrets' values; `filled` has the values, unless `problem` says what is missing."""

    public: tuple[JsonObject, ...]
    filled: tuple[JsonObject, ...] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    problem: str = ""
    """A Secret that is missing, or lacks the key: it may just not be in the cache yet."""

    def masked(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text

    def masked_value(self, text: str) -> str:
        for secret in self.secrets:
            if len(secret) >= SHORTEST_IN_VALUES:
                text = text.replace(secret, MASK)
        return text


def arguments_of(snapshot: Snapshot, args: Sequence[JsonObject], namespace: str) -> Arguments:
    public: list[JsonObject] = []
    filled: list[JsonObject] = []
    secrets: list[str] = []
    problem = ""
    for arg in args:
        reference = (arg.get("valueFrom") or {}).get("secretKeyRef")
        if not reference:
            public.append(arg)
            filled.append(arg)
            continue
        public.append({"name": arg.get("name"), "value": DUMMY})
        value, missing = _secret_value(snapshot, reference, namespace)
        problem = problem or missing
        filled.append({"name": arg.get("name"), "value": value})
        if value:
            secrets.append(value)
    return Arguments(tuple(public), tuple(filled), tuple(_longest_first(secrets)), problem)


def _secret_value(snapshot: Snapshot, reference: JsonObject, namespace: str) -> tuple[str, str]:
    """The value, and what is missing."""
    name, key = str(reference.get("name") or ""), str(reference.get("key") or "")
    secret = snapshot.get(Secret, Key(namespace, name))
    if secret is None:
        return "", f'secrets "{name}" not found'
    value = secret.value(key)
    if value is None:
        return "", f"key '{key}' does not exist in secret '{name}'"
    return value.decode("utf-8", "replace"), ""


def _longest_first(secrets: Iterable[str]) -> list[str]:
    return sorted(set(secrets), key=lambda secret: (-len(secret), secret))
