"""What differs between two states of an Application: live, what Git says now, a deployment of the history, a revision.

Two wanted states are compared as they are rendered; with `live` on one side, what does not count is left out and the
other side is what a sync would make of the live object, as in the diff of today. Values of Secrets are masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.gitops.keys import ResourceKey
from argosy.gitops.model.application_spec import sources_of, spec_of, status_of
from argosy.machinery.objects import JsonObject
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, failed_precondition, invalid, not_found
from argosy.server.services.applications.access import find
from argosy.server.services.applications.comparing import Instead, view
from argosy.server.services.applications.managed import is_left_out, predicted, shown, without_managed_fields

if TYPE_CHECKING:
    from argosy.gitops.sync.tasks import Pair

LIVE, GIT, HISTORY, REVISION = "live", "git", "history:", "revision:"
KINDS: Final = f"`{LIVE}`, `{GIT}`, `{HISTORY}<id>`, `{REVISION}<revision>` (of several sources: with commas)"
Sides = tuple[JsonObject | None, JsonObject | None]


class Differing(TypedDict):
    """One resource that differs. `before` and `after` are empty if it does not exist there."""

    group: str
    kind: str
    namespace: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class Comparison(TypedDict):
    """`same`: the number of resources without differences."""

    before: list[str]
    after: list[str]
    same: int
    differing: list[Differing]


def comparison_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def compare(request: ApiRequest) -> Comparison:
        return await compared(context, request)

    return (
        Endpoint(
            method="GET",
            path="/applications/{namespace}/{name}/compare",
            summary="What differs between two states of an Application",
            needs=within("applications", "get"),
            parameters=(Parameter("from", KINDS), Parameter("to", KINDS)),
            answers=Comparison,
            answer=compare,
        ),
    )


async def compared(context: ServerContext, request: ApiRequest) -> Comparison:
    path = request.path
    app = (await find(context, request.call, "get", path["name"], namespace=path["namespace"])).app
    before, after = request.one("from", LIVE), request.one("to", GIT)
    if before == after:
        raise invalid(f"query: to: {after[:80]!r} is the same as `from`")
    if LIVE in (before, after):
        revisions, pairs = await _wanted(context, app, "to" if before == LIVE else "from", {before, after} - {LIVE})
        spec = spec_of(app)
        sides = {key: _live_sides(context, spec, pair, forwards=before == LIVE) for key, pair in pairs.items()}
        names = ([], revisions) if before == LIVE else (revisions, [])
    else:
        old, old_pairs = await _wanted(context, app, "from", {before})
        new, new_pairs = await _wanted(context, app, "to", {after})
        keys = dict.fromkeys([*old_pairs, *new_pairs])
        sides = {key: (_target(old_pairs.get(key)), _target(new_pairs.get(key))) for key in keys}
        names = (old, new)
    differing = [_differing(context, key, pair) for key, pair in sides.items() if pair[0] != pair[1]]
    differing.sort(key=lambda one: (one["kind"], one["namespace"], one["name"]))
    return {"before": names[0], "after": names[1], "same": len(sides) - len(differing), "differing": differing}


async def _wanted(
    context: ServerContext, app: JsonObject, parameter: str, given: set[str]
) -> tuple[list[str], dict[ResourceKey, Pair]]:
    """With the revisions that were rendered. Raises ApiError."""
    (text,) = given
    seen = await view(context, app, instead_of(app, parameter, text))
    if seen is None or seen.compared is None:
        raise ApiError(Code.FAILED_PRECONDITION, f"{text[:80]!r} cannot be rendered or compared now: refresh tells why")
    pairs = {pair.key: pair for pair in seen.compared.comparison.pairs if not is_left_out(pair)}
    return [str(one) for one in seen.compared.desired.revisions], pairs


def instead_of(app: JsonObject, parameter: str, text: str) -> Instead:
    """The sources of one side. Pure. Raises ApiError, naming the parameter."""
    sources = tuple(sources_of(spec_of(app)))
    if text == GIT:
        return Instead(sources)
    if text.startswith(REVISION):
        revisions = tuple(text.removeprefix(REVISION).split(","))
        if len(revisions) != len(sources) or not all(revisions):
            raise invalid(
                f"query: {parameter}: {text[:80]!r} names {len(revisions)} revisions, the sources are {len(sources)}"
            )
        return Instead(sources, revisions)
    if not text.startswith(HISTORY):
        raise invalid(f"query: {parameter}: {text[:80]!r} is none of {KINDS}")
    number = text.removeprefix(HISTORY)
    entry = next((one for one in status_of(app).history if str(one.id) == number), None)
    if entry is None:
        raise not_found(f"{app['metadata']['name']} has no deployment {number[:20]!r}")
    if not entry.all_sources:
        raise failed_precondition(f"the history entry {number} does not tell its source: compare its revision")
    return Instead(entry.all_sources, entry.all_revisions)


def _live_sides(context: ServerContext, spec: ApplicationSpec, pair: Pair, *, forwards: bool) -> Sides:
    live = without_managed_fields(pair.live) if pair.live is not None else None
    present, wanted = predicted(context, pair, live, spec.ignore_differences)
    wanted = wanted if pair.target is not None else None
    return (present, wanted) if forwards else (wanted, present)


def _target(pair: Pair | None) -> JsonObject | None:
    return pair.target if pair is not None else None


def _differing(context: ServerContext, key: ResourceKey, sides: Sides) -> Differing:
    before, after = shown(context, *sides)
    return {
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "before": before or {},
        "after": after or {},
    }
