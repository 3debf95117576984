"""The judging shell: users' own checks are run beforehand, so that those who decide can ask without waiting.

A verdict is remembered by script, object and version: an object that did not change costs nothing, and a change of the
settings judges anew. One that depends on the time, or that a script is not to blame for, is not remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from argosy.gitops.customizations import Customizations, Script
from argosy.gitops.health import health_of, pending_deletion
from argosy.gitops.health.custom import Judge, verdict
from argosy.gitops.health.verdict import Health
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.machinery.objects import JsonObject
from argosy.render.lua.port import Call, LuaEvaluator
from argosy.runtime.clock import Clock

Depends = tuple[bytes, str, str]
"""Digest of the script, uid and version of the object."""

Verdicts = dict[ResourceKey, tuple[Depends, Health | None]]


class _Asked(NamedTuple):
    key: ResourceKey
    obj: JsonObject
    script: Script
    depends: Depends


class Judging:
    """`evaluator` None: this process runs no Lua, and what a user's check should judge is Unknown."""

    def __init__(self, evaluator: LuaEvaluator | None, clock: Clock) -> None:
        self._evaluator = evaluator
        self._clock = clock
        self.evaluated = 0
        """Scripts run: a figure for metrics and tests."""

    async def judge_for(
        self, live: Mapping[ResourceKey, JsonObject], told: Customizations, verdicts: Verdicts
    ) -> Judge:
        """A judge of the objects in `live`; of others, as if there were no checks of users. Fills `verdicts`."""
        if not told.judges:
            verdicts.clear()
            return health_of
        found: dict[ResourceKey, Health | None] = {}
        asked: list[_Asked] = []
        for key, obj in live.items():
            script = told.health(key.group, key.kind)
            if script is None or pending_deletion(obj) is not None:
                continue
            depends = _depends(script, obj)
            known = verdicts.get(key)
            if known is not None and known[0] == depends:
                found[key] = known[1]
            else:
                asked.append(_Asked(key, obj, script, depends))
        if asked:
            found |= await self._evaluate(asked, verdicts)

        def judge(obj: JsonObject) -> Health | None:
            key = resource_key(obj)
            return found[key] if key in found else health_of(obj)

        return judge

    async def _evaluate(self, asked: list[_Asked], verdicts: Verdicts) -> dict[ResourceKey, Health | None]:
        if self._evaluator is None:
            return {one.key: Health("Unknown", "users' health checks are not run here") for one in asked}
        calls = [Call(one.script.text, one.obj, one.script.open_libraries) for one in asked]
        answers = await self._evaluator.evaluate(calls, self._clock.now())
        self.evaluated += len(calls)
        found: dict[ResourceKey, Health | None] = {}
        for one, answer in zip(asked, answers, strict=True):
            found[one.key] = verdict(answer)
            if answer.is_timed or answer.is_passing:
                verdicts.pop(one.key, None)
            else:
                verdicts[one.key] = (one.depends, found[one.key])
        return found


def _depends(script: Script, obj: JsonObject) -> Depends:
    metadata = obj.get("metadata") or {}
    return script.digest, str(metadata.get("uid") or ""), str(metadata.get("resourceVersion") or "")
