"""SMI: a TrafficSplit of the Rollout's own. Section 14."""

from __future__ import annotations

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.routing import Smi
from argosy.machinery.objects import JsonObject
from argosy.rollouts.routers.ownership import controls, owner_of
from argosy.rollouts.routers.port import Drafts, Passive, RoutingError, Shares, Tell
from argosy.rollouts.routers.versions import TRAFFIC_SPLITS


def smi_of(rollout: Rollout) -> Smi | None:
    canary = rollout.spec.strategy.canary
    return canary.traffic_routing.smi if canary is not None and canary.traffic_routing is not None else None


def split_name(rollout: Rollout) -> str:
    smi = smi_of(rollout)
    return (smi.traffic_split_name if smi is not None else "") or rollout.name


class SmiRouter(Passive):
    """`version`: of a new TrafficSplit; one that exists keeps its own."""

    kind = "SMI"

    def __init__(self, rollout: Rollout, drafts: Drafts, report: Tell, version: str = TRAFFIC_SPLITS.version) -> None:
        super().__init__(rollout, drafts, report)
        self.version = version

    def set_weight(self, weight: int, shares: Shares) -> None:
        name = split_name(self.rollout)
        found = self.drafts.get(TRAFFIC_SPLITS, self.key(name))
        version = str((found or {}).get("apiVersion") or "").rpartition("/")[2] or self.version
        wanted = traffic_split(self.rollout, name, weight, shares, version=version)
        if found is None:
            self.drafts.put(TRAFFIC_SPLITS, wanted)
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
        "apiVersion": f"{TRAFFIC_SPLITS.group}/{version}",
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
