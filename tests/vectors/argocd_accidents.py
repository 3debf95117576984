"""Which differences from a recorded answer are accidents of its recording, or leaks that are not copied.

Each is a rule about what was asked and answered, so it holds for any scenario.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

HEALED: Final = (
    "upstream healed once more because its cache was late: what the operation names is an accident of its time"
)
LEAKS: Final = "[gap] of the sheet: who may not see a set is not told whether there is one"
VERSION: Final = "versions of tools are not compared (README): the version is our own"
STALE: Final = "upstream answered from a cache that was filled before these tags were given"
CARRIED_OUT: Final = "follows from a quirk before it: upstream refused there what we do"

_METADATA: Final = re.compile(r"/revisions/[^/]+/metadata(\?|$)")


class Accidents:
    """Judges the steps of one scenario, in order."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self._tags = {
            tag
            for commits in (scenario.get("given", {}).get("git") or {}).values()
            for commit in commits
            for tag in commit.get("tags") or ()
        }
        self._drifted = False
        self._carried_out: set[str] = set()

    def note(self, step: dict[str, Any], status: int | None = None) -> None:
        """What a step did: a change of the cluster behind the server's back, or a write that upstream refused."""
        self._drifted = self._drifted or "kube" in step
        if step.get("quirk") and status is not None and status < 300 <= step["response"]["status"]:
            self._carried_out |= set(_texts(step["request"].get("body")))

    def why(self, step: dict[str, Any], status: int, body: Any, faults: Sequence[str]) -> str:
        """Why the faults of a step count as none; empty: they count. `body`: ours, as the player writes it."""
        path, wanted = step["request"]["path"], step["response"]
        if path.startswith("/api/v1/applicationsets/") and (status, wanted["status"]) == (403, 404):
            return LEAKS
        if path == "/api/version" and all(fault.startswith("body/Version:") for fault in faults):
            return VERSION
        if not self._drifted and _attempts(wanted["body"]) and not _attempts(body) and _about_operation(faults):
            return HEALED
        if _METADATA.search(path) and all(fault.startswith("body/tags: not expected") for fault in faults):
            return STALE if self._tags.issuperset(body["tags"]) else ""
        written = tuple(f": {text!r}, want " for text in self._carried_out)
        return CARRIED_OUT if written and all(any(one in fault for one in written) for fault in faults) else ""


def _attempts(body: Any) -> Any:
    """How often the operation of an Application had healed it before."""
    for name in ("status", "operationState", "operation", "sync", "autoHealAttemptsCount"):
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _about_operation(faults: Sequence[str]) -> bool:
    return all(fault.startswith("body/status/operationState/") for fault in faults)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
