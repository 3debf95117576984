"""A Status as protobuf, for clients that read only that: objects are sent as JSON, but an error must be readable.

Field numbers are those of meta/v1 Status, StatusDetails and StatusCause; the envelope is that of request bodies.
"""

from __future__ import annotations

from argosy.cluster.http.representation.negotiate import PROTOBUF, clauses
from argosy.cluster.http.representation.protobuf import MAGIC
from argosy.cluster.http.representation.protobuf_text import message, varint
from argosy.machinery.objects import JsonObject


def reads_protobuf_only(accept: str) -> bool:
    found = clauses(accept)
    return bool(found) and all(f"{clause.type}/{clause.subtype}" == PROTOBUF for clause in found)


def encode_status(status: JsonObject) -> bytes:
    metadata = status.get("metadata") or {}
    raw = message(1, _texts(metadata, {"selfLink": 1, "resourceVersion": 2, "continue": 3}))
    raw += _texts(status, {"status": 2, "message": 3, "reason": 4})
    if status.get("details") is not None:
        raw += message(5, _details(status["details"]))
    raw += _number(6, status.get("code") or 0)
    type_meta = message(1, b"v1") + message(2, b"Status")
    return MAGIC + message(1, type_meta) + message(2, raw) + message(3, b"") + message(4, b"")


def _details(details: JsonObject) -> bytes:
    raw = _texts(details, {"name": 1, "group": 2, "kind": 3})
    for cause in details.get("causes") or ():
        raw += message(4, _texts(cause, {"reason": 1, "message": 2, "field": 3}))
    return raw + _number(5, details.get("retryAfterSeconds") or 0) + _texts(details, {"uid": 6})


def _texts(fields: JsonObject, numbers: dict[str, int]) -> bytes:
    """All of them, empty ones too, as upstream's generated code writes them."""
    return b"".join(message(number, str(fields.get(name) or "").encode()) for name, number in numbers.items())


def _number(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)
