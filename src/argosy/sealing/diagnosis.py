"""Why a SealedSecret cannot be decrypted, if it can be found out: another scope, or another name.

Changing the scope annotation, the name or the namespace of a SealedSecret makes its items undecryptable; that is the
most common mistake of users (sealed-secrets#443, #378).
"""

from __future__ import annotations

from collections.abc import Iterator

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.sealing.scope import CLUSTER_WIDE, NAMESPACE_WIDE, Scope, scope_annotations, scope_of


def likely_mistakes(sealed: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """A possible change, as text, and the object without it: if that one can be decrypted, this was the change."""
    view = read(SealedSecret, sealed)
    own = scope_of(view.metadata.annotations)
    for scope in Scope:
        if scope is not own:
            reason = f"it was sealed with the scope {scope}, and its annotations say {own}"
            yield reason, _changed(sealed, annotations=_annotations(view, scope))
    # `kubeseal` and `argosy seal` also write the original name and namespace to the template.
    template, metadata = read(ObjectMeta, view.spec.template.raw.get("metadata") or {}), view.metadata
    name, namespace = str(template.name or metadata.name), str(template.namespace or metadata.namespace)
    if (name, namespace) != (metadata.name, metadata.namespace) and own is not Scope.CLUSTER_WIDE:
        reason = f"it was sealed for {namespace}/{name}, as its template says"
        yield reason, _changed(sealed, name=name, namespace=namespace)


def _annotations(view: SealedSecret, scope: Scope) -> dict[str, str]:
    others = {k: v for k, v in view.metadata.annotations.items() if k not in (CLUSTER_WIDE, NAMESPACE_WIDE)}
    return {**others, **scope_annotations(scope)}


def _changed(sealed: JsonObject, **metadata: object) -> JsonObject:
    return {**sealed, "metadata": {**(sealed.get("metadata") or {}), **metadata}}
