"""get and list (spec 9.1): any state that the kind's ring still reaches, in pages consistent with each other."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import orjson

from argosy.cluster.errors import bad_request, expired, invalid_options, not_found, too_large_revision
from argosy.cluster.handlers.core import Core, answer
from argosy.cluster.handlers.large import carried_out
from argosy.cluster.handlers.selection import Selection, selection
from argosy.cluster.kind import Kind
from argosy.cluster.request import ApiRequest, ApiResponse, Options
from argosy.cluster.store import Entry, Expired, Store, Table
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.machinery.text.go_text import quoted

_EXPIRED_PAGE = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results."  # noqa: E501  # one message


MANY = 500
"""The number of objects from which a list may be answered in pieces."""
PIECE = 262_144
"""The approximate size of a piece in bytes."""


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


def get(core: Core, request: ApiRequest) -> ApiResponse:
    wanted = revision_of(request.options.resource_version)
    if wanted > core.store.revision:
        raise too_large_revision(wanted, core.store.revision)
    entry = core.find(request.kind, request.namespace, request.name)
    if entry is None:
        raise not_found(request.kind.resource, request.name)
    return answer(request.kind, entry)


async def list_(core: Core, request: ApiRequest) -> ApiResponse:
    """A long list is answered in pieces if that is possible, else built in a thread."""
    kind = request.kind
    page = select(core, kind, request.namespace, request.options)
    metadata: JsonObject = {"resourceVersion": str(page.revision)}
    if page.continue_token or kind.custom:
        metadata["continue"] = page.continue_token  # custom lists include it even when it is empty
    if page.remaining:
        metadata["remainingItemCount"] = page.remaining
    body: JsonObject = {"kind": kind.list_kind, "apiVersion": kind.resource.api_version, "metadata": metadata}
    if request.in_pieces and len(page.entries) >= MANY:
        return ApiResponse(200, body, pieces=_pieces(kind, body, page.entries))
    if len(page.entries) >= MANY:
        body["items"] = await carried_out(core, True, lambda: [_item(kind, entry.peek) for entry in page.entries])
        return ApiResponse(200, body)
    encoded = _encode(kind, body, page.entries)
    body["items"] = [_item(kind, entry.obj) for entry in page.entries]
    return ApiResponse(200, body, encoded=encoded)


def _item(kind: Kind, stored: JsonObject) -> JsonObject:
    """Items of built-in lists carry no kind and apiVersion (spec 7)."""
    obj = kind.from_storage(stored)
    if kind.custom:
        return obj
    item = dict(obj)
    item.pop("kind", None)
    item.pop("apiVersion", None)
    return item


def _encode(kind: Kind, body: JsonObject, entries: list[Entry]) -> bytes:
    """The list, built from its items' bytes: nothing is serialised a second time."""
    head = orjson.dumps(body)[:-1] + b',"items":['
    if kind.custom:
        items = b",".join([_bytes_of(kind, entry) for entry in entries])
    else:
        prefix = type_prefix(kind.resource.api_version, kind.resource.kind)
        items = b",".join([_without(prefix, _bytes_of(kind, entry)) for entry in entries])
    return head + items + b"]}"


def _pieces(kind: Kind, body: JsonObject, entries: list[Entry]) -> Iterator[bytes]:
    """Like `_encode`, piece by piece: for a slow client no more than one piece is in memory."""
    prefix = type_prefix(kind.resource.api_version, kind.resource.kind)
    part, size, comma = [orjson.dumps(body)[:-1] + b',"items":['], 0, b""
    for entry in entries:
        item = _bytes_of(kind, entry)
        part += (comma, item if kind.custom else _without(prefix, item))
        size, comma = size + len(item), b","
        if size >= PIECE:
            yield b"".join(part)
            part, size = [], 0
    yield b"".join((*part, b"]}"))


def _bytes_of(kind: Kind, entry: Entry) -> bytes:
    """In the request's version; bytes already stored in that version stay bytes."""
    if not entry.is_decoded and entry.encoded.startswith(type_prefix(kind.resource.api_version, kind.resource.kind)):
        return entry.encoded
    stored = entry.peek
    obj = kind.from_storage(stored)
    return entry.encoded if obj is stored else orjson.dumps(obj)


def _without(prefix: bytes, encoded: bytes) -> bytes:
    if encoded.startswith(prefix):
        return b"{" + encoded[len(prefix) :]
    item = orjson.loads(encoded)
    item.pop("kind", None)
    item.pop("apiVersion", None)
    return orjson.dumps(item)


@lru_cache(maxsize=1024)
def type_prefix(api_version: str, kind: str) -> bytes:
    """The prefix of the bytes of every stored object of a kind (see `writing.stored_form`)."""
    return orjson.dumps({"kind": kind, "apiVersion": api_version})[:-1] + b","


