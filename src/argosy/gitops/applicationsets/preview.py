"""What an ApplicationSet would do: Applications that would be created, changed and deleted, without any write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.apis.argoproj import Application, ApplicationSet
from argosy.apis.schema import read
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.reconcile import Plan, Problem, Update, plan
from argosy.gitops.applicationsets.rolling.rolling_sync import is_rolling, without_automation
from argosy.gitops.applicationsets.surroundings import Surroundings
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Complete Applications; `changed` holds the live one and its new state; `problems` would stay as they are."""

    created: tuple[JsonObject, ...]
    changed: tuple[Update, ...]
    deleted: tuple[JsonObject, ...]
    problems: tuple[Problem, ...]


def preview(
    appset: JsonObject,
    wanted: Sequence[JsonObject],
    existing: Sequence[JsonObject],
    around: Surroundings,
    jq: JqAnswers | None = None,
) -> Preview:
    """`existing`: the Applications of the set's namespace.

    A set that was not created yet has no uid: then the Applications owned by a set of its name count as its own.
    """
    found = for_strategy(appset, wanted, around.options)
    return shown(plan(with_uid(appset, existing), found, existing, around, jq=jq))


def for_strategy(appset: JsonObject, wanted: Sequence[JsonObject], options: Options) -> Sequence[JsonObject]:
    """A rolling sync turns automated sync off."""
    rolling = is_rolling(read(ApplicationSet, appset).spec, enabled=options.progressive_syncs)
    return [without_automation(app) for app in wanted] if rolling else wanted


def with_uid(appset: JsonObject, existing: Sequence[JsonObject]) -> JsonObject:
    metadata = read(ApplicationSet, appset).metadata
    if metadata.uid:
        return appset
    owners = (owner for app in existing for owner in read(Application, app).metadata.owner_references)
    found = next((one for one in owners if (one.kind, one.name) == ("ApplicationSet", metadata.name)), None)
    return {**appset, "metadata": {**metadata.raw, "uid": found.uid}} if found else appset


def shown(found: Plan) -> Preview:
    return Preview(created=found.create, changed=found.update, deleted=found.delete, problems=found.problems)
