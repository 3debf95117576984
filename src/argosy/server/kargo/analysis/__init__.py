"""Verifications: templates and runs of analysis, and the logs of what their jobs did."""

from __future__ import annotations

from argosy.server.kargo.analysis.logs import log_endpoints
from argosy.server.kargo.analysis.templates import template_endpoints
from argosy.server.kargo.endpoint import Endpoint
from argosy.server.kargo.settings import KargoSettings
from argosy.server.world import World


def analysis_endpoints(world: World, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (*template_endpoints(settings), *log_endpoints(world, settings))
