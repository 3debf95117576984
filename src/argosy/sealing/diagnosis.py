"""Tells why an item does not open, where that can be told: it was sealed for another scope.

Changing the scope annotation, the name or the namespace of a SealedSecret makes its items unreadable; that is the
commonest mistake of users (sealed-secrets#443, #378).
"""

from __future__ import annotations

from argosy.apis.bitnami import SealedSecret
from argosy.sealing.adapters.opening import OpenedItem, Opener
from argosy.sealing.keyring import KeyRing
from argosy.sealing.scope import Scope, label_of, scope_of


def fitting_scope(sealed: SealedSecret, ring: KeyRing, opener: Opener) -> Scope | None:
    """The one other scope under which every item opens."""
    metadata = sealed.metadata
    for scope in Scope:
        if scope is scope_of(metadata.annotations):
            continue
        found = opener.items_now(sealed, ring, label_of(scope, metadata.namespace, metadata.name))
        if found and all(isinstance(one, OpenedItem) for one in found.values()):
            return scope
    return None
