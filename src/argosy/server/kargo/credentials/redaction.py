"""Masks Secrets for output: only values that name a repository are shown (security rule 9). Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import DESCRIPTION, REPLICATE_TO
from argosy.server.kargo.shapes import plain

REDACTED: Final = "*** REDACTED ***"
CLEAR: Final = frozenset({"repoURL", "repoURLIsRegex", "username"})
"""Shown for repository credentials."""


def redacted(secret: JsonObject, *, clear: Collection[str] = (), annotations: Collection[str] = ()) -> JsonObject:
    """`clear`: keys whose values are shown; `annotations`: those shown besides the description. The kind is omitted."""
    shown = plain(secret, kind=False)
    metadata = dict(shown["metadata"])
    known = {DESCRIPTION, *annotations}
    if told := metadata.get("annotations"):
        metadata["annotations"] = {name: value if name in known else REDACTED for name, value in told.items()}
    values = {name: text_of(value) if name in clear else REDACTED for name, value in (secret.get("data") or {}).items()}
    found = {name: value for name, value in shown.items() if name not in ("metadata", "data", "stringData")}
    return {"metadata": metadata, **({"stringData": values} if values else {}), **found}


def for_repository(secret: JsonObject) -> JsonObject:
    return redacted(secret, clear=CLEAR)


def generic(secret: JsonObject) -> JsonObject:
    return redacted(secret, annotations=(REPLICATE_TO,))


def text_of(value: str) -> str:
    """Decodes a base64 value; one that is not text is masked."""
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError, TypeError):
        return REDACTED


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
