"""The fields that shared caches drop from objects, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.apis import certmanager
from argosy.apis.bitnami import SealedSecret
from argosy.machinery.objects import Resource, resource_of
from argosy.runtime.caches.informer import Strip
from argosy.runtime.caches.informers import without_managed_fields

_WITHOUT_MANAGED_FIELDS: Final = (*certmanager.RESOURCES, SealedSecret)
"""Half of a Certificate that six controllers write is managed fields; a SealedSecret has one field for each value."""

STRIPS: Final[Mapping[Resource, Strip]] = {
    resource_of(kind): without_managed_fields for kind in _WITHOUT_MANAGED_FIELDS
}
