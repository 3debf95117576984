"""PUT namespaces/finalize: the only way to change spec.finalizers of a Namespace (spec 11)."""

from __future__ import annotations

from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.updating import update
from argosy.cluster.request import ApiRequest, ApiResponse


async def finalize(core: Core, request: ApiRequest) -> ApiResponse:
    """An update whose strategy accepts spec.finalizers. The Namespace is removed when no finalizer is left."""
    return await update(core, request)
