"""Argosy's own API, `/api/argosy/v1`: what no peer has, in one style, for the page and for programs.

- `endpoint.py`: how an endpoint is declared; `router.py`: from a request to its answer; `shapes.py`: types as schemas.
- `openapi.py`: the description, made from the declarations.
- `listing.py`: search, filter, sort, range and counts by facet, for every list.  `stream.py`: lists and objects, live.
- `applications.py`, `objects.py`, `actions.py`, `certificate_actions.py`, `home.py`, `pipelines.py`, `sealing.py`,
  `activity.py`, `caller.py`, `views.py`: the endpoints.
- `tracing.py`, `previews.py`, `dependencies.py`, `stories.py`, `rollout_details.py`: what is told over several objects.
- `why.py`, `object_states.py`: why an object is as it is.  `references.py`: which objects an object names.
"""

from __future__ import annotations

from argosy.server.api.router import Router
from argosy.server.context import ServerContext

PREFIX = "/api/argosy/v1"


def router(context: ServerContext) -> Router:
    from argosy.server.api.actions import action_endpoints
    from argosy.server.api.activity import activity_endpoints
    from argosy.server.api.applications import application_endpoints
    from argosy.server.api.caller import caller_endpoints
    from argosy.server.api.certificate_actions import certificate_action_endpoints
    from argosy.server.api.dependencies import dependency_endpoints
    from argosy.server.api.home import home_endpoints
    from argosy.server.api.objects import object_endpoints
    from argosy.server.api.pipelines import pipeline_endpoints
    from argosy.server.api.previews import preview_endpoints
    from argosy.server.api.rollout_details import rollout_detail_endpoints
    from argosy.server.api.sealing import sealing_endpoints
    from argosy.server.api.stories import story_endpoints
    from argosy.server.api.tracing import trace_endpoints
    from argosy.server.api.views import view_endpoints

    declared = (
        *caller_endpoints(context),
        *application_endpoints(context),
        *object_endpoints(context),
        *home_endpoints(context),
        *action_endpoints(context),
        *pipeline_endpoints(context),
        *sealing_endpoints(context),
        *activity_endpoints(context),
        *trace_endpoints(context),
        *preview_endpoints(context),
        *dependency_endpoints(context),
        *story_endpoints(context),
        *rollout_detail_endpoints(context),
        *view_endpoints(context),
        *certificate_action_endpoints(context),
    )
    return Router(declared, PREFIX)
