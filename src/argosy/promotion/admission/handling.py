"""Answers the API server's admission requests over HTTP."""

from __future__ import annotations

from typing import Any

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.promotion.admission.review import Reviewer


def handler(reviewer: Reviewer) -> Any:
    """For the embedded server's `service_handlers`."""

    async def handle(request: ProxyRequest) -> ProxyResponse:
        try:
            answer = await reviewer.answer(request.path, request.body)
        except (ValueError, KeyError, TypeError):
            return ProxyResponse(status=400, body=b"the body is not an AdmissionReview")
        return ProxyResponse(status=200, body=answer, content_type="application/json")

    return handle
