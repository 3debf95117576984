"""Compares desired with live objects, and computes the application's sync and health status (spec 4.1 step 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from argosy.apis.argoproj.application import IgnoreDifference
from argosy.gitops.comparison.diff import compared, server_side
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.normalizers import Rules, rules_for
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.deletion.stages import keeping_hooks
from argosy.gitops.health import Health, health_of
from argosy.gitops.health.application import Part, aggregated
from argosy.gitops.health.custom import Judge
from argosy.gitops.keys import COMPARE_OPTIONS, FIELD_MANAGER, IGNORE_HEALTHCHECK, ResourceKey, annotations_of, words
from argosy.gitops.manifests.targets import Target, Targets
from argosy.gitops.model.event_messages import ABSENT, EXTRA
from argosy.gitops.model.external_urls import urls_of
from argosy.gitops.model.images import images_of
from argosy.gitops.model.resource_tracking import is_self_referenced, migrated
from argosy.gitops.ports import KnownTypes, Schema, Schemas
from argosy.gitops.projects.permissions import is_of_kind
from argosy.gitops.sync.confirmation import needs_approval
from argosy.gitops.sync.hooks import is_hook, is_skipped
from argosy.gitops.sync.options import Options
from argosy.gitops.sync.order import wave_of
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.objects import JsonObject, JsonValue, group_version
from argosy.machinery.pieces import Pieces
from argosy.machinery.structural import default

Memo = dict[ResourceKey, tuple[tuple[str, str, Rules, str], bool, str]]
"""Verdicts by their inputs: target content, live version, rules, algorithm."""


@dataclass(frozen=True, slots=True)
class Comparison:
    status: str
    health: Health
    pairs: tuple[Pair, ...]
    resources: tuple[JsonObject, ...]
    """As in the status, sorted."""
    summary: Mapping[str, list[str]] = field(default_factory=dict)
    """The running images, and external URLs, each sorted."""
    why: Mapping[ResourceKey, str] = field(default_factory=dict)
    """One line for each object that is out of sync."""


@dataclass(frozen=True, slots=True)
class ServerSide:
    """The API server itself predicts what an apply would change (spec 4.2)."""

    webhooks: bool = False
    """Whether changes by admission webhooks count."""
    answers: Mapping[ResourceKey, JsonObject] = field(default_factory=dict)
    """Its answer to a dry run of each target in `Comparer.questions`."""

    @property
    def algorithm(self) -> str:
        return "server side, with webhooks" if self.webhooks else "server side"


@dataclass(slots=True)
class _Findings:
    """The result of a comparison, object by object."""

    out_of_sync: bool = False
    pairs: list[Pair] = field(default_factory=list)
    resources: list[JsonObject] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    why: dict[ResourceKey, str] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)

    def refuse(self, target: Target, reason: str) -> None:
        """A target that the project does not permit."""
        self.out_of_sync = self.out_of_sync or not target.is_hook
        status = "Unknown" if is_of_kind(reason) else "OutOfSync"
        self.resources.append(_entry(target.key, target.obj, status=status))
        self.parts.append(Part(target.key, Health("Missing"), False, counts=not target.is_hook))
        self.pairs.append(Pair(target.key, target.obj, None, status, reason))
        self.why[target.key] = reason

    def pair(
        self, key: ResourceKey, target: Target | None, live: JsonObject | None, status: str, *, counts: bool
    ) -> None:
        """`counts`: whether being out of sync counts for the application."""
        if live is not None:
            self.images.update(images_of(live, with_init=True))
            self.urls |= urls_of(live)
        if target is None and status:
            self.why[key] = EXTRA
        self.out_of_sync = self.out_of_sync or (status == "OutOfSync" and counts)
        self.pairs.append(Pair(key, target.obj if target else None, live, status))

    def comparison(self) -> Comparison:
        lists = (("images", self.images), ("externalURLs", self.urls))
        return Comparison(
            "OutOfSync" if self.out_of_sync else "Synced",
            aggregated(self.parts),
            tuple(self.pairs),
            tuple(self.resources),
            {name: sorted(texts) for name, texts in lists if texts},
            self.why,
        )


@dataclass(slots=True)
class Comparer:
    """One application's comparisons; remembers verdicts so that an unchanged object costs nothing."""

    known: KnownTypes
    memo: Memo = field(default_factory=dict)
    schemas: Schemas | None = None
    """The application's destination cluster."""
    computed: int = 0
    """How many differences were actually computed, for metrics and tests."""

    def compare(
        self,
        targets: Targets,
        live: Mapping[ResourceKey, JsonObject],
        *,
        app: ResourceKey,
        ignored: Iterable[IgnoreDifference],
        options: Options,
        settings: Settings,
        refusal: Callable[[ResourceKey], str],
        server: ServerSide | None = None,
        judge: Judge = health_of,
        jq: JqAnswers | None = None,
        kept: ResourceKey | None = None,
    ) -> Pieces[Comparison]:
        """`kept`: a Namespace that is never pruned, whatever the sources say.
        `live`: objects tracked by the application, or named as its targets. `refusal`: why the project refuses one.
        `judge`: health of a live object. `jq`: answers ignored differences; if it has open questions, compare again.
        """
        rules = list(ignored)
        wanted = {target.key: target for target in targets.items}
        findings = _Findings()
        for key in sorted({*wanted, *live}, key=str):
            yield
            target, found = wanted.get(key), live.get(key)
            if target is None and key == kept:
                continue
            target = _with_kept_hooks(target, found)
            if refused := refusal(key):
                # If desired: the application is OutOfSync, and its sync fails with this reason; else it is not ours.
                if target is not None:
                    findings.refuse(target, refused)
                continue
            status, counts = self._status(target, found, rules, options, settings, findings.why, server, jq)
            findings.pair(key, target, found, status, counts=counts)
            hook = bool((target and target.is_hook) or (target is None and found and is_hook(found)))
            obj = (target.obj if target else found) or {}
            is_run = hook and not is_skipped(obj)
            if is_run and found is None:
                continue  # a hook is only reported while it is live
            health = judge(found) if found else Health("Missing")
            entry = _entry(key, obj, status=status, hook=is_run, extra=target is None and bool(status))
            if needs_approval(obj, options, pruned=False):
                entry["requiresDeletionConfirmation"] = True
            if settings.persist_health and health:
                entry["health"] = _health_json(health)
            findings.resources.append(entry)
            counts = not _is_kept_out(key, found, app, hook=hook)
            findings.parts.append(Part(key, health, found is not None, counts=counts))
        for gone in self.memo.keys() - wanted.keys():
            del self.memo[gone]
        return findings.comparison()

    def _status(
        self,
        target: Target | None,
        live: JsonObject | None,
        ignored: list[IgnoreDifference],
        options: Options,
        settings: Settings,
        why: dict[ResourceKey, str],
        server: ServerSide | None,
        jq: JqAnswers | None,
    ) -> tuple[str, bool]:
        """The object's status, and whether being out of sync counts for the application."""
        if target is None:
            assert live is not None
            if is_hook(live) or not is_self_referenced(live, settings):
                return "", False
            return "OutOfSync", "IgnoreExtraneous" not in words(annotations_of(live).get(COMPARE_OPTIONS))
        if target.is_hook:
            return "", False
        if live is None:
            why[target.key] = ABSENT
            return "OutOfSync", True
        rules = rules_for(target.key, ignored, settings, jq)
        modified, reason = self._verdict(target, live, rules, options, settings, server)
        if modified:
            why[target.key] = reason
        return ("OutOfSync" if modified else "Synced"), True

    def questions(
        self,
        targets: Targets,
        live: Mapping[ResourceKey, JsonObject],
        ignored: Iterable[IgnoreDifference],
        settings: Settings,
        server: ServerSide,
    ) -> list[Target]:
        """The targets that only the server can compare, and has not yet; creations need no question."""
        rules = list(ignored)
        found = []
        for target in targets.items:
            present = live.get(target.key)
            if target.is_hook or present is None:
                continue
            depends = _depends(target, present, rules_for(target.key, rules, settings), server.algorithm)
            known = self.memo.get(target.key)
            if known is None or known[0] != depends:
                found.append(target)
        return found

    def _verdict(
        self,
        target: Target,
        live: JsonObject,
        rules: Rules,
        options: Options,
        settings: Settings,
        server: ServerSide | None,
    ) -> tuple[bool, str]:
        schema = schema_of(target.obj, options, self.schemas)
        structured = f"structured {schema.revision}" if schema else ""
        defaults = defaults_of(target.obj, self.known, self.schemas)
        structured += f" defaults {defaults.revision}" if defaults else ""
        depends = _depends(target, live, rules, server.algorithm if server else structured)
        known = self.memo.get(target.key)
        if known is not None and known[0] == depends:
            return known[1], known[2]
        self.computed += 1
        unsettled = rules.jq.unsettled
        present = migrated(live, target.obj, settings)
        if server is not None and (answer := server.answers.get(target.key)) is not None:
            found = server_side(present, answer, rules, self.known, FIELD_MANAGER, webhooks=server.webhooks)
        else:
            wanted = default(defaults.node, target.obj) if defaults else target.obj
            found = compared(wanted, present, rules, self.known, schema=schema.node if schema else None)
        if rules.jq.unsettled == unsettled:
            self.memo[target.key] = (depends, found.modified, found.why)
        return found.modified, found.why


