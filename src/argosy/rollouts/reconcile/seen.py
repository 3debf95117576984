"""The inputs of a Rollout's turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Experiment, Rollout
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.machinery.controller import Refusal
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.partitions.sets import Partitioned
from argosy.rollouts.reconcile.traffic.balancing import Balancing, Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is computed from the spec alone; cached between turns, since hashing and validation take time."""

    generation: int
    template: JsonObject
    """Hash of the pod template, in the spec or in the referenced workload."""
    collision_count: int | None
    pod_hash: str
    step_hash: str
    problem: str = ""
    """The first wrong field of the spec, as the condition names it."""
    execution: tuple[int, str, int] | None = None
    """For a step plug-in: (step, operation, number) that is due. The first one needs no time."""
    edits: tuple[Any, ...] = ()
    """`route_edits.Edits`: others' edits of objects that routers read."""
    weighing: Check | None = None
    """Checks of the load balancers' weights."""
    registering: Check | None = None
    """Checks of the pods registered with target groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    rollout: Rollout
    """With the template and selector of its workload, if it refers to one."""
    facts: Facts
    problem: str = ""
    """Why the spec, or an object it refers to, is invalid; empty if valid."""
    sets: Sequence[ReplicaSet] = ()
    """ReplicaSets that it controls and its selector matches, oldest first."""
    orphans: Sequence[ReplicaSet] = ()
    """Matching ones without a controller: they are adopted."""
    strays: Sequence[ReplicaSet] = ()
    """Controlled ones that no longer match: they are released."""
    namesake: ReplicaSet | None = None
    """Another object's ReplicaSet with the name of the new one: a collision."""
    runs: Sequence[AnalysisRun] = ()
    experiments: Sequence[Experiment] = ()
    taken_names: frozenset[str] = frozenset()
    """AnalysisRuns and Experiments of others with names that ours would get."""
    services: Mapping[str, Service] = field(default_factory=dict)
    pods: Sequence[JsonObject] = ()
    """Pods of its ReplicaSets; only read for a restart or ephemeral metadata."""
    templates: Mapping[tuple[str, bool], JsonObject] = field(default_factory=dict)
    workload: JsonObject | None = None
    partitioned: Partitioned | None = None
    """A StatefulSet or DaemonSet whose Pods are the versions; then `sets` are its revisions."""
    objects: Mapping[tuple[Resource, Key], JsonObject] = field(default_factory=dict)
    """Objects that the routers read and write, by the default version of their kinds."""
    split_version: str = ""
    """Of an SMI TrafficSplit to create."""
    plugins: Mapping[int, object] = field(default_factory=dict)
    """Answers of step plug-ins, by step."""
    balancing: Balancing | None = None
    """AWS's answers; None if nothing is verified."""
    refusal: Refusal | None = None
    is_new: bool = False
    """Whether this process sees the Rollout for the first time and it has no status yet."""
