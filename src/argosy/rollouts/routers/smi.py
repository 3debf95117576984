"""SMI: a TrafficSplit of the Rollout's own. Section 14.

Its version is the one that the cluster serves: v1alpha1 before the others, which is upstream's default.
"""

from __future__ import annotations

from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import Smi
from argosy.machinery.objects import JsonObject, Resource
from argosy.rollouts.routers.ownership import controls, owner_of
from argosy.rollouts.routers.port import Passive, RoutingError, Shares

GROUP: Final = "split.smi-spec.io"
VERSIONS: Final = ("v1alpha1", "v1alpha2", "v1alpha3")
TRAFFIC_SPLITS: Final = {version: Resource(GROUP, version, "trafficsplits", "TrafficSplit") for version in VERSIONS}
DEFAULT: Final = TRAFFIC_SPLITS["v1alpha1"]


def smi_of(rollout: Rollout) -> Smi | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing.smi if canary is not None and canary.traffic_routing is not None else None


def split_name(rollout: Rollout) -> str:
    smi = smi_of(rollout)
    return (smi.traffic_split_name if smi is not None else "") or rollout.name


class SmiRouter(Passive):
    kind = "SMI"
    resource = DEFAULT

    def set_weight(self, weight: int, shares: Shares) -> None:
        name = split_name(self.rollout)
        wanted = traffic_split(self.rollout, name, weight, shares, version=self.resource.version)
        found = self.drafts.get(self.resource, self.key(name))
        if found is None:
            self.drafts.put(self.resource, wanted)
            self.report("Normal", "TrafficSplitCreated", f"TrafficSplit `{name}` created")
        elif not controls(self.rollout, found):
            raise RoutingError(f"Rollout does not own TrafficSplit `{name}`")
        else:
            found["spec"] = {**(found.get("spec") or {}), **wanted["spec"]}


def traffic_split(rollout: Rollout, name: str, weight: int, shares: Shares, *, version: str) -> JsonObject:
    """Weights are quantities, as text, in v1alpha1, and numbers in later versions."""
    canary, smi = rollout.spec.strategy.canary, smi_of(rollout)
    assert canary is not None
    rest = 100 - weight - sum(share.weight for share in shares)
    backends = [(canary.canary_service, weight), *((share.service_name, share.weight) for share in shares)]
    backends.append((canary.stable_service, rest))
    root = smi.root_service if smi is not None and smi.root_service else canary.stable_service
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": "TrafficSplit",
        "metadata": {"name": name, "namespace": rollout.namespace, "ownerReferences": [owner_of(rollout)]},
        "spec": {
            "service": root,
            "backends": [
                {"service": service, "weight": str(share) if version == "v1alpha1" else share}
                for service, share in backends
            ],
        },
    }
