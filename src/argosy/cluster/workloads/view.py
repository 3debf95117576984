"""What the controllers see: every object of their kinds as it is now, with the few indexes that they need.

Updated by commits and, at once, by the responses to the controllers' own writes, so that no decision is made twice
because its first effect is not on disk yet. Objects belong to the store: nobody changes them. The view keeps the
server's references to them, so that an object that is not in use is decoded nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.chance import index_of_name, pod_name, remember_index
from argosy.cluster.workloads.configuration import names_used
from argosy.cluster.workloads.decision import instant, stamp
from argosy.cluster.workloads.ports import Held
from argosy.cluster.workloads.resources import RESOURCES
from argosy.machinery.objects import JsonObject, Key, Resource, key_of

Bag = defaultdict[str, dict[Key, Held]]
Hold = Callable[[Resource, JsonObject], Held]


@dataclass(frozen=True, slots=True)
class Whole:
    """An object kept as it is."""

    obj: JsonObject


def controller_of(obj: JsonObject) -> JsonObject | None:
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            return dict(reference)
    return None


class Kindred:
    """The objects of one kind."""

    __slots__ = (
        "by_label",
        "by_namespace",
        "by_node",
        "by_owner",
        "by_selector",
        "by_use",
        "by_waiting",
        "objects",
        "orphans",
    )

    def __init__(self) -> None:
        self.objects: dict[Key, Held] = {}
        self.by_namespace: Bag = defaultdict(dict)
        self.by_owner: Bag = defaultdict(dict)
        self.by_node: Bag = defaultdict(dict)
        self.by_waiting: Bag = defaultdict(dict)
        """By namespace: Pods whose phase is Pending."""
        self.by_use: Bag = defaultdict(dict)
        """By namespace, plural and name of what a Pod refers to: Pods whose phase is Pending."""
        self.by_label: Bag = defaultdict(dict)
        """By namespace and one label: Pods."""
        self.by_selector: Bag = defaultdict(dict)
        """By namespace and one label that they select, or none: Services and budgets."""
        self.orphans: Bag = defaultdict(dict)
        """By namespace: those without a controller."""

    def place(self, key: Key, old: Held | None, new: Held | None) -> None:
        places = tuple(self._places(key, new.obj)) if new is not None else ()
        if old is not None:
            del self.objects[key]
            for bag, value in self._places(key, old.obj):
                bag[value].pop(key, None)
                if not bag[value]:
                    del bag[value]
        if new is not None:
            self.objects[key] = new
            for bag, value in places:
                bag[value][key] = new

    def _places(self, key: Key, obj: JsonObject) -> Iterable[tuple[Bag, str]]:
        yield self.by_namespace, key.namespace
        owner = controller_of(obj)
        if owner is None:
            yield self.orphans, key.namespace
        else:
            yield self.by_owner, owner["uid"]
        if obj.get("kind") == "Pod":
            phase = (obj.get("status") or {}).get("phase")
            if phase not in ("Succeeded", "Failed"):
                yield self.by_node, obj["spec"].get("nodeName") or ""
            if phase in (None, "", "Pending"):
                yield self.by_waiting, key.namespace
                for plural, name in names_used(obj):
                    yield self.by_use, _label(key.namespace, plural, name)
            for name, value in (obj["metadata"].get("labels") or {}).items():
                yield self.by_label, _label(key.namespace, name, value)
        elif obj.get("kind") in ("Service", "PodDisruptionBudget"):
            asked = min(_plain_selector(obj).items(), default=("", ""))
            yield self.by_selector, _label(key.namespace, *asked)


class View:
    def __init__(self, seed: str = "0", pods_per_owner: int = 5000, hold: Hold | None = None) -> None:
        """`hold`: the server's way to keep an object without keeping it decoded."""
        self.seed, self.pods_per_owner = seed, pods_per_owner
        self._hold = hold or (lambda resource, obj: Whole(obj))
        self._kinds: defaultdict[str, Kindred] = defaultdict(Kindred)
        self._deleted: set[str] = set()
        self._marks: dict[str, dict[str, datetime]] = {}
        self._counts: dict[str, int] = {}

    # -- updating ----------------------------------------------------------------------------------------------------

    def put(self, plural: str, new: JsonObject) -> JsonObject | bool | None:
        """The previous object; False when `new` is already known."""
        kind, key = self._kinds[plural], key_of(new)
        uid = new["metadata"]["uid"]
        held = kind.objects.get(key)
        old = held.obj if held is not None else None
        if uid in self._deleted:
            return False
        if old is not None and _revision(old) >= _revision(new):
            return False
        kind.place(key, held, self._hold(RESOURCES[plural], new))
        if old is None and plural == "pods":
            self._count(new)
        return old

    def remove(self, plural: str, obj: JsonObject, *, own: bool = False) -> bool:
        """`own`: our delete was answered, its commit is still to come."""
        kind, key, uid = self._kinds[plural], key_of(obj), obj["metadata"]["uid"]
        if own:
            self._deleted.add(uid)
        else:
            self._deleted.discard(uid)
        self._marks.pop(uid, None)
        self._counts.pop(uid, None)
        present = kind.objects.get(key)
        if present is None or present.obj["metadata"]["uid"] != uid:
            return False
        kind.place(key, present, None)
        return True

    def set_aside(self, plural: str, obj: JsonObject) -> None:
        """Hides the object until its next version is put."""
        kind, key = self._kinds[plural], key_of(obj)
        present = kind.objects.get(key)
        if present is not None:
            kind.place(key, present, None)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, plural: str, key: Key) -> JsonObject | None:
        held = self._kinds[plural].objects.get(key)
        return held.obj if held is not None else None

    def every(self, plural: str) -> list[JsonObject]:
        """Sorted by namespace and name."""
        return _sorted(self._kinds[plural].objects)

    def within(self, plural: str, namespace: str) -> list[JsonObject]:
        return _sorted(self._kinds[plural].by_namespace.get(namespace, {}))

    def labelled(self, namespace: str, labels: JsonObject | None) -> list[JsonObject]:
        """Pods that may have all of these labels: those with the rarest one, or all of the namespace."""
        bags = [self._kinds["pods"].by_label.get(_label(namespace, *item), {}) for item in (labels or {}).items()]
        return _sorted(min(bags, key=len)) if bags else self.within("pods", namespace)

    def selecting(self, plural: str, pod: JsonObject) -> list[JsonObject]:
        """Services or budgets that may select the Pod."""
        namespace, found = pod["metadata"].get("namespace") or "", self._kinds[plural].by_selector
        asked = [("", ""), *(pod["metadata"].get("labels") or {}).items()]
        return [obj for item in asked for obj in _sorted(found.get(_label(namespace, *item), {}))]

    def owned(self, plural: str, owner: JsonObject) -> list[JsonObject]:
        return _sorted(self._kinds[plural].by_owner.get(owner["metadata"]["uid"], {}))

    def orphans(self, plural: str, namespace: str) -> list[JsonObject]:
        return _sorted(self._kinds[plural].orphans.get(namespace, {}))

    def count_on_node(self, node: str) -> int:
        return len(self._kinds["pods"].by_node.get(node, ()))

    def on_node(self, node: str) -> list[JsonObject]:
        """Pods that have not ended."""
        return _sorted(self._kinds["pods"].by_node.get(node, {}))

    def unassigned(self) -> list[JsonObject]:
        """Pods without a Node."""
        return self.on_node("")

    # -- finer than the objects --------------------------------------------------------------------------------------

    def mark(self, uid: str, label: str, now: datetime) -> None:
        self._marks.setdefault(uid, {})[label] = now

    def exact(self, uid: str, label: str, text: str) -> datetime:
        """When `label` happened. The object has it in whole seconds (`text`): all that is left after a restart."""
        marked = self._marks.get(uid, {}).get(label)
        return marked if marked is not None and stamp(marked) == text else instant(text)

    def next_index(self, owner: JsonObject) -> int:
        """The creation index of the owner's next Pod: above all that this process has seen."""
        return self._counts.get(owner["metadata"]["uid"], 0)

    def marked(self, uid: str, label: str) -> datetime | None:
        return self._marks.get(uid, {}).get(label)

    def pending(self, namespace: str) -> list[JsonObject]:
        """Pods of the namespace in which nothing is running yet."""
        kind = self._kinds["pods"]
        return _sorted(kind.by_waiting.get(namespace, {}))

    def waiting_for(self, plural: str, key: Key) -> list[Key]:
        """Pods in which nothing is running yet and that refer to this object."""
        return sorted(self._kinds["pods"].by_use.get(_label(key.namespace, plural, key.name), ()))

    def free_pod_names(self, owner: JsonObject, prefix: str, count: int) -> tuple[str, ...]:
        """Names for the owner's next Pods; those of Pods that are still terminating are skipped."""
        namespace, index = owner["metadata"]["namespace"], self.next_index(owner)
        names: list[str] = []
        while len(names) < count:
            name = pod_name(self.seed, namespace, prefix, index)
            if Key(namespace, name) not in self._kinds["pods"].objects:
                names.append(name)
                remember_index(self.seed, namespace, name, index)
            index += 1
        return tuple(names)

    def index_of(self, pod: JsonObject) -> int | None:
        """The Pod's creation index among those of its owner; None for a Pod that the simulation did not create."""
        metadata = pod["metadata"]
        return index_of_name(self.seed, metadata.get("namespace") or "", metadata["name"])

    def _count(self, pod: JsonObject) -> None:
        owner = controller_of(pod)
        index = self.index_of(pod) if owner is not None else None
        if owner is not None and index is not None:
            self._counts[owner["uid"]] = max(self._counts.get(owner["uid"], 0), index + 1)


def _label(namespace: str, name: str, value: str) -> str:
    return f"{namespace}\0{name}={value}"


def _plain_selector(obj: JsonObject) -> JsonObject:
    """The labels that a Service or a budget selects by equality."""
    selector = (obj.get("spec") or {}).get("selector") or {}
    plain: JsonObject = selector if obj["kind"] == "Service" else selector.get("matchLabels") or {}
    return plain


def _revision(obj: JsonObject) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)


def _sorted(objects: dict[Key, Held]) -> list[JsonObject]:
    return [objects[key].obj for key in sorted(objects)]