def live_parts(live: Mapping[ResourceKey, JsonObject], judge: Judge, app: ResourceKey) -> Iterable[Part]:
    """The part of an application's health that does not depend on its targets."""
    for key, obj in live.items():
        yield Part(key, judge(obj), True, counts=not _is_kept_out(key, obj, app, hook=is_hook(obj)))


def _is_kept_out(key: ResourceKey, live: JsonObject | None, app: ResourceKey, *, hook: bool) -> bool:
    """Whether it counts for the application's health."""
    return hook or key == app or annotations_of(live or {}).get(IGNORE_HEALTHCHECK) == "true"


def schema_of(target: JsonObject, options: Options, schemas: Schemas | None) -> Schema | None:
    """The schema for comparing an object under server-side apply; None for other objects, or an unknown kind."""
    if schemas is None or not options.has("ServerSideApply", obj=target):
        return None
    return schemas.schema(*group_version(str(target.get("apiVersion") or "")), str(target.get("kind") or ""))


def takes_defaults(target: JsonObject, known: KnownTypes) -> bool:
    """Whether a CRD's defaults may appear in the target: inside items of atomic lists, which are compared completely.

    Everywhere else a default is a field of the live object that the target does not name, so no difference.
    """
    node = known.node(*group_version(str(target.get("apiVersion") or "")), str(target.get("kind") or ""))
    return node is None and _has_objects_in_lists(target)


