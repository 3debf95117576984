"""What a turn of a Rollout sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Experiment, Rollout
from argosy.machinery.controller import Refusal
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.partitions.sets import Partitioned
from argosy.rollouts.reconcile.traffic.balancing import Balancing, Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is computed from the spec alone; kept from turn to turn, since hashing and checking cost time."""

    generation: int
    template: JsonObject
    """Of the spec, or of the workload that it refers to."""
    collision_count: int | None
    pod_hash: str
    step_hash: str
    problem: str = ""
    """The first wrong field of the spec, as the condition names it."""
    execution: tuple[int, str, int] | None = None
    """Of a step plug-in: (step, operation, number) whose time has come. A first one needs no time."""
    edits: tuple[Any, ...] = ()
    """`route_edits.Edits`: by others, of what routers read."""
    weighing: Check | None = None
    """Of the weights that load balancers have."""
    registering: Check | None = None
    """Of the pods that are registered with target groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    rollout: Rollout
    """With the template and selector of its workload, where it refers to one."""
    facts: Facts
    problem: str = ""
    """Why the spec, or what it refers to, is invalid; empty when it is not."""
    sets: Sequence[ReplicaSet] = ()
    """Those that it controls and its selector matches, oldest first."""
    orphans: Sequence[ReplicaSet] = ()
    """Matching ones without a controller: they are adopted."""
    strays: Sequence[ReplicaSet] = ()
    """Controlled ones that no longer match: they are let go."""
    namesake: ReplicaSet | None = None
    """Another's ReplicaSet under the name that the new one would get: a collision."""
    runs: Sequence[JsonObject] = ()
    experiments: Sequence[Experiment] = ()
    taken_names: frozenset[str] = frozenset()
    """AnalysisRuns and Experiments of others whose names ours would get."""
    services: Mapping[str, Service] = field(default_factory=dict)
    pods: Sequence[JsonObject] = ()
    """Of its ReplicaSets; read only for a restart or ephemeral metadata."""
    templates: Mapping[tuple[str, bool], JsonObject] = field(default_factory=dict)
    workload: JsonObject | None = None
    partitioned: Partitioned | None = None
    """A StatefulSet or DaemonSet whose Pods are the versions; `sets` are its revisions then."""
    objects: Mapping[tuple[Resource, Key], JsonObject] = field(default_factory=dict)
    """What the routers read and write."""
    plugins: Mapping[int, object] = field(default_factory=dict)
    """Answers of step plug-ins, by step."""
    balancing: Balancing | None = None
    """What AWS says; None where nothing of it is verified."""
    refusal: Refusal | None = None
    is_new: bool = False
    """Whether this process sees the Rollout for the first time and it has no status yet."""
