"""Selects objects of a kind for a request: label and field selectors as one predicate over stored objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from argosy.cluster.errors import bad_request
from argosy.cluster.kind import Kind
from argosy.cluster.request import Options
from argosy.cluster.store import Entry
from argosy.machinery import selectors
from argosy.machinery.objects import JsonObject

Predicate = Callable[[JsonObject], bool]


@dataclass(frozen=True, slots=True)
class Selection:
    """`matches` is None when all objects match. `name` is set when only one name can match."""

    matches: Predicate | None = None
    name: str = ""
    traces: tuple[bytes, ...] = ()
    """Bytes that every matching object contains: most objects can be skipped without decoding them."""

    def takes(self, entry: Entry) -> bool:
        return self.matches is None or (entry.may_contain(self.traces) and self.matches(entry.peek))


ALL = Selection()


def selection(kind: Kind, options: Options) -> Selection:
    """Raises StatusError 400 for a selector that cannot be parsed or a field that is unknown."""
    if not options.label_selector and not options.field_selector:
        return ALL
    terms = _field_terms(options.field_selector)
    _check_fields(kind, terms)
    predicates: list[Predicate] = []
    if options.label_selector:
        predicates.append(_label_predicate(options.label_selector))
    if terms:
        predicates.append(_field_predicate(kind, terms))
    name = next((value for field, equal, value in terms if field == "metadata.name" and equal), "")
    traces = _label_traces(options.label_selector) if options.label_selector else ()
    if len(predicates) == 1:
        return Selection(predicates[0], name, traces)
    labels, fields = predicates
    return Selection(lambda obj: labels(obj) and fields(obj), name, traces)


@lru_cache(maxsize=1024)
def _label_traces(text: str) -> tuple[bytes, ...]:
    """For labels that must have one value: label keys and values need no escapes in JSON."""
    wanted = selectors.parse_labels(text).requirements
    return tuple(
        f'"{one.key}":"{one.values[0]}"'.encode() for one in wanted if one.operator == "in" and len(one.values) == 1
    )


@lru_cache(maxsize=1024)
def _label_predicate(text: str) -> Predicate:
    try:
        matches = selectors.parse_labels(text).matches
    except ValueError as error:
        raise bad_request(str(error)) from None
    return lambda obj: matches(obj["metadata"].get("labels") or {})


def _field_terms(text: str) -> list[tuple[str, bool, str]]:
    """(field, whether equality is required, value) of each term."""
    try:
        return [(term.field, term.equal, term.value) for term in selectors.parse_fields(text)] if text else []
    except ValueError as error:
        raise bad_request(str(error)) from None


def _check_fields(kind: Kind, terms: list[tuple[str, bool, str]]) -> None:
    known = kind.strategy.field_label_names()
    for field, _, _ in terms:
        if field not in ("metadata.name", "metadata.namespace") and field not in known:
            if known:
                raise bad_request(f"field label not supported: {field}")
            raise bad_request(f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def _field_predicate(kind: Kind, terms: list[tuple[str, bool, str]]) -> Predicate:
    plain = [term for term in terms if term[0].startswith("metadata.")]
    special = [term for term in terms if not term[0].startswith("metadata.")]

    def matches(obj: JsonObject) -> bool:
        metadata = obj["metadata"]
        for field, equal, value in plain:
            if (metadata.get(field[9:], "") == value) is not equal:
                return False
        if special:
            labels = kind.strategy.field_labels(kind.from_storage(obj))
            for field, equal, value in special:
                if (labels.get(field, "") == value) is not equal:
                    return False
        return True

    return matches
