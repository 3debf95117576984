"""Which objects a selector matches; called often, so plain labels have a fast path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from argosy.cluster.workloads.view import View, controller_of
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.selectors import SelectorError, label_selector_of

if TYPE_CHECKING:
    Route = Callable[[View, JsonObject], Iterable[Key]]


def matches(selector: JsonObject | None, obj: JsonObject) -> bool:
    """Whether a LabelSelector matches an object's labels; an absent or unreadable selector matches nothing."""
    if selector is None:
        return False
    labels = obj["metadata"].get("labels") or {}
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    if not selector.get("matchExpressions"):
        return True
    try:
        return label_selector_of(selector).matches(labels)
    except SelectorError:
        return False


def matches_labels(wanted: JsonObject | None, obj: JsonObject) -> bool:
    """A Service's or a controller's plain map; an empty one matches nothing."""
    labels = obj["metadata"].get("labels") or {}
    return bool(wanted) and all(labels.get(name) == value for name, value in (wanted or {}).items())


def itself(view: View, obj: JsonObject) -> Iterable[Key]:
    return (key_of(obj),)


def owner_of_kind(kind: str) -> Route:
    """Routes an object to its controller of `kind`."""

    def route(view: View, obj: JsonObject) -> Iterable[Key]:
        owner = controller_of(obj)
        if owner is not None and owner["kind"] == kind:
            return (Key(obj["metadata"].get("namespace") or "", owner["name"]),)
        return ()

    return route


def _selector_of(parent: JsonObject) -> JsonObject | None:
    return (parent.get("spec") or {}).get("selector")


def owner_or_adopter(
    kind: str, plural: str, selector_of: Callable[[JsonObject], JsonObject | None] = _selector_of
) -> Route:
    """Like `owner_of_kind`; an object without a controller is routed to all whose selector matches it."""
    own = owner_of_kind(kind)

    def route(view: View, obj: JsonObject) -> Iterable[Key]:
        if controller_of(obj) is not None:
            return own(view, obj)
        namespace = obj["metadata"].get("namespace") or ""
        return [key_of(parent) for parent in view.within(plural, namespace) if matches(selector_of(parent), obj)]

    return route


def all_of(plural: str) -> Route:
    """Routes to every object of another kind: for rare changes only."""

    def route(view: View, obj: JsonObject) -> Iterable[Key]:
        return [key_of(other) for other in view.every(plural)]

    return route


def selecting_in_namespace(plural: str, means: Callable[[JsonObject, JsonObject], bool]) -> Route:
    """Routes a Pod to the Services or budgets (`plural`) in its namespace for which `means(other, pod)` is true."""

    def route(view: View, obj: JsonObject) -> Iterable[Key]:
        return [key_of(other) for other in view.selecting(plural, obj) if means(other, obj)]

    return route


def reference_to(owner: JsonObject) -> JsonObject:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
