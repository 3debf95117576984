"""Gathers what a turn of a Rollout needs. Everything that it reads wakes the Rollout when it changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from argosy.apis.kubernetes.scalars import Mismatch
from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Pod, Service
from argosy.apis.rollouts import Experiment, Rollout
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.steps import TemplateReference
from argosy.machinery.controller import Index, Snapshot
from argosy.machinery.objects import JsonObject, Key, Kind, Resource
from argosy.machinery.selectors import LabelSelector, SelectorError, label_selector_of
from argosy.rollouts.arithmetic.sums import pod_hash_of
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.partitions.sets import KINDS as PARTITIONED
from argosy.rollouts.partitions.sets import Partitioned, fitted, misfit, partitioned, sets_of, with_owner
from argosy.rollouts.ports import StepAnswer
from argosy.rollouts.reconcile.ephemeral import wanted_metadata
from argosy.rollouts.reconcile.seen import Facts, Seen
from argosy.rollouts.reconcile.steps.pauses import is_halted
from argosy.rollouts.reconcile.steps.plugins import wanted_operation
from argosy.rollouts.reconcile.template import Resolved, resolved
from argosy.rollouts.reconcile.traffic.balancing import balancing
from argosy.rollouts.resources import ANALYSIS_TEMPLATES, CLUSTER_TEMPLATES, HASH_LABEL, INSTANCE_ID, REVISION
from argosy.rollouts.revisions.finding import by_creation
from argosy.rollouts.revisions.hashing import pod_template_hash, step_hash
from argosy.rollouts.routers.needs import objects_of, split_version
from argosy.rollouts.settings import USUAL, RolloutSettings
from argosy.rollouts.status.phase import is_restarting
from argosy.rollouts.step_services import step_services
from argosy.rollouts.validation.references import first_wrong_reference
from argosy.rollouts.validation.spec import spec_errors


def _namespace_without_controller(obj: JsonObject) -> Iterable[str]:
    metadata = obj.get("metadata") or {}
    owned = any(owner.get("controller") for owner in metadata.get("ownerReferences") or ())
    return () if owned or HASH_LABEL not in (metadata.get("labels") or {}) else (str(metadata.get("namespace") or ""),)


ORPHANS = Index("replicaset-without-controller", ReplicaSet, _namespace_without_controller)
SHOWN = 64
"""How many characters of a value a message quotes."""


def look(snapshot: Snapshot, key: Key, settings: RolloutSettings = USUAL) -> Seen | None:
    stored = snapshot.get(Rollout, key)
    if stored is None or stored.metadata.deletion_timestamp:
        return None
    if stored.metadata.labels.get(INSTANCE_ID, "") != settings.instance_id:
        return None  # belongs to another installation
    source, part = _partitioned(snapshot, resolved(snapshot, stored))
    rollout = source.rollout
    facts = facts_of(rollout, snapshot.memory)
    if source.problem or not facts.pod_hash:
        return Seen(
            rollout=rollout, facts=facts, problem=source.problem or facts.problem, is_new=_is_new(snapshot, rollout)
        )
    if part is not None:
        sets = sets_of(rollout, part, facts.pod_hash)
        return replace(
            _complete(snapshot, source, facts, sets, None, [], settings),
            partitioned=part,
            namesake=None,
            pods=_pods_of_revisions(part, sets, rollout, facts.pod_hash),
        )
    selector = _selector(rollout)
    owned = [found for found in snapshot.owned(ReplicaSet, rollout.uid) if _controls(found, rollout)]
    sets = by_creation([found for found in owned if selector is None or selector.matches(found.labels)])
    selected = {found.uid for found in sets}
    strays = [found for found in owned if found.uid not in selected]
    return _complete(snapshot, source, facts, sets, selector, strays, settings)


def _partitioned(snapshot: Snapshot, source: Resolved) -> tuple[Resolved, Partitioned | None]:
    """With the workload's Pods, if these represent the versions."""
    workload = source.workload
    if workload is None or workload.get("kind") not in PARTITIONED or source.problem:
        return source, None
    if problem := misfit(source.rollout):
        return replace(source, problem=problem), None
    part = partitioned(snapshot, workload)
    return replace(source, rollout=fitted(source.rollout, part)), part


def _pods_of_revisions(
    part: Partitioned, sets: Sequence[ReplicaSet], rollout: Rollout, pod_hash: str
) -> list[JsonObject]:
    if not is_restarting(rollout.spec, rollout.status):
        return []
    uids = {pod_hash_of(found): found.uid for found in sets}
    new, stable = uids.get(pod_hash, ""), uids.get(rollout.status.stable_rs, "")
    return [*(with_owner(pod, new) for pod in part.updated), *(with_owner(pod, stable) for pod in part.older)]


