"""AnalysisTemplates and AnalysisRuns; absent if the Rollouts integration is disabled."""

from __future__ import annotations

from dataclasses import replace

from argosy.machinery.objects import Key
from argosy.promotion.kinds import ANALYSIS_RUNS, ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES
from argosy.server.kargo.core.simple import deleting, listing, reading
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.faults import unimplemented
from argosy.server.kargo.settings import KargoSettings

OWN = "/projects/{project}/analysis-templates"
SHARED = "/shared/cluster-analysis-templates"
RUN = "/projects/{project}/analysis-runs/{analysis-run}"


def template_endpoints(settings: KargoSettings) -> tuple[Endpoint, ...]:
    own, shared = f"{OWN}/{{analysis-template}}", f"{SHARED}/{{cluster-analysis-template}}"
    found = (
        listing(OWN, ANALYSIS_TEMPLATES),
        reading(own, ANALYSIS_TEMPLATES, _own),
        deleting(own, ANALYSIS_TEMPLATES, _own),
        listing(SHARED, CLUSTER_ANALYSIS_TEMPLATES),
        reading(shared, CLUSTER_ANALYSIS_TEMPLATES, _shared),
        deleting(shared, CLUSTER_ANALYSIS_TEMPLATES, _shared),
        reading(RUN, ANALYSIS_RUNS, lambda request: request.key("analysis-run")),
    )
    return tuple(integrated(one, settings) for one in found)


def integrated(endpoint: Endpoint, settings: KargoSettings) -> Endpoint:
    """Answers 501 without the integration."""

    async def answer(request: ApiRequest) -> Reply | Stream:
        if not settings.rollouts:
            raise unimplemented("Argo Rollouts integration is not enabled")
        return await endpoint.answer(request)

    return replace(endpoint, answer=answer)


def _own(request: ApiRequest) -> Key:
    return request.key("analysis-template")


def _shared(request: ApiRequest) -> Key:
    return Key("", request.path["cluster-analysis-template"])
