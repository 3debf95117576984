"""Decides which Applications are created, changed and deleted: desired against existing ones (spec 15.4).

Pure. Fields of an Application that users and other controllers own are kept from the live one; an invalid or forbidden
Application is a `Problem`, and stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.apis.argoproj import Application, ApplicationSet
from argosy.apis.argoproj.applicationset.spec import PreservedFields
from argosy.apis.kubernetes.views.meta import OwnerReference
from argosy.apis.schema import read
from argosy.gitops.applicationsets.options import Options, Policy
from argosy.gitops.applicationsets.surroundings import Surroundings
from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.comparison import normalizers as normalize
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.keys import REFRESH
from argosy.gitops.model.application_spec import normalised, sources_of, spec_of
from argosy.gitops.projects import permissions as projects
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch, merge_patch

KIND: Final = "ApplicationSet"
HYDRATE: Final = "argocd.argoproj.io/hydrate"
NOTIFIED: Final = "notified.notifications.argoproj.io"
KEPT_ANNOTATIONS: Final = (NOTIFIED, REFRESH, HYDRATE)
KEPT_FINALIZERS: Final = (
    "pre-delete-finalizer.argocd.argoproj.io",
    "post-delete-finalizer.argocd.argoproj.io",
)
RESOURCES_FINALIZERS: Final = "resources-finalizer.argocd.argoproj.io"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an Application stays as it is."""

    application: str
    message: str


@dataclass(frozen=True, slots=True)
class Update:
    """`live` becomes `wanted`."""

    live: JsonObject
    wanted: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The planned writes; `delete` are live objects."""

    create: tuple[JsonObject, ...] = ()
    update: tuple[Update, ...] = ()
    delete: tuple[JsonObject, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.create or self.update or self.delete)


Verdict = Problem | Update | JsonObject | None
"""The plan for one desired Application: a problem, a change, a creation, or nothing."""


class Verdicts:
    """Cached verdicts, valid while both sides are the same objects (caches share them, and never change one).

    One cache for each answer of a set's generators: with 1,000 Applications, a change of one only evaluates that one.
    """

    def __init__(self) -> None:
        self.count = 0
        """How many verdicts were computed."""
        self._around: Surroundings | None = None
        self._known: dict[str, tuple[JsonObject, JsonObject | None, Verdict]] = {}

    def under(self, around: Surroundings) -> Verdicts:
        """Drops verdicts that were made in another environment."""
        if self._around is not around:
            self._around, self._known = around, {}
        return self

    def of(
        self,
        app: JsonObject,
        found: JsonObject | None,
        judge: Callable[[JsonObject, JsonObject | None], Verdict],
        jq: JqAnswers | None = None,
    ) -> Verdict:
        name = app["metadata"]["name"]
        known = self._known.get(name)
        if known is not None and known[0] is app and known[1] is found:
            return known[2]
        self.count += 1
        unsettled = jq.unsettled if jq else 0
        verdict = judge(app, found)
        if not jq or jq.unsettled == unsettled:
            self._known[name] = (app, found, verdict)
        return verdict


def plan(
    appset: JsonObject,
    desired: Sequence[JsonObject],
    existing: Iterable[JsonObject],
    around: Surroundings,
    verdicts: Verdicts | None = None,
    jq: JqAnswers | None = None,
) -> Plan:
    """`existing`: at least those that the set owns and those with a desired name.

    `jq` answers ignored differences; if it has open questions, the plan must be repeated.
    """
    live = {app["metadata"]["name"]: app for app in existing}
    policy = around.options.policy_of(read(ApplicationSet, appset).spec)
    problems = list(_duplicates(desired))
    if problems:
        return Plan(problems=tuple(problems))
    known = verdicts or Verdicts()

    def judge(app: JsonObject, found: JsonObject | None) -> Verdict:
        return _verdict(appset, app, found, around, policy, jq)

    create, update = [], []
    for app in desired:
        match known.of(app, live.get(app["metadata"]["name"]), judge, jq):
            case Problem() as problem:
                problems.append(problem)
            case Update() as change:
                update.append(change)
            case dict() as new:
                create.append(new)
    names = {app["metadata"]["name"] for app in desired}
    gone = [app for name, app in live.items() if name not in names and is_owned(app, appset)]
    delete = [app for app in gone if not read(Application, app).metadata.deletion_timestamp]
    return Plan(
        create=tuple(create),
        update=tuple(update),
        delete=tuple(delete) if policy in ("sync", "create-delete") else (),
        problems=tuple(problems),
    )


def _verdict(
    appset: JsonObject,
    app: JsonObject,
    found: JsonObject | None,
    around: Surroundings,
    policy: Policy,
    jq: JqAnswers | None,
) -> Verdict:
    if message := _refusal(appset, app, found, around):
        return Problem(app["metadata"]["name"], message)
    if found is None:
        return with_owner(app, appset)
    if policy not in ("sync", "create-update"):
        return None
    wanted = updated(appset, found, app, around.options, jq)
    return Update(found, wanted) if wanted != found else None


def is_owned(app: JsonObject, appset: JsonObject) -> bool:
    """By this set, not by an earlier one of the same name."""
    owner = controller_of(app)
    return owner is not None and owner.kind == KIND and owner.uid == read(ApplicationSet, appset).metadata.uid


def controller_of(app: JsonObject) -> OwnerReference | None:
    return read(Application, app).metadata.controller


def with_owner(app: JsonObject, appset: JsonObject) -> JsonObject:
    metadata = appset["metadata"]
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": KIND,
        "name": metadata["name"],
        "uid": read(ApplicationSet, appset).metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    others = [item.raw for item in read(Application, app).metadata.owner_references if item.uid != owner["uid"]]
    return {**app, "metadata": {**app["metadata"], "ownerReferences": [*others, owner]}}


def updated(
    appset: JsonObject,
    live: JsonObject,
    app: JsonObject,
    options: Options,
    jq: JqAnswers | None = None,
) -> JsonObject:
    """The live Application with the fields that the set controls; equal to it if nothing changes."""
    before, wanted = read(Application, live).metadata, read(Application, app).metadata
    preserved = read(ApplicationSet, appset).spec.preserved_fields or PreservedFields()
    metadata = {**before.raw}
    annotations = {name: text for name, text in before.annotations.items() if _is_kept(name)}
    annotations |= _named(before.annotations, (*options.preserved_annotations, *preserved.annotations))
    labels = _named(before.labels, (*options.preserved_labels, *preserved.labels))
    _put(metadata, "annotations", {**wanted.annotations, **annotations})
    _put(metadata, "labels", {**wanted.labels, **labels})
    kept = [item for item in before.finalizers if item.startswith(KEPT_FINALIZERS)]
    _put(metadata, "finalizers", [*wanted.finalizers, *(item for item in kept if item not in wanted.finalizers)])
    made = with_owner({**live, "metadata": metadata, "spec": app["spec"]}, appset)
    made = _without_ignored(appset, live, made, jq)
    return live if _same(live, made) else made


def spec_differs(appset: JsonObject, live: JsonObject, app: JsonObject, jq: JqAnswers | None = None) -> bool:
    """After normalisation and the set's ignored differences (spec 15.5)."""
    now = read(Application, live).spec.raw
    if now == app["spec"]:
        return False
    made = _without_ignored(appset, live, {**live, "spec": app["spec"]}, jq)
    return normalised(read(Application, made).spec.raw) != normalised(now)