def _complete(
    snapshot: Snapshot,
    source: Resolved,
    facts: Facts,
    sets: list[ReplicaSet],
    selector: LabelSelector | None,
    strays: list[ReplicaSet],
    settings: RolloutSettings,
) -> Seen:
    rollout = source.rollout
    services = _services(snapshot, rollout)
    templates = _templates(snapshot, rollout)
    objects = objects_of(snapshot, rollout)
    problem = facts.problem or first_wrong_reference(rollout, services, templates, objects)
    runs = [run for run in snapshot.owned(AnalysisRun, rollout.uid) if _is_controlled(run.raw, rollout.uid)]
    experiments = [one for one in snapshot.owned(Experiment, rollout.uid) if _is_controlled(one.raw, rollout.uid)]
    pod_hash = facts.pod_hash
    new = next((found for found in sets if pod_hash_of(found) == pod_hash), None)
    return Seen(
        rollout=rollout,
        facts=facts,
        problem=problem,
        sets=sets,
        orphans=_orphans(snapshot, rollout, selector),
        strays=strays,
        namesake=_namesake(snapshot, rollout, pod_hash) if new is None else None,
        runs=runs,
        experiments=experiments,
        taken_names=_taken_names(snapshot, rollout, new or _current(rollout, sets)),
        services=services,
        pods=_pods(snapshot, rollout, sets),
        templates=templates,
        workload=source.workload,
        objects=objects,
        split_version=split_version(snapshot, rollout),
        plugins=_plugins(snapshot, rollout, facts, settings),
        balancing=balancing(snapshot, rollout, sets, services, objects, pod_hash, settings),
        refusal=snapshot.refusal,
        is_new=_is_new(snapshot, rollout),
    )


def facts_of(rollout: Rollout, memory: object) -> Facts:
    """Reuses those of the last turn while the spec is unchanged."""
    template = rollout.spec.template or {}
    count = rollout.status.collision_count
    if (
        isinstance(memory, Facts)
        and memory.generation == rollout.generation
        and (memory.template is template or memory.template == template)
        and memory.collision_count == count
    ):
        return memory
    try:
        pod_hash = pod_template_hash(template, count)
    except Mismatch as error:
        pod_hash, problem = "", _unfit(error)
    except (TypeError, AttributeError) as error:
        pod_hash, problem = "", f"spec.template: Internal error: {error}"
    else:
        problem = str(next(iter(spec_errors(rollout)), ""))
    return Facts(
        generation=rollout.generation,
        template=template,
        collision_count=count,
        pod_hash=pod_hash,
        step_hash=step_hash(rollout),
        problem=problem,
    )


def _unfit(error: Mismatch) -> str:
    """Unknown fields in the pod template, and their values."""
    field = ".".join(("spec.template", *reversed(error.path)))
    shown = json.dumps(error.value[:SHOWN])
    return f"{field}: Invalid value: {shown}: {error}" if error.value else f"{field}: {error}"


def _is_new(snapshot: Snapshot, rollout: Rollout) -> bool:
    return snapshot.memory is None and not rollout.raw.get("status")


def _selector(rollout: Rollout) -> LabelSelector | None:
    try:
        return label_selector_of(rollout.spec.selector or {})
    except SelectorError:
        return None


def _controls(found: ReplicaSet, rollout: Rollout) -> bool:
    return bool(pod_hash_of(found)) and _is_controlled(found.raw, rollout.uid)


def _is_controlled(obj: JsonObject, uid: str) -> bool:
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    return any(owner.get("uid") == uid and owner.get("controller") for owner in owners)


def _orphans(snapshot: Snapshot, rollout: Rollout, selector: LabelSelector | None) -> list[ReplicaSet]:
    if selector is None or selector.empty:
        return []
    found = snapshot.indexed(ORPHANS, rollout.namespace)
    return [one for one in found if selector.matches(one.labels) and not one.is_deleting]


def _current(rollout: Rollout, sets: Iterable[ReplicaSet]) -> ReplicaSet | None:
    return next((found for found in sets if pod_hash_of(found) == rollout.status.current_pod_hash), None)


def _namesake(snapshot: Snapshot, rollout: Rollout, pod_hash: str) -> ReplicaSet | None:
    found = snapshot.get(ReplicaSet, Key(rollout.namespace, f"{rollout.name}-{pod_hash}"))
    if found is None or _is_controlled(found.raw, rollout.uid) or found.is_deleting:
        return None
    return found


def _services(snapshot: Snapshot, rollout: Rollout) -> dict[str, Service]:
    found: dict[str, Service] = {}
    for name in service_names(rollout):
        if name and (service := snapshot.get(Service, Key(rollout.namespace, name))) is not None:
            found[name] = service
    return found


