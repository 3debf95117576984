"""Immutable fields of Orders and Challenges. Source: spec/cert-manager.md section 10.4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from argosy.certs.admission.errors import FieldError, forbidden
from argosy.machinery.objects import JsonObject

_ONCE = "stays as it was set"


def order_change(old: JsonObject, new: JsonObject) -> list[FieldError]:
    before, after = old.get("status") or {}, new.get("status") or {}
    return [
        *_kept(old.get("spec") or {}, new.get("spec") or {}, "spec", ("request",)),
        *_kept(before, after, "status", ("url", "finalizeURL", "certificate")),
        *_authorizations(before.get("authorizations") or [], after.get("authorizations") or []),
    ]


def _kept(old: JsonObject, new: JsonObject, path: str, names: Sequence[str]) -> Iterator[FieldError]:
    for name in names:
        if old.get(name) not in (None, "") and old[name] != new.get(name):
            yield forbidden(f"{path}.{name}", _ONCE)


def _authorizations(old: Sequence[JsonObject], new: Sequence[JsonObject]) -> Iterator[FieldError]:
    if old and len(old) != len(new):
        yield forbidden("status.authorizations", _ONCE)
    for at, (before, after) in enumerate(zip(old, new, strict=False)):
        path = f"status.authorizations[{at}]"
        yield from _kept(before, after, path, ("url", "identifier", "wildcard", "initialState"))
        challenges = before.get("challenges") or []
        theirs = after.get("challenges") or []
        if challenges and len(challenges) != len(theirs):
            yield forbidden(f"{path}.challenges", _ONCE)
        for number, (one, other) in enumerate(zip(challenges, theirs, strict=False)):
            yield from _kept(one, other, f"{path}.challenges[{number}]", ("url", "type", "token"))


def challenge_change(old: JsonObject, new: JsonObject) -> list[FieldError]:
    if (old.get("spec") or {}) != (new.get("spec") or {}):
        return [forbidden("spec", "the spec of a challenge never changes")]
    return []
