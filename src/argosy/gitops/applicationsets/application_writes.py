"""The writes on generated Applications: create, change, delete, release, and sync by an operation. Pure.

Each Application has its own chain of writes, conditional on the version that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argosy.apis.argoproj import Application
from argosy.apis.schema import read
from argosy.gitops.applicationsets import reconcile
from argosy.gitops.applicationsets.reconcile import Plan, Update
from argosy.gitops.applicationsets.rolling import rolling_sync
from argosy.gitops.applicationsets.surroundings import Surroundings
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch, merge_patch
from argosy.machinery.requests import Write, create, delete, merge, update

Chain = tuple[Write | Event, ...]


def planned(appset: JsonObject, plan: Plan, around: Surroundings) -> tuple[Chain, ...]:
    return (
        *((create(APPLICATIONS, app), _event(appset, "created", app)) for app in plan.create),
        *((changed(one), _event(appset, "updated", one.wanted)) for one in plan.update),
        *(removed(appset, app, around) for app in plan.delete),
    )


def changed(one: Update) -> Write:
    """Only the differences; a complete update if a merge patch cannot express it (in which a null means "delete")."""
    patch = create_merge_patch(one.live, one.wanted)
    if merge_patch(one.live, patch) == one.wanted:
        return merge(APPLICATIONS, one.live, patch)
    return update(APPLICATIONS, one.wanted)


def removed(appset: JsonObject, app: JsonObject, around: Surroundings) -> Chain:
    """Deletes one; if its destination is gone its objects cannot be reached, and are not waited for."""
    gone = (delete(APPLICATIONS, app, exact=False), _event(appset, "Deleted", app))
    unreachable = not around.has_cluster(read(Application, app).spec.destination)
    if not unreachable or not reconcile.has_resources_finalizer(app):
        return gone
    finalizers = reconcile.without_finalizer(app) or None
    return (merge(APPLICATIONS, app, {"metadata": {"finalizers": finalizers}}), *gone)


def disowned(app: JsonObject) -> Write:
    """Lets it survive its set."""
    owners = [owner.raw for owner in read(Application, app).metadata.owner_references if not owner.controller]
    return merge(APPLICATIONS, app, {"metadata": {"ownerReferences": owners or None}})


def operations(
    named: Mapping[str, JsonObject], rollout: rolling_sync.Advance, wanted: Sequence[JsonObject]
) -> tuple[Chain, ...]:
    """Sync operations for Applications that have become Pending.

    `wanted`: as in the template, which says whether a sync prunes.
    """
    statuses = {item["application"]: item for item in rollout.statuses}
    asked = [
        name for name in rollout.sync if name in named and rolling_sync.needs_operation(named[name], statuses[name])
    ]
    templates = {app["metadata"]["name"]: app for app in wanted} if asked else {}
    return tuple(
        (merge(APPLICATIONS, named[name], {"operation": rolling_sync.operation(templates[name])}),) for name in asked
    )


def _event(appset: JsonObject, word: str, app: JsonObject) -> Event:
    return Event(appset, word, f'{word} Application "{app["metadata"]["name"]}"')