def without_finalizer(app: JsonObject) -> list[str]:
    """The finalizers of an Application whose destination is gone: its objects cannot be deleted any more."""
    return [item for item in read(Application, app).metadata.finalizers if not item.startswith(RESOURCES_FINALIZERS)]


def has_resources_finalizer(app: JsonObject) -> bool:
    return any(item.startswith(RESOURCES_FINALIZERS) for item in read(Application, app).metadata.finalizers)


def _same(live: JsonObject, made: JsonObject) -> bool:
    """Equal except for the spelling of defaults."""
    before, after = read(Application, live), read(Application, made)
    if before.metadata.raw != after.metadata.raw:
        return False
    one, other = before.spec.raw, after.spec.raw
    return one == other or normalised(one) == normalised(other)


def _duplicates(desired: Sequence[JsonObject]) -> Iterable[Problem]:
    counted = Counter(app["metadata"]["name"] for app in desired)
    for name, count in counted.items():
        if count > 1:
            yield Problem(name, f"ApplicationSet contains applications with duplicate name: {name}")


def _refusal(appset: JsonObject, app: JsonObject, found: JsonObject | None, around: Surroundings) -> str:
    """Why this Application must be left alone, or ""."""
    if found is not None and not is_owned(found, appset):
        owner = controller_of(found)
        if owner is not None:
            return f"application already exists and is owned by {owner.kind} {owner.name}"
    spec = spec_of(app)
    name = spec.project
    namespace = read(ApplicationSet, appset).metadata.namespace
    if refused_project := around.project_refusal(name, namespace):
        return refused_project
    try:
        cluster = around.cluster(spec.destination)
    except InvalidDestination as error:
        return f"application destination spec is invalid: {error}"
    limits = around.limits(name)
    refused = projects.refusals(limits, name, sources_of(spec), cluster, spec.destination.namespace)
    return "; ".join(refused)


def _without_ignored(appset: JsonObject, live: JsonObject, made: JsonObject, jq: JqAnswers | None) -> JsonObject:
    """`ignoreApplicationDifferences`: fields removed from both sides stay as they are on the live one."""
    name = live["metadata"]["name"]
    given = read(ApplicationSet, appset).spec.ignore_application_differences
    entries = [entry for entry in given if entry.name in ("", name)]
    if not entries:
        return made
    rules = normalize.Rules(
        pointers=tuple(pointer for entry in entries for pointer in entry.json_pointers),
        paths=tuple(path for entry in entries for path in entry.jq_path_expressions),
        ignore_status="none",
        jq=jq or JqAnswers(),
    )
    patch = create_merge_patch(normalize.normalised(live, rules), normalize.normalised(made, rules))
    result: Any = merge_patch(live, patch)
    return dict(result)


def _is_kept(annotation: str) -> bool:
    return annotation in KEPT_ANNOTATIONS or annotation.startswith(NOTIFIED)


def _named(found: Mapping[str, str] | None, names: Iterable[str]) -> dict[str, str]:
    return {name: found[name] for name in names if found and name in found}


def _put(metadata: JsonObject, name: str, value: Any) -> None:
    if value:
        metadata[name] = value
    else:
        metadata.pop(name, None)
