"""Traces: correlates work across parts and processes with W3C Trace Context, by `argosy[otel]`.

Without `set_up` a span does nothing: no import, no clock, one call. Spans contain only names, not the text of errors,
which may quote an outside system.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from argosy.machinery.unexpected import Shown

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""The current tracer; None means that there are no traces."""
DISABLED: Final = "OTEL_SDK_DISABLED"
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, 3.2: an incoming header is accepted only in this form."""
ANNOTATION: Final = "argosy.dev/traceparent"
"""Carries the trace of a request in an object that one part writes for another part to read."""


class TracingSettingsError(Shown):
    """Traces are enabled, but their library is not installed."""


class Tracer(Protocol):
    def span(
        self, name: str, parent: str, attributes: Mapping[str, str | bool | int]
    ) -> AbstractContextManager[None]: ...

    def traceparent(self) -> str:
        """Of the current span; "" outside of any."""
        ...


_NOTHING: Final = nullcontext()
_tracers: list[Tracer] = []


def span(name: str, parent: str = "", /, **attributes: str | bool | int) -> AbstractContextManager[None]:
    """Work under a name. `parent`: a `traceparent` from elsewhere; "": the current span, if any."""
    if not _tracers:
        return _NOTHING
    return _tracers[-1].span(name, parent if TRACEPARENT.fullmatch(parent) else "", attributes)


def traceparent() -> str:
    """The `traceparent` to pass on, so that work elsewhere belongs to this trace; "" for nothing."""
    return _tracers[-1].traceparent() if _tracers else ""


def trace_id() -> str:
    """For log lines and audit records; "" outside of any trace."""
    return traceparent()[3:35]


def is_on() -> bool:
    return bool(_tracers)


def set_up(environ: Mapping[str, str], service: str, version: str) -> None:
    """Once per process, if the environment configures an exporter. Raises TracingSettingsError."""
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
    """None disables traces."""
    _tracers[:] = [tracer] if tracer is not None else []
