"""A Project creates its namespace; a ProjectConfig must be in a Project's namespace."""

from __future__ import annotations

from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.promotion.admission import configs
from argosy.promotion.admission.context import AdmissionContext
from argosy.promotion.admission.faults import Denied, forbidden
from argosy.promotion.admission.request import Request, refuse
from argosy.promotion.kinds import NAMESPACES
from argosy.promotion.names import FINALIZER, PROJECT


class ProjectReview:
    def __init__(self, context: AdmissionContext) -> None:
        self._context = context

    async def check(self, request: Request) -> None:
        """The namespace is created at once, so that later objects of the same manifest find it."""
        if not request.creates or request.dry_run:
            return
        name = request.obj["metadata"]["name"]
        space = await self._context.reading.get(NAMESPACES, Key("", name))
        if space is None:
            metadata = {"name": name, "labels": {PROJECT: "true"}, "finalizers": [FINALIZER]}
            try:
                await self._context.reading.create(
                    NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
                )
            except StatusError as error:
                raise Denied(error.code, error.reason, str(error)) from None
            return
        if (space["metadata"].get("labels") or {}).get(PROJECT) != "true":
            raise conflict(name, f'namespace "{name}" already exists and is not labeled as a Project namespace using '
                            f'label "{PROJECT}"')  # fmt: skip
        if space["metadata"].get("deletionTimestamp"):
            raise conflict(name, f'namespace "{name}" is still being terminated')

    async def check_config(self, request: Request) -> None:
        if request.operation == "DELETE" or request.subresource:
            return
        if not await self._context.is_project(request.namespace):
            why = f'namespace "{request.namespace}" does not belong to Kargo project (missing "{PROJECT}" label)'
            raise forbidden("projectconfigs", request.obj["metadata"]["name"], why)
        refuse(request, configs.project_config(request.obj))


def conflict(name: str, message: str) -> Denied:
    text = f'Operation cannot be fulfilled on projects.kargo.akuity.io "{name}": {message}'
    return Denied(409, "Conflict", text)
