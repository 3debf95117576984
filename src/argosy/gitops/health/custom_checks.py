"""The shell of health checks: users' checks run beforehand, so that decisions can use them without waiting.

A verdict is cached by script, object and version: an unchanged object costs nothing, and a change of the settings runs
the checks again. A verdict that depends on the time, or an error that is not the script's, is not cached, and has a
time when the check is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from argosy.gitops.control_plane.customizations import Customizations, Script
from argosy.gitops.health import health_of, pending_deletion
from argosy.gitops.health.custom import Judge, verdict
from argosy.gitops.health.verdict import Health
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.machinery.objects import JsonObject
from argosy.render.lua.port import Answer, Call, LuaEvaluator
from argosy.runtime.clock import Clock

Depends = tuple[bytes, str, str]
"""Digest of the script, uid and version of the object."""

BATCH: Final = 256
"""Verdicts are cached after this many objects, so that an interrupted look was not useless."""

PASSING_SECONDS: Final = 60.0
"""How long until the cause that stopped a script may be gone."""

Verdicts = dict[ResourceKey, tuple[Depends, Health | None]]


class CheckVerdicts(NamedTuple):
    judge: Judge
    again_after: float | None = None
    """Seconds after which a verdict may change though no object changed."""


class _Asked(NamedTuple):
    key: ResourceKey
    obj: JsonObject
    script: Script
    depends: Depends


class CustomChecks:
    """`evaluator` None: this process runs no Lua, and users' checks return Unknown."""

    def __init__(self, evaluator: LuaEvaluator | None, clock: Clock) -> None:
        self._evaluator = evaluator
        self._clock = clock
        self.evaluated = 0
        """How many scripts were run, for metrics and tests."""

    async def judge_for(
        self,
        live: Mapping[ResourceKey, JsonObject],
        customizations: Customizations,
        verdicts: Verdicts,
        timed_seconds: float = 0.0,
    ) -> CheckVerdicts:
        """A health function for the objects in `live`; for others without users' checks. Fills `verdicts`.

        `timed_seconds`: how long a time-dependent verdict is valid; 0 means until the object changes.
        """
        if not customizations.judges:
            verdicts.clear()
            return CheckVerdicts(health_of)
        found: dict[ResourceKey, Health | None] = {}
        asked: list[_Asked] = []
        for key, obj in live.items():
            script = customizations.health(key.group, key.kind)
            if script is None or pending_deletion(obj) is not None:
                continue
            depends = _depends(script, obj)
            known = verdicts.get(key)
            if known is not None and known[0] == depends:
                found[key] = known[1]
            else:
                asked.append(_Asked(key, obj, script, depends))
        again: set[float] = set()
        for at in range(0, len(asked), BATCH):
            batch = asked[at : at + BATCH]
            for one, answer in zip(batch, await self._answers(batch), strict=True):
                found[one.key] = verdict(answer)
                if answer.is_passing:
                    again.add(PASSING_SECONDS)
                elif answer.is_timed:
                    again |= {timed_seconds} if timed_seconds > 0 else set()
                else:
                    verdicts[one.key] = (one.depends, found[one.key])
                    continue
                verdicts.pop(one.key, None)

        def judge(obj: JsonObject) -> Health | None:
            key = resource_key(obj)
            return found[key] if key in found else health_of(obj)

        return CheckVerdicts(judge, min(again, default=None))

    async def _answers(self, asked: list[_Asked]) -> list[Answer]:
        if self._evaluator is None:
            return [Answer(error="users' health checks are not run here", is_passing=True)] * len(asked)
        calls = [Call(one.script.text, one.obj, one.script.open_libraries) for one in asked]
        self.evaluated += len(calls)
        return await self._evaluator.evaluate(calls, self._clock.now())


def _depends(script: Script, obj: JsonObject) -> Depends:
    metadata = obj.get("metadata") or {}
    return script.digest, str(metadata.get("uid") or ""), str(metadata.get("resourceVersion") or "")
