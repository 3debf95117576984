"""What a set would generate, by the engine's own generators; nothing is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argosy.gitops.applicationsets.desired_applications import Unusable
from argosy.gitops.applicationsets.surroundings import NAMES, Surroundings, surroundings_of
from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, unknown
from argosy.server.services.application_sets.access import RESOURCE, check_namespace, targets_of_set
from argosy.server.services.application_sets.given import check_project_of, given_set

if TYPE_CHECKING:
    from argosy.gitops.applicationsets.generation import Generators


class Generating:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._generators: Generators | None = None

    async def generate(self, call: Call) -> JsonObject:
        context = self._context
        appset = given_set(call.request.get("applicationSet"), context)
        check_namespace(context, appset["metadata"]["namespace"])
        for target in targets_of_set(context, appset):
            call.permit(RESOURCE, "create", target)
        check_project_of(context, appset)
        apps = await self.applications(appset)
        if not ((call.request["applicationSet"].get("metadata") or {}).get("namespace")):
            for app in apps:
                app["metadata"] = {key: value for key, value in app["metadata"].items() if key != "namespace"}
        return {"applications": apps}

    def surroundings(self) -> Surroundings:
        context, configuration = self._context, self._context.configuration
        return surroundings_of(
            context.namespace,
            {name: configuration.config_object(name) for name in NAMES},
            configuration.secrets(),
            configuration.projects.list(context.namespace),
        )

    async def applications(self, appset: JsonObject) -> list[JsonObject]:
        """Raises ApiError."""
        context, around = self._context, self.surroundings()
        if self._generators is None:
            self._generators = context.generators()
        placed = {**appset, "metadata": {"uid": "", **appset["metadata"]}}
        try:
            found = await self._generators.desired(placed, around)
        except Unusable as error:
            text = f"unable to generate Applications of ApplicationSet: error generating applications: {error}"
            raise unknown(text) from None
        except TimeoutError:
            raise ApiError(Code.DEADLINE_EXCEEDED, "the generators of the ApplicationSet took too long") from None
        return found