def service_names(rollout: Rollout) -> tuple[str, ...]:
    canary, blue_green = rollout.spec.strategy.canary, rollout.spec.strategy.blue_green
    if blue_green is not None:
        return blue_green.active_service, blue_green.preview_service
    if canary is None:
        return ()
    pair = (canary.ping_pong.ping_service, canary.ping_pong.pong_service) if canary.ping_pong is not None else ()
    return canary.stable_service, canary.canary_service, *pair


def template_references(rollout: Rollout) -> list[TemplateReference]:
    canary, blue_green = rollout.spec.strategy.canary, rollout.spec.strategy.blue_green
    found: list[TemplateReference] = []
    for analysis in (blue_green.pre_promotion_analysis, blue_green.post_promotion_analysis) if blue_green else ():
        found += analysis.templates if analysis is not None else ()
    if canary is not None:
        found += canary.analysis.templates if canary.analysis is not None else ()
        found += [reference for step in canary.steps if step.analysis for reference in step.analysis.templates]
    return found


def _templates(snapshot: Snapshot, rollout: Rollout) -> dict[tuple[str, bool], JsonObject]:
    """All templates that are referred to, including by one another."""
    found: dict[tuple[str, bool], JsonObject] = {}
    waiting = [(one.template_name, bool(one.cluster_scope)) for one in template_references(rollout)]
    while waiting:
        name, wide = waiting.pop()
        if (name, wide) in found:
            continue
        resource, namespace = (CLUSTER_TEMPLATES, "") if wide else (ANALYSIS_TEMPLATES, rollout.namespace)
        if (template := snapshot.object(resource, Key(namespace, name))) is not None:
            found[name, wide] = template
            inner = (template.get("spec") or {}).get("templates") or ()
            waiting += [(str(one.get("templateName")), bool(one.get("clusterScope"))) for one in inner]
    return found


def _pods(snapshot: Snapshot, rollout: Rollout, sets: Iterable[ReplicaSet]) -> list[JsonObject]:
    if wanted_metadata(rollout) == (None, None) and not is_restarting(rollout.spec, rollout.status):
        return []
    return [pod.raw for found in sets for pod in snapshot.owned(Pod, found.uid)]


def _taken_names(snapshot: Snapshot, rollout: Rollout, new: ReplicaSet | None) -> frozenset[str]:
    """Names of runs and experiments that this turn may create, but that belong to another object."""
    if new is None or (not template_references(rollout) and not _has_experiment(rollout)):
        return frozenset()
    base = f"{rollout.name}-{pod_hash_of(new)}-{rollout.annotations.get(REVISION, '')}"
    _, index = current_step(rollout)
    taken: set[str] = set()
    for suffix in ("", "-pre", "-post", f"-{index}"):
        taken |= _taken(snapshot, AnalysisRun, rollout, base + suffix, ".")
    if _has_experiment(rollout):
        taken |= _taken(snapshot, Experiment, rollout, f"{base}-{index}", "-")
    return frozenset(taken)


def _has_experiment(rollout: Rollout) -> bool:
    step, _ = current_step(rollout)
    return step is not None and step.experiment is not None


def _taken(snapshot: Snapshot, kind: Kind, rollout: Rollout, base: str, separator: str) -> set[str]:
    taken: set[str] = set()
    name, count = base, 0
    while True:
        found = _raw(snapshot, kind, Key(rollout.namespace, name))
        if found is None or _is_controlled(found, rollout.uid):
            return taken
        taken.add(name)
        count += 1
        name = f"{base}{separator}{count}"


def _raw(snapshot: Snapshot, kind: Kind, key: Key) -> JsonObject | None:
    if isinstance(kind, Resource):
        return snapshot.object(kind, key)
    found = snapshot.get(kind, key)
    return found.raw if found is not None else None


def _plugins(snapshot: Snapshot, rollout: Rollout, facts: Facts, settings: RolloutSettings) -> dict[int, object]:
    status = rollout.status
    promoted = bool(status.stable_rs) and status.stable_rs == status.current_pod_hash
    question = wanted_operation(rollout, aborted=status.abort and not promoted)
    if question is None or (is_halted(rollout) and question.operation == "Run"):
        return {}
    key = question.index, question.operation, question.execution
    if question.execution > 1 and key != facts.execution:
        return {}  # it ran before, and its next run is not due
    service = step_services(snapshot, settings.namespace).get(question.plugin)
    if service is None:
        return {question.index: StepAnswer(problem=f"step plugin {question.plugin} not configured in configmap")}
    if service.disabled:
        return {question.index: StepAnswer(phase="Successful", disabled=True)}
    return {question.index: snapshot.ask(replace(question, url=service.url))}
