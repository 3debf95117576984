"""PUT namespaces/finalize: the only way to change spec.finalizers of a Namespace (spec 11)."""

from __future__ import annotations

from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.updating import update
from argosy.cluster.request import ApiRequest, ApiResponse


async def finalize(core: Core, request: ApiRequest) -> ApiResponse:
    """An update whose strategy takes spec.finalizers; the object goes when nothing holds it any more."""
    return await update(core, request)
