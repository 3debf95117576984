"""`tracing.Tracer` using OpenTelemetry's SDK, sent by OTLP over HTTP. Loaded only by `tracing.set_up`.

Sampling, limits, headers and batches are configured by the SDK's `OTEL_*` variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from argosy.observe.logs import scrubbed


class OpenTelemetry:
    """`processor`: where finished spans are sent; None: in batches to the collector that the environment names."""

    def __init__(self, service: str, version: str, processor: SpanProcessor | None = None) -> None:
        resource = Resource.create({"service.name": service, "service.version": version})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("argosy", version)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, parent: str, attributes: Mapping[str, str | bool | int]) -> Iterator[None]:
        context = self._propagator.extract({"traceparent": parent}) if parent else None
        safe = {key: scrubbed(value) if isinstance(value, str) else value for key, value in attributes.items()}
        with self._tracer.start_as_current_span(
            name, context=context, attributes=safe, record_exception=False, set_status_on_exception=False
        ) as made:
            try:
                yield
            except Exception as error:
                made.set_status(StatusCode.ERROR, type(error).__name__)
                raise

    def traceparent(self) -> str:
        if not trace.get_current_span().get_span_context().is_valid:
            return ""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent", "")

    def shutdown(self) -> None:
        """Sends what is pending."""
        self._provider.shutdown()
