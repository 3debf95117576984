"""NamespaceLifecycle: nothing is created in a missing or terminating namespace; some namespaces are never deleted."""

from __future__ import annotations

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import namespace_is_terminating, not_found
from argosy.machinery.objects import Resource
from argosy.machinery.status import StatusError
from argosy.machinery.text.go_text import quoted

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)


def check_namespace(attributes: Attributes) -> None:
    """Raises StatusError 404 or 403 for a create in a namespace that does not accept it."""
    kind = attributes.kind
    if attributes.ctx.operation != "CREATE" or not kind.resource.namespaced:
        return
    namespace = attributes.ctx.reader.get("", "namespaces", "", attributes.namespace)
    if namespace is None:
        raise not_found(NAMESPACES, attributes.namespace)
    if namespace["metadata"].get("deletionTimestamp"):
        raise namespace_is_terminating(kind.resource, attributes.name, attributes.namespace)


def check_namespace_deletion(attributes: Attributes) -> None:
    if attributes.kind.storage == ("", "namespaces") and attributes.name in IMMORTAL:
        name = attributes.name
        message = f"namespaces {quoted(name)} is forbidden: this namespace may not be deleted"
        raise StatusError(403, "Forbidden", message, name=name, kind="namespaces")
