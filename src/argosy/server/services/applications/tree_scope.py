"""Which changes of live objects can change an Application's tree: a tree is computed again only for these."""

from __future__ import annotations

from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.model.application_spec import spec_of
from argosy.machinery.objects import JsonObject


class TreeScope:
    """Everything in the namespaces of the last tree, and the cluster-scoped objects that are in it or below it.

    A first object in a further namespace also changes the Application, whose changes a reader follows, too. Before the
    first tree, and while one is computed, every change counts.
    """

    def __init__(self) -> None:
        self._namespaces: set[str] | None = None
        self._keys: set[ResourceKey] = set()
        self._uids: set[str] = set()

    def widen(self) -> None:
        """A tree is being computed: it may have further namespaces, in which something changes at this moment."""
        self._namespaces = None

    def cover(self, app: JsonObject, tree: JsonObject) -> None:
        nodes = [*(tree.get("nodes") or ()), *(tree.get("orphanedNodes") or ())]
        self._namespaces = {str(node["namespace"]) for node in nodes if node.get("namespace")}
        if space := spec_of(app).destination.namespace:
            self._namespaces.add(space)
        free = [node for node in nodes if not node.get("namespace")]
        self._keys = {_key(node) for node in free}
        self._uids = {str(node["uid"]) for node in free if node.get("uid")}

    def has(self, obj: JsonObject) -> bool:
        if self._namespaces is None:
            return True
        metadata = obj.get("metadata") or {}
        if namespace := metadata.get("namespace"):
            return namespace in self._namespaces
        owners = metadata.get("ownerReferences") or ()
        return resource_key(obj) in self._keys or any(owner.get("uid") in self._uids for owner in owners)


def _key(node: JsonObject) -> ResourceKey:
    return ResourceKey(str(node.get("group") or ""), str(node["kind"]), "", str(node["name"]))