def _has_objects_in_lists(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(_has_objects_in_lists(item) for name, item in value.items() if name != "metadata")
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def defaults_of(target: JsonObject, known: KnownTypes, schemas: Schemas | None) -> Schema | None:
    """The schema whose defaults complete the target, if it was prepared; None for Kubernetes' own kinds."""
    group, version = group_version(str(target.get("apiVersion") or ""))
    kind = str(target.get("kind") or "")
    if schemas is None or known.node(group, version, kind) is not None:
        return None
    return schemas.schema(group, version, kind)


def _depends(target: Target, live: JsonObject, rules: Rules, algorithm: str) -> tuple[str, str, Rules, str]:
    metadata = live.get("metadata") or {}
    return target.digest, f"{metadata.get('uid')}/{metadata.get('resourceVersion')}", rules, algorithm


def _with_kept_hooks(target: Target | None, live: JsonObject | None) -> Target | None:
    if target is None or live is None:
        return target
    kept = keeping_hooks(target.obj, live)
    return target if kept is target.obj else replace(target, obj=kept)


def _entry(
    key: ResourceKey, obj: JsonObject | None, *, status: str, hook: bool = False, extra: bool = False
) -> JsonObject:
    """`extra`: an object that is not in the sources."""
    version = str((obj or {}).get("apiVersion") or "").rpartition("/")[2]
    found: JsonObject = {"group": key.group, "version": version, "kind": key.kind}
    found |= {"namespace": key.namespace, "name": key.name, "status": status}
    if obj and (wave := wave_of(obj)):
        found["syncWave"] = wave
    found |= {"hook": True} if hook else {}
    found |= {"requiresPruning": True} if hook or extra else {}
    return {name: value for name, value in found.items() if value != ""}


def _health_json(health: Health) -> JsonObject:
    return {"status": health.status, **({"message": health.message} if health.message else {})}
