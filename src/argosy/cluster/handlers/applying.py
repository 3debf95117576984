"""Server-side apply (spec 10.4)."""

from __future__ import annotations

from argosy.cluster.errors import method_not_allowed
from argosy.cluster.handlers.core import Core
from argosy.cluster.request import ApiRequest, ApiResponse


async def apply_configuration(core: Core, request: ApiRequest) -> ApiResponse:
    raise method_not_allowed()
