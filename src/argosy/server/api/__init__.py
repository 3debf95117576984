"""Argosy's own API, `/api/argosy/v1`: what no peer has, in one style, for the page and for programs.

- `endpoint.py`: how an endpoint is declared; `router.py`: from a request to its answer; `shapes.py`: types as schemas.
- `openapi.py`: the description, made from the declarations.
- `listing.py`: search, filter, sort, range and counts by facet, for every list.  `live/`: lists and objects, live.
- `applications/`, `objects.py`, `home.py`, `pipelines.py`, `sealing/`, `activity.py`, `events.py`, `caller.py`,
  `sign_in.py`, `views.py`, `rehearsals.py`: the endpoints that show.  `acting/`: those that do something.
  `previewing/`: what would happen, and what differs.
- `tracing.py`, `dependencies.py`, `stories.py`, `rollout_details.py`: views that combine several objects.
- `object_states.py`: why an object is as it is.  `references.py`: which objects an object names.
"""

from __future__ import annotations

from argosy.server.api.applications.rows import ApplicationRows
from argosy.server.api.live.application_logs import log_stream
from argosy.server.api.live.application_tree import tree_stream
from argosy.server.api.live.stream import Events
from argosy.server.api.live.watches import watching_endpoint
from argosy.server.api.router import Router
from argosy.server.calls import Call
from argosy.server.context import ServerContext

PREFIX = "/api/argosy/v1"


def router(context: ServerContext, rows: ApplicationRows) -> Router:
    """`rows`: of all lists of Applications; somebody runs them."""
    from argosy.server.api.acting.certificates import certificate_action_endpoints
    from argosy.server.api.acting.pipelines import pipeline_action_endpoints
    from argosy.server.api.acting.rollouts_and_stages import action_endpoints
    from argosy.server.api.activity import activity_endpoints
    from argosy.server.api.applications.endpoints import application_endpoints
    from argosy.server.api.caller import caller_endpoints
    from argosy.server.api.dependencies import dependency_endpoints
    from argosy.server.api.events import event_endpoints
    from argosy.server.api.home import home_endpoints
    from argosy.server.api.objects import object_endpoints
    from argosy.server.api.pipelines import pipeline_endpoints
    from argosy.server.api.previewing.application_sets import application_set_preview_endpoints
    from argosy.server.api.previewing.comparisons import comparison_endpoints
    from argosy.server.api.previewing.operations import preview_endpoints
    from argosy.server.api.promotion_details import promotion_detail_endpoints
    from argosy.server.api.rehearsals import rehearsal_endpoints
    from argosy.server.api.rollout_details import rollout_detail_endpoints
    from argosy.server.api.sealing import sealing_endpoints
    from argosy.server.api.sign_in import sign_in_endpoints
    from argosy.server.api.stories import story_endpoints
    from argosy.server.api.tracing import trace_endpoints
    from argosy.server.api.views import view_endpoints

    declared = (
        *caller_endpoints(context),
        *sign_in_endpoints(context),
        *application_endpoints(context, rows),
        tree_stream(context),
        log_stream(context),
        *object_endpoints(context),
        *home_endpoints(context, rows),
        *action_endpoints(context),
        *pipeline_endpoints(context),
        *sealing_endpoints(context),
        *activity_endpoints(context),
        *event_endpoints(context),
        *trace_endpoints(context),
        *preview_endpoints(context),
        *dependency_endpoints(context),
        *story_endpoints(context),
        *rollout_detail_endpoints(context),
        *promotion_detail_endpoints(context),
        *view_endpoints(context),
        *certificate_action_endpoints(context),
        *pipeline_action_endpoints(context),
        *comparison_endpoints(context),
        *application_set_preview_endpoints(context),
        *rehearsal_endpoints(context),
    )

    async def opened(call: Call, place: str) -> Events:
        return await made.opened(call, place)

    made = Router((*declared, watching_endpoint(context, opened)), PREFIX)
    return made
