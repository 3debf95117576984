"""Query parameters as typed options, with upstream's error messages (spec sections 2 and 8.6)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.errors import bad_request, invalid, invalid_options
from argosy.cluster.http.routing import Query, first, truth
from argosy.cluster.ports import LogOptions
from argosy.cluster.request import Options, Verb
from argosy.machinery.api import PatchType
from argosy.machinery.status import Cause, StatusError

_OPTION_KINDS: dict[Verb, str] = {
    "create": "CreateOptions",
    "update": "UpdateOptions",
    "patch": "PatchOptions",
    "delete": "DeleteOptions",
    "deletecollection": "DeleteOptions",
}
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_LIST_OPTIONS = Options()


def read_options(query: Query, verb: Verb, patch_type: PatchType | None = None) -> Options:
    """Raises StatusError: 400 for an invalid number, 422 for a value outside its set."""
    if not query:
        options = _LIST_OPTIONS
    elif verb in ("get", "list", "watch", "deletecollection"):
        options = _list_options(query, verb)
    else:
        options = _write_options(query, verb)
    if patch_type is PatchType.APPLY and not options.field_manager:
        raise invalid_options(
            "PatchOptions", "fieldManager", "Required value: is required for apply patch", "FieldValueRequired"
        )
    if patch_type not in (None, PatchType.APPLY) and truth(query, "force") is not None:
        raise invalid_options(
            "PatchOptions", "force", "Forbidden: may not be specified for non-apply patch", "FieldValueForbidden"
        )
    return options


def _list_options(query: Query, verb: Verb) -> Options:
    return Options(
        dry_run=_dry_run(query, verb) if verb == "deletecollection" else False,
        label_selector=first(query, "labelSelector"),
        field_selector=first(query, "fieldSelector"),
        limit=max(0, number(query, "limit") or 0),
        continue_token=first(query, "continue"),
        resource_version=first(query, "resourceVersion"),
        resource_version_match=first(query, "resourceVersionMatch"),
        send_initial_events=truth(query, "sendInitialEvents"),
        allow_bookmarks=bool(truth(query, "allowWatchBookmarks")),
        timeout_seconds=number(query, "timeoutSeconds"),
    )


def _write_options(query: Query, verb: Verb) -> Options:
    validation = first(query, "fieldValidation")
    kind = _OPTION_KINDS[verb]
    if validation not in _VALIDATIONS:
        supported = ", ".join(f'"{word}"' for word in _VALIDATIONS)
        message = f'Unsupported value: "{validation}": supported values: {supported}'
        raise invalid_options(kind, "fieldValidation", message, "FieldValueNotSupported")
    return Options(
        field_manager=_field_manager(query, kind),
        field_validation=validation or "Warn",  # type: ignore[arg-type]  # checked against the closed set above
        dry_run=_dry_run(query, verb),
        force=bool(truth(query, "force")),
        resource_version=first(query, "resourceVersion"),
    )


def _field_manager(query: Query, kind: str) -> str:
    manager = first(query, "fieldManager")
    if len(manager.encode()) > 128:
        raise invalid_options(kind, "fieldManager", "Too long: may not be more than 128 bytes", "FieldValueTooLong")
    if not manager.isprintable():
        message = f"Invalid value: {_go_quoted(manager)}: should only contain printable characters"
        raise invalid_options(kind, "fieldManager", message, "FieldValueInvalid")
    return manager


def _dry_run(query: Query, verb: Verb) -> bool:
    values = query.get("dryRun") or ()
    if any(value != "All" for value in values):
        shown = ",".join(_go_quoted(value) for value in values)
        message = f'Unsupported value: [{shown}]: supported values: "All"'
        raise invalid_options(_OPTION_KINDS[verb], "dryRun", message, "FieldValueNotSupported")
    return bool(values)


def _go_quoted(text: str) -> str:
    return '"' + text.encode("unicode_escape").decode().replace('"', '\\"') + '"'


def number(query: Query, name: str) -> int | None:
    """A 64-bit integer parameter; None when absent."""
    text = first(query, name)
    if not text:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit()):
        raise bad_request(f"strconv.ParseInt: parsing {_go_quoted(text[:64])}: invalid syntax")
    if len(digits) > 19 or not -(2**63) <= int(text) < 2**63:
        raise bad_request(f"strconv.ParseInt: parsing {_go_quoted(text[:64])}: value out of range")
    return int(text)


def read_delete_query(query: Query) -> dict[str, object]:
    """DeleteOptions given as query parameters: upstream reads them when the body is empty."""
    found: dict[str, object] = {}
    if (grace := number(query, "gracePeriodSeconds")) is not None:
        found["gracePeriodSeconds"] = grace
    if (orphan := truth(query, "orphanDependents")) is not None:
        found["orphanDependents"] = orphan
    if policy := first(query, "propagationPolicy"):
        found["propagationPolicy"] = policy
    if values := query.get("dryRun"):
        found["dryRun"] = list(values)
    return found


def read_log_options(query: Query) -> LogOptions:
    """Raises StatusError 422 as `PodLogOptions "" is invalid` for limits below their minimum."""
    tail, limit, since = (number(query, name) for name in ("tailLines", "limitBytes", "sinceSeconds"))
    for field, value, least, text in (
        ("tailLines", tail, 0, "must be greater than or equal to 0"),
        ("limitBytes", limit, 1, "must be greater than 0"),
        ("sinceSeconds", since, 1, "must be greater than 0"),
    ):
        if value is not None and value < least:
            raise _bad_log_option(field, f"Invalid value: {value}: {text}")
    return LogOptions(
        container=first(query, "container"),
        follow=bool(truth(query, "follow")),
        previous=bool(truth(query, "previous")),
        timestamps=bool(truth(query, "timestamps")),
        since_seconds=since,
        since_time=_moment(first(query, "sinceTime")),
        tail_lines=tail,
        limit_bytes=limit,
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_request(f"sinceTime: {_go_quoted(text[:64])} is not an RFC 3339 time")
    return moment


def _bad_log_option(field: str, message: str) -> StatusError:
    return invalid("", "PodLogOptions", "", [Cause(field, message)])
