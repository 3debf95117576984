"""Which representation a response has, and which body formats an endpoint accepts (spec section 2).

Protobuf is accepted as a preference and answered in JSON: clients that request it accept either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from argosy.machinery.api import PatchType
from argosy.machinery.status import StatusError

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
ACCEPTED = (JSON, YAML, PROTOBUF)

_CUSTOM_PATCHES = (PatchType.JSON, PatchType.MERGE, PatchType.APPLY)
_BROWSERS = ("curl", "Wget", "Mozilla/5.0")

Transform = Literal["", "Table", "PartialObjectMetadata", "PartialObjectMetadataList"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of an Accept header."""

    type: str
    subtype: str
    params: Mapping[str, str]
    quality: float

    def covers(self, media_type: str) -> bool:
        main, _, sub = media_type.partition("/")
        return self.type in ("*", main) and self.subtype in ("*", sub)


@dataclass(frozen=True, slots=True)
class Representation:
    media_type: str = JSON
    transform: Transform = ""
    version: str = "v1"
    """Of meta.k8s.io, for Table and PartialObjectMetadata."""
    pretty: bool = False


PLAIN = Representation()


@lru_cache(maxsize=1024)
def clauses(accept: str) -> tuple[Clause, ...]:
    """The clauses of an Accept header, best first: by quality, then wildcards last, then as written."""
    found = [clause for part in accept.split(",")[:64] if (clause := _clause(part))]
    return tuple(sorted(found, key=lambda clause: (-clause.quality, clause.type == "*", clause.subtype == "*")))


def _clause(part: str) -> Clause | None:
    media_type, *raw = part.strip().split(";")
    main, slash, sub = media_type.strip().partition("/")
    if not slash:
        if main != "*":
            return None
        sub = "*"
    params = {}
    for item in raw:
        name, _, value = item.strip().partition("=")
        params[name] = value.strip('"')
    try:
        quality = float(params.pop("q", "1"))
    except ValueError:
        quality = 1.0
    return Clause(main, sub, params, quality) if quality > 0 else None


@lru_cache(maxsize=1024)
def choose(accept: str, shape: Literal["object", "list", "watch"], *, custom: bool = False) -> Representation:
    """The representation for an endpoint whose response is one object, a list, or a stream of events.

    Complete custom resources have no protobuf form, so a client that accepts nothing else is refused. Raises
    StatusError 406; which of upstream's two texts depends on whether any media type fits at all.
    """
    if not accept:
        return PLAIN
    any_type = False
    for clause in clauses(accept):
        media_type = next((known for known in ACCEPTED if clause.covers(known)), None)
        if media_type is None:
            continue
        any_type = True
        if media_type == YAML and shape == "watch":
            continue
        if (transform := _transform(clause.params, shape)) is not None:
            if media_type == PROTOBUF and custom and not transform:
                continue
            chosen = YAML if media_type == YAML else JSON
            return Representation(chosen, transform, clause.params.get("v", "v1"), clause.params.get("pretty") == "1")
    accepted = ", ".join(ACCEPTED)
    if not any_type:
        message = f"406: Not Acceptable\n\nAvailable representations: {accepted}"
        raise StatusError(406, "NotAcceptable", message, generic=True)
    raise StatusError(406, "NotAcceptable", f"only the following media types are accepted: {accepted}")


def _transform(params: Mapping[str, str], shape: str) -> Transform | None:
    """None when the clause asks for an unknown form; the single or list form is checked by `check_shape`."""
    wanted = params.get("as", "")
    if params.get("stream", "") not in ("", "watch"):
        return None
    if not wanted:
        return ""
    if params.get("g") != "meta.k8s.io" or params.get("v") not in ("v1", "v1beta1"):
        return None
    if wanted == "Table":
        return "Table"
    if wanted == "PartialObjectMetadata":
        return "PartialObjectMetadata"
    return "PartialObjectMetadataList" if wanted == "PartialObjectMetadataList" and shape != "watch" else None


def check_shape(representation: Representation, shape: str, go_type: str) -> None:
    """Raises 406 when the single form is requested for a list or the reverse; `go_type` as `core.ConfigMap`."""
    wanted = representation.transform
    if wanted == "PartialObjectMetadata" and shape == "list":
        fault = "is a list"
    elif wanted == "PartialObjectMetadataList" and shape == "object":
        fault = "is not a list"
    else:
        return
    message = f"you requested {wanted}, but the requested object {fault} (*{go_type})"
    raise StatusError(406, "NotAcceptable", message)


def wants_aggregated(accept: str) -> bool:
    """Whether the aggregated discovery form comes before plain JSON in the header (spec section 4)."""
    for clause in clauses(accept):
        if clause.covers(JSON):
            params = clause.params
            if params.get("as") == "APIGroupDiscoveryList":
                if params.get("g") == "apidiscovery.k8s.io" and params.get("v") == "v2":
                    return True
                continue
            return False
    return False


def is_pretty(user_agent: str, pretty: bool | None) -> bool:
    return user_agent.startswith(_BROWSERS) if pretty is None else pretty


def media_type_of(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def body_format(content_type: str, *, custom: bool) -> str:
    """JSON, YAML or PROTOBUF. Raises 415 with the accepted types."""
    media_type = media_type_of(content_type) or JSON
    accepted = (JSON, YAML) if custom else ACCEPTED
    if media_type in accepted:
        return media_type
    raise _unsupported(accepted)


def patch_format(content_type: str, *, custom: bool) -> PatchType:
    """Raises 415: built-in kinds with the short text, custom ones with the list of types (spec section 2)."""
    media_type = media_type_of(content_type)
    if custom:
        if media_type in _CUSTOM_PATCHES:
            return PatchType(media_type)
        raise _unsupported(_CUSTOM_PATCHES)
    try:
        return PatchType(media_type)
    except ValueError:
        raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", generic=True) from None


def _unsupported(accepted: tuple[str, ...]) -> StatusError:
    listed = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {listed}"
    return StatusError(415, "UnsupportedMediaType", message)
