"""What connections to an API server cost, counted where it happens."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from argosy.machinery.objects import Key
from argosy.machinery.requests import Get
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.runtime.http import Connection, HttpClient, Unreachable
from argosy.runtime.http.credentials import CredentialError, ExecCredential, Plugin
from argosy.runtime.http.transport_metrics import TransportMetrics
from tests.kit.world import CONFIG_MAPS, config_map


class HastyClock(RealClock):
    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        return None


def test_sizes_retries_turns_and_name_look_ups_are_counted_by_host() -> None:
    host = asyncio.run(asked_twice())

    text = REGISTRY.text()
    prefix = "argocd_kubectl_"
    assert f'{prefix}request_retries_total{{host="{host}",method="GET",code="503"}} 1' in text
    assert f'{prefix}response_size_bytes_count{{host="{host}",method="GET"}} 2' in text
    assert f'{prefix}rate_limiter_duration_seconds_count{{host="{host}",verb="GET"}} 2' in text
    assert f'{prefix}dns_resolution_duration_seconds_count{{host="{host}"}} 1' in text


async def asked_twice() -> str:
    """Of a server that fails once; returns its address."""
    asked: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.Response(status=503) if len(asked) == 1 else web.json_response(config_map("a"))

    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"http://localhost:{runner.addresses[0][1]}"
    try:
        async with HttpClient(Connection(server=host), HastyClock(), SeededRng(1)) as client:
            await client.get(Get(CONFIG_MAPS, Key("default", "a")))
    finally:
        await runner.cleanup()
    return host


def test_a_server_that_is_away_is_retried_without_a_code() -> None:
    host = "http://127.0.0.1:1"
    retries = REGISTRY.counter("argocd_kubectl_request_retries_total", "", ("host", "method", "code"))

    def count() -> float:
        return retries.value(host=host, method="GET", code="<error>")

    async def story() -> None:
        async with HttpClient(Connection(server=host), HastyClock(), SeededRng(1)) as client:
            with pytest.raises(Unreachable):
                await client.get(Get(CONFIG_MAPS, Key("default", "a")))

    before = count()  # other tests of the process ask nobody, too
    asyncio.run(story())

    assert count() == before + 4


def chain(began: datetime) -> str:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "me")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(began).not_valid_after(began + timedelta(days=2))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_a_replaced_certificate_exports_its_age() -> None:
    registry, clock = Registry(), RealClock()
    metrics = TransportMetrics("https://here", clock, registry)
    metrics.context(was_kept=False)
    metrics.context(was_kept=True)
    metrics.context(was_kept=False, replaced=chain(clock.now().astimezone(UTC) - timedelta(hours=1)))

    text = registry.text()
    age = registry.gauge("argocd_kubectl_client_cert_rotation_age_seconds", "", ()).value()
    assert 3600 <= age < 3700
    assert 'argocd_kubectl_transport_create_calls_total{result="hit"} 1' in text
    assert 'argocd_kubectl_transport_create_calls_total{result="miss"} 2' in text


@pytest.mark.parametrize(
    ("command", "args", "code", "status"),
    [
        (sys.executable, ("-c", "raise SystemExit(3)"), 3, "plugin_execution_error"),
        ("/nowhere/plugin", (), 1, "plugin_not_found_error"),
    ],
)
def test_plug_ins_are_counted_by_how_they_ended(
    command: str, args: tuple[str, ...], code: int, status: str, tmp_path: Path
) -> None:
    calls = REGISTRY.counter("argocd_kubectl_exec_plugin_call_total", "", ("code", "call_status"))
    before = calls.value(code=str(code), call_status=status)

    with pytest.raises(CredentialError):
        asyncio.run(ExecCredential(Plugin(command=command, args=args), RealClock()).proof())

    assert calls.value(code=str(code), call_status=status) == before + 1
