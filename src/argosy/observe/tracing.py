"""Traces: which work belongs to which cause, across parts and processes: W3C Trace Context, by `argosy[otel]`.

Without `set_up` a span is nothing: no import, no clock, one call. What a span says are names; no error's text, which
may hold what an outside system said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from argosy.machinery.unexpected import Told

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Where traces go; none is set: there are no traces."""
DISABLED: Final = "OTEL_SDK_DISABLED"
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, 3.2: what a stranger sends is believed in this form only."""
ANNOTATION: Final = "argosy.dev/traceparent"
"""Carries the cause of a request that one part writes into an object for another part to find."""


class TracingSettingsError(Told):
    """Traces are asked for, and their library is not installed."""


class Tracer(Protocol):
    def span(
        self, name: str, parent: str, attributes: Mapping[str, str | bool | int]
    ) -> AbstractContextManager[None]: ...

    def traceparent(self) -> str:
        """Of the span that is current; "" outside of any."""
        ...


_NOTHING: Final = nullcontext()
_tracers: list[Tracer] = []


def span(name: str, parent: str = "", /, **attributes: str | bool | int) -> AbstractContextManager[None]:
    """Work under a name. `parent`: a `traceparent` from elsewhere; "": the span that is current, if any."""
    if not _tracers:
        return _NOTHING
    return _tracers[-1].span(name, parent if TRACEPARENT.fullmatch(parent) else "", attributes)


def traceparent() -> str:
    """What is handed on, so that work elsewhere belongs to this trace; "" for nothing."""
    return _tracers[-1].traceparent() if _tracers else ""


def trace_id() -> str:
    """For log lines and audit records; "" outside of any trace."""
    return traceparent()[3:35]


def is_on() -> bool:
    return bool(_tracers)


def set_up(environ: Mapping[str, str], service: str, version: str) -> None:
    """Once a process, if the environment says where traces go. Raises TracingSettingsError."""
    if not any(environ.get(name) for name in ENDPOINTS) or environ.get(DISABLED, "").lower() == "true":
        return
    try:
        from argosy.observe.opentelemetry_traces import OpenTelemetry
    except ImportError:
        raise TracingSettingsError(
            f"{next(name for name in ENDPOINTS if environ.get(name))} is set, and OpenTelemetry is not installed: "
            "pip install 'argosy[otel]'"
        ) from None
    use(OpenTelemetry(environ.get("OTEL_SERVICE_NAME") or service, version))


def use(tracer: Tracer | None) -> None:
    """None: no more traces."""
    _tracers[:] = [tracer] if tracer is not None else []
