"""Watch streams: batches of frames as chunks of JSON lines (spec section 9.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import orjson

from argosy.cluster.http.eager import BegunStream, LastWords
from argosy.cluster.http.exchange import Chunks, Response
from argosy.cluster.http.representation.encode import partial, to_bytes
from argosy.cluster.http.representation.negotiate import Representation
from argosy.cluster.http.representation.table import IncludeObject, bookmark_table, event_table
from argosy.cluster.kind import Kind
from argosy.cluster.request import Api, ApiRequest, Frame
from argosy.machinery.status import StatusError

_HEADS = {kind: b'{"type":"%s","object":' % kind.encode() for kind in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK")}

Encode = Callable[[Frame], bytes]


def watch(
    api: Api,
    request: ApiRequest,
    representation: Representation,
    now: Callable[[], datetime],
    include: IncludeObject,
    still_allowed: Callable[[], bool],
) -> Response:
    """Starts the watch. Raises StatusError when it is refused before any event; later errors are ERROR events.

    A resourceVersion that is too old or too new is such a later error: clients expect 200 and one ERROR event.
    """
    encode = _encoder(request.kind, representation, now, include)

    def encode_all(batch: list[Frame]) -> bytes:
        return b"".join([encode(frame) for frame in batch])

    try:
        body: Chunks = BegunStream(api.watch(request), encode_all, still_allowed, error_frame)
    except StatusError as error:
        if error.code not in (410, 504):
            raise
        body = LastWords(error_frame(error))
    return Response(200, body, still_allowed=still_allowed)


def error_frame(error: StatusError) -> bytes:
    return to_bytes({"type": "ERROR", "object": error.status})


def _encoder(kind: Kind, representation: Representation, now: Callable[[], datetime], include: IncludeObject) -> Encode:
    if representation.transform == "Table":
        return _table_encoder(kind, now, include)
    if representation.transform == "PartialObjectMetadata":
        version = representation.version
        return lambda frame: to_bytes({"type": frame.event.type, "object": partial(frame.event.object, version)})
    if representation.pretty:
        return lambda frame: to_bytes({"type": frame.event.type, "object": orjson.loads(frame.encoded)}, pretty=True)
    return lambda frame: b"%s%s}\n" % (_HEADS[frame.event.type], frame.encoded)


def _table_encoder(kind: Kind, now: Callable[[], datetime], include: IncludeObject) -> Encode:
    columns_sent = False

    def encode(frame: Frame) -> bytes:
        nonlocal columns_sent
        first, columns_sent = not columns_sent, True
        if frame.event.type == "BOOKMARK":
            shown = bookmark_table(kind, frame.event.object, first=first)
        else:
            shown = event_table(kind, frame.event.object, now(), include, first=first)
        return to_bytes({"type": frame.event.type, "object": shown})

    return encode
