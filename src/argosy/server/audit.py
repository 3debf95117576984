"""One record for every call that would change something (security rule 18): who, what, where, and the result."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO

from argosy.machinery.objects import JsonObject
from argosy.observe.tracing import trace_id
from argosy.runtime.clock import Clock
from argosy.server.activity import Activity
from argosy.server.calls import Call, Needs
from argosy.server.errors import ApiError, Code

log = logging.getLogger("argosy.audit")
NAMED: Final = ("name", "appNamespace", "appsetNamespace", "project", "role", "id", "repo", "url", "namespace", "kind")
NESTED: Final = ("application", "applicationset", "project", "cluster", "repo", "creds")


class Audit:
    """`out`: additional destination besides the log; of a request, only names are written."""

    def __init__(
        self, clock: Clock, new_id: Callable[[], str], out: TextIO | None = None, activity: Activity | None = None
    ) -> None:
        self._clock, self._new_id, self._out = clock, new_id, out
        self._activity = activity
        self.denials: Counter[str] = Counter()

    def record(self, call: Call, needs: Needs, error: BaseException | None) -> None:
        code = Code.OK if error is None else error.code if isinstance(error, ApiError) else Code.CANCELED
        subject = call.caller.subject.name or "(nobody)"
        if code in (Code.PERMISSION_DENIED, Code.UNAUTHENTICATED) and len(self.denials) < 10_000:
            self.denials[subject] += 1
        if not needs.mutates:
            return
        line = {
            "time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "trace": trace_id() or self._new_id(),
            "subject": subject,
            "groups": list(call.caller.subject.groups),
            "token": call.caller.token_id,
            "address": call.peer,
            "method": call.method,
            "object": named(call.request),
            "rights": [" ".join(asked) for asked in call.permits],
            "result": code.name,
        }
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        if self._out is not None:
            self._out.write(f"{text}\n")
            self._out.flush()
        if self._activity is not None:
            self._activity.add(line)
        log.info("%s", text)


def named(request: JsonObject) -> JsonObject:
    """The names in a request; every other field may be a secret."""
    found = {key: value for key in NAMED if isinstance(value := request.get(key), str | int) and value}
    for key in NESTED:
        inner = request.get(key)
        if isinstance(inner, dict):
            metadata = inner.get("metadata")
            source = metadata if isinstance(metadata, dict) else inner
            found.update(
                {
                    f"{key}.{name}": value
                    for name in ("name", "namespace", "server")
                    if isinstance(value := source.get(name), str) and value
                }
            )
    return {key: str(value)[:253].split("@")[-1] if key in ("repo", "url") else value for key, value in found.items()}
