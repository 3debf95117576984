"""The built-in kinds as the server registers them: exactly like a CustomResourceDefinition's versions."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.apis.kubernetes.compile import node_of
from argosy.apis.kubernetes.facts import ResourceFacts, columns_of, resources
from argosy.cluster.kind import Column, Kind
from argosy.cluster.kinds.strategies import STRATEGIES
from argosy.cluster.kinds.strategies.autoscaling import OldAutoscalerStrategy
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.cluster.kinds.strategies.events import NewEventStrategy
from argosy.cluster.kinds.views import AutoscalerView, EventView
from argosy.machinery.objects import GroupKind

DEPRECATIONS = {
    GroupKind("", "Endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    GroupKind("", "ComponentStatus"): "v1 ComponentStatus is deprecated in v1.19+",
}
VIEWS: Mapping[tuple[str, str, str], tuple[type[Kind], type[BuiltinStrategy]]] = {
    ("events.k8s.io", "v1", "Event"): (EventView, NewEventStrategy),
    ("autoscaling", "v1", "HorizontalPodAutoscaler"): (AutoscalerView, OldAutoscalerStrategy),
}
"""Served versions whose objects are stored in another one."""
CREATED_AT = (Column("Name", "string", "name"), Column("Created At", "date"))
"""The columns of a kind without a printer."""
AGGREGATOR = (
    Column("Name", "string", "name"),
    Column("Service"),
    Column("Available"),
    Column("Age"),
)
"""APIService is printed by the aggregator, not by the kinds' own printers."""


def builtin_kinds() -> list[Kind]:
    """All built-in kinds in discovery order, as fresh objects that share compiled schemas."""
    return [_kind(entry) for entry in resources()]


def _columns(kind: str) -> tuple[Column, ...]:
    return AGGREGATOR if kind == "APIService" else columns_of(kind) or CREATED_AT


def _kind(entry: ResourceFacts) -> Kind:
    resource = entry.resource
    shape, strategy_class = VIEWS.get((resource.group, resource.version, resource.kind), (Kind, None))
    strategy = (strategy_class or STRATEGIES.get(resource.group_kind, BuiltinStrategy))(entry)
    return shape(
        resource=resource,
        singular=entry.singular,
        list_kind=f"{resource.kind}List",
        verbs=entry.verbs,
        schema=node_of(entry.type),
        strategy=strategy,
        columns=_columns(resource.kind),
        short_names=entry.short_names,
        categories=entry.categories,
        subresources=entry.subresources,
        deprecation=DEPRECATIONS.get(resource.group_kind, ""),
        selectable=tuple(sorted(strategy.field_label_names())),
        storage=("", "events") if resource.group == "events.k8s.io" else ("", ""),
    )