def select(core: Core, kind: Kind, namespace: str, options: Options) -> Page:
    """Raises StatusError for bad options, selectors and revisions."""
    check_list_options(options)
    chosen = selection(kind, options)
    table = core.table(kind)
    space = namespace if kind.resource.namespaced else ""
    store = core.store
    if options.continue_token:
        revision, start = _read_token(store, options)
    else:
        revision, start = _list_revision(store, options), None
    if not options.limit:
        return Page(_matching(_scan(store, table, revision, space, start), chosen, table, space), revision)
    return _page(store, table, space, revision, start, chosen, options.limit)


def _page(
    store: Store, table: Table, space: str, revision: int, start: Key | None, chosen: Selection, limit: int
) -> Page:
    scan = _scan(store, table, revision, space, start)
    entries: list[Entry] = []
    takes, matches = chosen.takes, chosen.matches
    for entry in scan:
        if matches is None or takes(entry):
            if len(entries) == limit:
                token = _write_token(revision, entry.key)
                remaining = 1 + _count(scan, table, space, entry.key, revision) if matches is None else None
                return Page(entries, revision, token, remaining)
            entries.append(entry)
    return Page(entries, revision)


def _count(rest: Iterator[Entry], table: Table, space: str, key: Key, revision: int) -> int:
    """How many objects follow `key`; computed from indices when nothing changed since `revision`."""
    if table.position_after(revision) == table.base + len(table.ring):
        return table.count_after(space, key)
    return sum(1 for _ in rest)


def _scan(store: Store, table: Table, revision: int, space: str, start: Key | None) -> Iterator[Entry]:
    if revision == store.revision:
        return table.scan(space, start)
    return table.scan_at(revision, space, start)


def _matching(scan: Iterator[Entry], chosen: Selection, table: Table, space: str) -> list[Entry]:
    if chosen.matches is None:
        return list(scan)
    if chosen.name and space:
        entry = table.entries.get(Key(space, chosen.name))
        return [entry] if entry is not None and chosen.takes(entry) else []
    return [entry for entry in scan if chosen.takes(entry)]


# -- revisions and tokens --------------------------------------------------------------------------------------------


def revision_of(text: str) -> int:
    """Zero for an absent one. Raises StatusError 400 for anything but digits."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise bad_request(
            f"invalid resource version: resourceVersion: Invalid value: {quoted(text)}: "
            f'strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def check_list_options(options: Options) -> None:
    match, version = options.resource_version_match, options.resource_version

    def refuse(field: str, text: str) -> StatusError:
        return invalid_options("ListOptions", field, f"Forbidden: {text}", "FieldValueForbidden")

    if options.send_initial_events is not None:
        raise refuse("sendInitialEvents", "sendInitialEvents is forbidden for list")
    if options.continue_token and version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")
    if not match:
        return
    if options.continue_token:
        raise refuse("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
    if not version:
        text = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise refuse("resourceVersionMatch", text)
    if match not in ("Exact", "NotOlderThan"):
        text = f'Unsupported value: {quoted(match)}: supported values: "Exact", "NotOlderThan", ""'
        raise invalid_options("ListOptions", "resourceVersionMatch", text, "FieldValueNotSupported")
    if match == "Exact" and version == "0":
        text = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        raise refuse("resourceVersionMatch", text)


def _list_revision(store: Store, options: Options) -> int:
    wanted = revision_of(options.resource_version)
    if wanted > store.revision:
        raise too_large_revision(wanted, store.revision)
    if not wanted or options.resource_version_match == "NotOlderThan":
        return store.revision
    if options.resource_version_match == "Exact" or (options.limit and not options.resource_version_match):
        if wanted < store.compacted:
            raise expired(f"The resourceVersion for the provided list is too old: {wanted} ({store.compacted})")
        return wanted
    return store.revision


class ExpiredPage(StatusError):
    """410 with a fresh token in metadata.continue, which continues at the newest revision."""

    def __init__(self, token: str) -> None:
        super().__init__(410, "Expired", _EXPIRED_PAGE)
        self.token = token

    @property
    def status(self) -> JsonObject:
        return {**super().status, "metadata": {"continue": self.token}}


def _write_token(revision: int, start: Key) -> str:
    raw = orjson.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": f"{start.namespace}/{start.name}"})
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_token(store: Store, options: Options) -> tuple[int, Key]:
    token = options.continue_token
    try:
        raw = orjson.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
        revision, (namespace, name) = int(raw["rv"]), raw["start"].split("/", 1)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        raise bad_request("invalid continue token: continue key is not valid") from None
    start = Key(namespace, name)
    if revision < 0:
        return store.revision, start
    try:
        store.check_revision(revision)
    except Expired:
        raise ExpiredPage(_write_token(-1, start)) from None
    return revision, start
