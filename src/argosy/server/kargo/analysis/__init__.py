"""Verifications: AnalysisTemplates and AnalysisRuns, and the logs of their jobs."""

from __future__ import annotations

from argosy.server.context import ServerContext
from argosy.server.kargo.analysis.logs import log_endpoints
from argosy.server.kargo.analysis.templates import template_endpoints
from argosy.server.kargo.endpoint import Endpoint
from argosy.server.kargo.settings import KargoSettings


def analysis_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    return (*template_endpoints(settings), *log_endpoints(context, settings))
