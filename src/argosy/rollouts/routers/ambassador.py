"""Ambassador: a copy of each Mapping with the canary Service and a weight; none at weight 0. Section 14."""

from __future__ import annotations

import copy
from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.machinery.objects import JsonObject
from argosy.rollouts.routers.port import Passive, RoutingError, Shares
from argosy.rollouts.routers.versions import MAPPINGS

LONGEST_NAME: Final = 246


def mappings(rollout: Rollout) -> tuple[str, ...]:
    canary = rollout.spec.strategy.canary
    routing = canary.traffic_routing if canary is not None else None
    return routing.ambassador.mappings if routing is not None and routing.ambassador is not None else ()


def canary_mapping_name(name: str) -> str:
    return f"{name[:LONGEST_NAME]}-canary"


class AmbassadorRouter(Passive):
    kind = "Ambassador"

    def set_weight(self, weight: int, shares: Shares) -> None:
        for name in mappings(self.rollout):
            self._set(name, weight)

    def _set(self, name: str, weight: int) -> None:
        key = self.key(canary_mapping_name(name))
        found = self.drafts.get(MAPPINGS, key)
        if found is None:
            if weight != 0:
                self.drafts.put(MAPPINGS, self._made(name, key.name, weight))
                self._report(weight)
            return
        if (found.get("spec") or {}).get("weight") != weight:
            found["spec"] = {**(found.get("spec") or {}), "weight": weight}
            self._report(weight)
        elif weight == 0:
            self.drafts.drop(MAPPINGS, key)  # a turn after its weight is 0, so that Ambassador has seen that

    def _report(self, weight: int) -> None:
        self.report("Normal", "CanaryMappingWeightUpdate", f"Set canary mapping weight to {weight}")

    def _made(self, name: str, canary_name: str, weight: int) -> JsonObject:
        source, canary = self.drafts.peek(MAPPINGS, self.key(name)), self.rollout.spec.strategy.canary
        assert canary is not None
        if source is None:
            self.report("Warning", "AmbassadorMappingNotFound", f'Ambassador mapping "{name}" not found')
            raise RoutingError(f'mappings.getambassador.io "{name}" not found')
        if (source.get("spec") or {}).get("weight"):
            text = f'Ambassador mapping "{name}" can not define weight'
            self.report("Warning", "AmbassadorMappingConfigError", text)
            raise RoutingError(text)
        made = copy.deepcopy({field: value for field, value in source.items() if field not in ("metadata", "status")})
        made["metadata"] = {"name": canary_name, "namespace": self.rollout.namespace}
        service = str((made.get("spec") or {}).get("service") or "")
        made.setdefault("spec", {})["service"] = service.replace(canary.stable_service, canary.canary_service, 1)
        made["spec"]["weight"] = weight
        return made
