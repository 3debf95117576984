"""Maps a provider's claims to ServiceAccounts by their annotations. Source: spec/kargo-api.md 2.

`rbac.kargo.akuity.io/claims` holds JSON, `rbac.kargo.akuity.io/claim.<name>` a list with commas. No wildcards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informer import Caches

SERVICE_ACCOUNTS: Final = Resource("", "v1", "serviceaccounts", "ServiceAccount")
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
PROJECT: Final = "kargo.akuity.io/project"
CLAIMS: Final = "rbac.kargo.akuity.io/claims"
CLAIM: Final = "rbac.kargo.akuity.io/claim."
Claims = dict[str, list[str]]


class ClaimsError(ValueError):
    """An annotation that cannot be parsed."""


def claims_of(annotations: Mapping[str, str]) -> Claims:
    """Values sorted, without duplicates. Raises ClaimsError."""
    found: dict[str, set[str]] = {}
    if text := annotations.get(CLAIMS):
        for name, values in _parsed(text).items():
            found.setdefault(name, set()).update(values)
    for key, text in annotations.items():
        if key.startswith(CLAIM):
            found.setdefault(key.removeprefix(CLAIM), set()).update(part.strip() for part in text.split(","))
    return {name: sorted(value for value in values if value) for name, values in found.items()}


def _parsed(text: str) -> dict[str, list[str]]:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ClaimsError(f"annotation {CLAIMS}: it is not a JSON object of lists of texts")
    found = {}
    for name, value in parsed.items():
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise ClaimsError(f"annotation {CLAIMS}: {name}: a list of texts is expected")
        found[name] = values
    return found


def annotated(obj: JsonObject, claims: Mapping[str, Iterable[str]]) -> JsonObject:
    """Sets these claims in one annotation and removes those of the older form."""
    metadata = obj["metadata"]
    kept = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != CLAIMS and not k.startswith(CLAIM)}
    values = {name: sorted(set(of)) for name, of in sorted(claims.items())}
    kept[CLAIMS] = json.dumps({name: of for name, of in values.items() if of}, separators=(",", ":"))
    return {**obj, "metadata": {**metadata, "annotations": kept}}


class ClaimIndex:
    """Accounts by claim and value; recomputed after a change."""

    def __init__(self, caches: Caches, global_namespaces: Iterable[str]) -> None:
        self._caches, self._global = caches, frozenset(global_namespaces)
        self._by_claim: dict[tuple[str, str], list[Key]] | None = None
        self._listens = False

    async def accounts(self, claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Names by namespace, only of projects and of the global namespaces."""
        accounts, spaces = self._caches.cache(SERVICE_ACCOUNTS), self._caches.cache(NAMESPACES)
        await accounts.wait_synced()
        await spaces.wait_synced()
        if not self._listens:
            self._listens = True
            accounts.on_change(self._forget)
        if self._by_claim is None:
            self._by_claim = _indexed(accounts.list())
        found: dict[str, set[str]] = {}
        for name, value in _values(claims):
            for key in self._by_claim.get((name, value), ()):
                if key.namespace in self._global or _is_project(spaces.get(Key("", key.namespace))):
                    found.setdefault(key.namespace, set()).add(key.name)
        return {namespace: tuple(sorted(names)) for namespace, names in found.items()}

    def _forget(self, old: JsonObject | None, new: JsonObject | None) -> None:
        self._by_claim = None


def _indexed(accounts: Iterable[JsonObject]) -> dict[tuple[str, str], list[Key]]:
    """An account with an invalid annotation matches nobody, and does not affect others."""
    found: dict[tuple[str, str], list[Key]] = {}
    for account in accounts:
        metadata = account["metadata"]
        try:
            claims = claims_of(metadata.get("annotations") or {})
        except ClaimsError:
            continue
        for name, values in claims.items():
            for value in values:
                found.setdefault((name, value), []).append(Key(metadata["namespace"], metadata["name"]))
    return found


def _values(claims: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """An email address that the provider has not verified may be anybody's."""
    for name, value in claims.items():
        if name == "email" and claims.get("email_verified") is False:
            continue
        for one in [value] if isinstance(value, str) else value if isinstance(value, list) else ():
            if isinstance(one, str):
                yield name, one


def _is_project(namespace: JsonObject | None) -> bool:
    return ((namespace or {}).get("metadata", {}).get("labels") or {}).get(PROJECT) == "true"
