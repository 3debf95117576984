"""Traces: nothing without a collector, one trace for what belongs together with one."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from argosy.observe import tracing
from argosy.observe.logs import JsonLines
from argosy.observe.opentelemetry_traces import OpenTelemetry

CAUSE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.use(OpenTelemetry("argosy", "1", SimpleSpanProcessor(exporter)))
    try:
        yield exporter
    finally:
        tracing.use(None)


def test_without_a_collector_nothing_is_loaded_and_a_span_is_nothing() -> None:
    program = (
        "import sys\n"
        "from argosy.observe import tracing\n"
        "tracing.set_up({}, 'argosy', '1')\n"
        "with tracing.span('work', 'x', name='y'):\n"
        "    assert tracing.trace_id() == ''\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
    assert tracing.span("a") is tracing.span("b")


def test_a_collector_without_the_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argosy.observe.opentelemetry_traces", None)
    with pytest.raises(tracing.TracingSettingsError, match=r"pip install 'argosy\[otel\]'"):
        tracing.set_up({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "argosy", "1")


def test_a_span_belongs_to_the_current_one_or_to_a_given_parent(spans: InMemorySpanExporter) -> None:
    with tracing.span("webhook", CAUSE), tracing.span("concerned"):
        handed_on = tracing.traceparent()
    with tracing.span("reconcile", handed_on, application="a/b"):
        pass
    with tracing.span("other"):
        pass

    concerned, webhook, reconcile, other = spans.get_finished_spans()
    trace = webhook.context.trace_id
    assert f"{trace:032x}" == CAUSE[3:35]
    assert [one.context.trace_id for one in (concerned, reconcile)] == [trace, trace]
    assert other.context.trace_id != trace
    assert reconcile.parent is not None
    assert reconcile.parent.span_id == concerned.context.span_id


@pytest.mark.parametrize("stranger", ["", "00-", CAUSE + "\r\nx: y", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
def test_what_is_no_cause_is_not_believed(spans: InMemorySpanExporter, stranger: str) -> None:
    with tracing.span("webhook", stranger):
        pass
    assert spans.get_finished_spans()[0].parent is None


def test_an_error_is_reported_by_its_kind_and_secrets_are_masked(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError), tracing.span("git", repo="https://me:word@git.test/a"):
        raise ValueError("token=word")

    (span,) = spans.get_finished_spans()
    assert span.status.description == "ValueError"
    assert "word" not in span.to_json()


def test_log_lines_name_their_trace(spans: InMemorySpanExporter) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.Logger("argosy.test")
    log.addHandler(handler)

    with tracing.span("webhook", CAUSE):
        log.info("a push")
    log.info("idle")

    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["trace_id"] == CAUSE[3:35]
    assert "trace_id" not in second
